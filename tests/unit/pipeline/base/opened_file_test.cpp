#include "pipeline/base/opened_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "pipeline/base/digest.h"
#include "pipeline/base/files.h"
#include "tests/support.h"
#include "tests/unit/as_nobody.h"
#include "tests/unit/expect_error.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

using std::chrono_literals::operator""s;
using test::expect_error;

std::string content_of(const OpenedFile& file) {
  std::string bytes(1 << 20, '\0');
  bytes.resize(file.read(0, bytes));
  return bytes;
}

class OpenedFileTest : public testing::Test {
 protected:
  fs::path path(const std::string& name) const { return dir_.path() / name; }
  fs::path pipe() const {
    EXPECT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
    return path("pipe");
  }
  Spool spool() const { return {path("spool")}; }
  static std::shared_ptr<const OpenedFile> open(const fs::path& path, const Spool& spool) {
    return open_or_spool(path, spool, Deadline(20s));
  }

  const TempDir dir_;
};

TEST_F(OpenedFileTest, ReadsTheFileThatWasOpenedWhateverTakesItsName) {
  write_file(path("a.mp4"), "one");
  const OpenedFile file(path("a.mp4"));
  write_file(path("a.mp4"), "another");  // by rename
  EXPECT_EQ(content_of(file), "one");
  EXPECT_EQ(sha256_file(file), sha256("one"));
  EXPECT_EQ(file.size(), 3);
  file.expect_unchanged();
}

TEST_F(OpenedFileTest, ReadsFromAnyPlaceToTheEnd) {
  write_file(path("a.mp4"), "abcdef");
  const OpenedFile file(path("a.mp4"));
  char part[4];
  EXPECT_EQ(file.read(1, part), 4u);
  EXPECT_EQ(std::string(part, 4), "bcde");
  EXPECT_EQ(file.read(4, part), 2u);
  EXPECT_EQ(std::string(part, 2), "ef");
  EXPECT_EQ(file.read(100, part), 0u);
}

TEST_F(OpenedFileTest, NoticesThatSomebodyWrites) {
  for (const auto mode : {std::ios::app, std::ios::trunc, std::ios::in}) {
    write_file(path("a.mp4"), "one");
    const OpenedFile file(path("a.mp4"));
    std::ofstream(path("a.mp4"), std::ios::out | mode) << "two";
    expect_error(ErrorKind::kInput, {"a.mp4", "written to while it was read", "run again"},
                 [&] { file.expect_unchanged(); });
  }
}

TEST_F(OpenedFileTest, NamesWhatIsNoFile) {
  const int server = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path("socket").c_str(), sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(server, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  const std::pair<fs::path, std::string> others[] = {{path("socket"), "a socket"},
                                                     {"/dev/zero", "a character device"},
                                                     {dir_.path(), "a folder"},
                                                     {path("absent"), "No such file"}};
  for (const auto& [other, kind] : others) {
    expect_error(ErrorKind::kInput, {other.string(), kind}, [&] { const OpenedFile file(other); });
    expect_error(ErrorKind::kInput, {other.string(), kind}, [&] { open(other, spool()); });
  }
  expect_error(ErrorKind::kInput, {"a pipe"}, [&] { const OpenedFile file(pipe()); });
  ::close(server);
}

TEST_F(OpenedFileTest, ReadsAPipeToItsEndThoughNobodyWritesYet) {
  const fs::path source = pipe();
  std::thread writer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    std::ofstream(source) << "one" << std::flush << "two";
  });
  const auto file = open(source, spool());
  writer.join();
  EXPECT_EQ(file->path(), source);
  EXPECT_EQ(content_of(*file), "onetwo");
  EXPECT_FALSE(file->has_name());
  EXPECT_TRUE(fs::is_empty(path("spool")));
}

// As under sudo, the other way round.
TEST_F(OpenedFileTest, ReadsStandardInputThatAnotherUserMade) {
  if (::geteuid() != 0) GTEST_SKIP() << test::kNotRoot;
  fs::permissions(dir_.path(), fs::perms::all);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ASSERT_EQ(::write(ends[1], "one", 3), 3);
  ::close(ends[1]);
  const int input = ::dup(STDIN_FILENO);
  ::dup2(ends[0], STDIN_FILENO);
  test::expect_as_nobody([&] {
    if (::access("/dev/stdin", R_OK) == 0) return false;  // it would be no test
    return content_of(*open("/dev/stdin", spool())) == "one";
  });
  ::dup2(input, STDIN_FILENO);
  for (const int end : {input, ends[0]}) ::close(end);
}

TEST_F(OpenedFileTest, ReadsWhatAWriterLeftInAPipeThatHasNoName) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const fs::path source = "/dev/fd/" + std::to_string(ends[0]);
  ASSERT_EQ(::write(ends[1], "one", 3), 3);
  ::close(ends[1]);
  EXPECT_EQ(content_of(*open(source, spool())), "one");
  EXPECT_EQ(open(source, spool())->size(), 0) << "the pipe is at its end";
  ::close(ends[0]);
}

TEST_F(OpenedFileTest, TakesAFileWhereAPipeMayBe) {
  write_file(path("a.mp4"), "one");
  const auto file = open(path("a.mp4"), spool());
  EXPECT_EQ(content_of(*file), "one");
  EXPECT_TRUE(file->has_name());
  EXPECT_FALSE(fs::exists(path("spool")));
}

TEST_F(OpenedFileTest, RefusesMoreThanTheSpoolTakes) {
  const fs::path source = pipe();
  std::thread writer([&] { std::ofstream(source) << "1234567"; });
  expect_error(ErrorKind::kInput, {source.string(), "more than 6 bytes", "--max-spool"}, [&] {
    open(source, {path("spool"), 6});
  });
  writer.join();
}

TEST_F(OpenedFileTest, WaitsForAPipeNoLongerThanTheDeadline) {
  const fs::path source = pipe();
  expect_error(ErrorKind::kInput, {"timed out"},
               [&] { open_or_spool(source, spool(), Deadline(0.1s)); });
  const int writer = ::open(source.c_str(), O_RDWR);  // that never writes
  expect_error(ErrorKind::kInput, {"timed out"},
               [&] { open_or_spool(source, spool(), Deadline(0.1s)); });
  ::close(writer);
}

TEST_F(OpenedFileTest, NamesASpoolThatCannotBeWritten) {
  const fs::path source = pipe();
  write_file(path("file"), "");
  const int writer = ::open(source.c_str(), O_RDWR);
  ASSERT_EQ(::write(writer, "1", 1), 1);
  expect_error(ErrorKind::kInput, {"file/spool", "Not a directory", "--cache"},
               [&] { open(source, {path("file/spool")}); });
  ::close(writer);
}

}  // namespace
}  // namespace co2net
