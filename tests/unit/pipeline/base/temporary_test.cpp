#include "pipeline/base/temporary.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "pipeline/base/files.h"
#include "tests/unit/killed.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

using Kind = Temporary::Kind;
using Names = std::vector<std::string>;

class TemporaryTest : public testing::Test {
 protected:
  // What a killed writer left, of another machine if `host` is given.
  fs::path leftover(Kind kind, const std::string& host = "") const {
    test::be_killed_after([&] { Temporary(dir_.path(), ".mkv", kind).path(), test::die(); });
    fs::path path = dir_.path() / names_in(dir_.path()).at(0);
    if (host.empty()) return path;
    std::string name = path.filename().string();
    name.replace(name.find('.', 1) + 1, host.size(), host);
    fs::rename(path, dir_.path() / name);
    return dir_.path() / name;
  }
  Names swept() const {
    sweep_temporaries(dir_.path());
    return names_in(dir_.path());
  }

  const TempDir dir_;
};

TEST_F(TemporaryTest, IsNewAndGoneAtTheEndUnlessItWasRenamed) {
  for (const Kind kind : {Kind::kFile, Kind::kFolder}) {
    fs::path first;
    {
      const Temporary temporary(dir_.path(), ".mkv", kind), other(dir_.path(), ".mkv", kind);
      first = temporary.path();
      EXPECT_EQ(first.extension(), ".mkv");
      EXPECT_NE(first, other.path());
      EXPECT_EQ(fs::is_directory(first), kind == Kind::kFolder);
      fs::rename(other.path(), dir_.path() / "kept");
    }
    EXPECT_EQ(names_in(dir_.path()), Names{"kept"});
    fs::remove(dir_.path() / "kept");
  }
}

TEST_F(TemporaryTest, IsSweptOnceItsWriterIsDead) {
  for (const Kind kind : {Kind::kFile, Kind::kFolder}) {
    leftover(kind);
    EXPECT_EQ(swept(), Names());
    const Temporary living(dir_.path(), "", kind);
    EXPECT_EQ(swept(), Names{living.path().filename().string()});
  }
}

TEST_F(TemporaryTest, OfAnotherMachineIsSweptAfterADay) {
  const fs::path path = leftover(Kind::kFile, "000000");
  EXPECT_EQ(swept().size(), 1u);
  fs::last_write_time(path, fs::file_time_type::clock::now() - std::chrono::hours(25));
  EXPECT_EQ(swept(), Names());
}

TEST_F(TemporaryTest, OthersFilesAreNotSwept) {
  const Names others = {".co2net", ".tmp.abcdef", "co2net-tmp.abcdef"};
  for (const std::string& name : others) write_file(dir_.path() / name, "x");
  EXPECT_EQ(swept(), others);
}

}  // namespace
}  // namespace co2net
