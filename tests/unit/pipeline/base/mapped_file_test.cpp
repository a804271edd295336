#include "pipeline/base/mapped_file.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <csignal>
#include <fstream>
#include <string>

#include "pipeline/base/files.h"
#include "tests/unit/expect_error.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

TEST(MappedFile, HoldsTheContentOfFilesAndDevices) {
  TempDir dir;
  write_file(dir.path() / "a", "content");
  write_file(dir.path() / "empty", "");
  EXPECT_EQ(MappedFile(dir.path() / "a").bytes(), "content");
  EXPECT_EQ(MappedFile(dir.path() / "empty").bytes(), "");
  EXPECT_EQ(MappedFile("/dev/null").bytes(), "");
  test::expect_error(ErrorKind::kIo, {"absent"}, [&] { MappedFile(dir.path() / "absent"); });
}

TEST(MappedFile, ReadsReleasedPartsAnew) {
  const TempDir dir;
  std::string bytes(100000, 'a');
  bytes.replace(50000, 3, "xyz");
  write_file(dir.path() / "a", bytes);
  const MappedFile file(dir.path() / "a");
  for (const std::size_t first : {0u, 5000u, 99999u}) {
    file.release(file.bytes().substr(first));
    EXPECT_EQ(file.bytes(), bytes);
  }
}

TEST(MappedFile, ReleasesNothingThatIsNotItsOwn) {
  const TempDir dir;
  write_file(dir.path() / "a", "a");
  const MappedFile file(dir.path() / "a");
  const std::string other(100000, 'x');
  file.release(other);
  EXPECT_EQ(other, std::string(100000, 'x'));
}

TEST(MappedFile, ReadsZerosForWhatIsCutOffMeanwhileAndTells) {
  const TempDir dir;
  write_file(dir.path() / "a", std::string(100'000, 'a'));
  const MappedFile file(dir.path() / "a");
  file.expect_unchanged();
  fs::resize_file(dir.path() / "a", 5);
  EXPECT_EQ(file.bytes().substr(0, 5), "aaaaa");
  EXPECT_EQ(file.bytes().substr(50'000), std::string(50'000, '\0'));
  test::expect_error(ErrorKind::kInput, {(dir.path() / "a").string(), "was written to"},
                     [&] { file.expect_unchanged(); });
}

TEST(MappedFile, TellsThatAFileGrewOrWasOverwrittenButNotThatItWasReplaced) {
  const TempDir dir;
  const fs::path path = dir.path() / "a";
  write_file(path, "one");
  const MappedFile replaced(path);
  write_file(path, "two");
  replaced.expect_unchanged();
  EXPECT_EQ(replaced.bytes(), "one");

  const MappedFile grown(path);
  std::ofstream(path, std::ios::app) << "more";
  EXPECT_THROW(grown.expect_unchanged(), Error);
  const MappedFile overwritten(path);
  fs::last_write_time(path, fs::file_time_type::clock::now() + std::chrono::seconds(5));
  EXPECT_THROW(overwritten.expect_unchanged(), Error);
}

TEST(MappedFile, LeavesTheBusErrorsOfOthersFatal) {
  const TempDir dir;
  write_file(dir.path() / "a", std::string(10'000, 'a'));
  const auto read_others = [&] {
    const MappedFile ours(dir.path() / "a");
    std::FILE* file = std::fopen((dir.path() / "a").c_str(), "r");
    const auto* bytes = static_cast<const volatile char*>(
        ::mmap(nullptr, 10'000, PROT_READ, MAP_PRIVATE, ::fileno(file), 0));
    fs::resize_file(dir.path() / "a", 0);
    std::exit(bytes[0]);
  };
  EXPECT_EXIT(read_others(), testing::KilledBySignal(SIGBUS), "");
}

}  // namespace
}  // namespace co2net
