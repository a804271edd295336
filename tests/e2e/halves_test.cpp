#include "cli/halves.h"

#include <gtest/gtest.h>

#include "cli/commit.h"
#include "pipeline/base/version.h"
#include "tests/e2e/program.h"
#include "tests/support.h"

namespace co2net::test {
namespace {

// Both programs as they are installed, in a folder of their own.
class Halves : public testing::Test {
 protected:
  Halves() {
    fs::create_directories(light().parent_path());
    fs::create_directories(full().parent_path());
    fs::copy(CO2NET_PROGRAM, light());
  }

  fs::path light() const { return dir_.path() / "bin/co2net"; }
  fs::path full() const { return dir_.path() / "libexec/co2net/co2net"; }
  Outcome call(const std::string& arguments) const {
    return shell(shell_quoted(light()) + " " + arguments);
  }

  // Makes the program that users call one of another commit, and returns that.
  std::string change_commit() const {
    const std::string own(commit());
    std::string other = own;
    other.back() = own.back() == '0' ? '1' : '0';
    std::string program = read_file(light());
    for (std::size_t at = program.find(own); at != std::string::npos; at = program.find(own, at)) {
      program.replace(at, own.size(), other);
    }
    write_file(light(), program);
    fs::permissions(light(), fs::perms::owner_all);
    return other;
  }

 private:
  TempDir dir_;
};

TEST_F(Halves, TheVersionNamesTheBuildAndTheLibraries) {
  fs::create_symlink(CO2NET_FULL_PROGRAM, full());
  const Outcome version = call("--version");
  EXPECT_EQ(version.code, 0) << version.out;
  EXPECT_TRUE(version.out.starts_with("co2net " + std::string(co2net::version()) + " (commit " +
                                      std::string(commit()) + ")\n"))
      << version.out;
  for (const char* library :
       {"libtorch ", "FFmpeg ", "libavcodec ", "OpenCV ", "oneDNN ", "Boost ", "nlohmann_json ",
        "OpenSSL ", "oneTBB ", "pugixml 1.", "Cairo 1.", "librsvg 2.", "fontconfig 2."}) {
    EXPECT_NE(version.out.find(library), std::string::npos) << library << version.out;
  }
  EXPECT_NE(version.out.find(" CUDA"), std::string::npos) << version.out;
  EXPECT_EQ(version.out, co2net({"--version"}).out);
}

TEST_F(Halves, TheVersionIsToldWhereTheFullProgramIsMissing) {
  const Outcome version = call("--version");
  EXPECT_EQ(version.code, 0) << version.out;
  EXPECT_TRUE(version.out.starts_with("co2net " + build_name() + "\nlibraries: not known"))
      << version.out;
  EXPECT_NE(version.out.find(full().string()), std::string::npos) << version.out;
  EXPECT_EQ(version.out.find("libtorch"), std::string::npos) << version.out;
}

TEST_F(Halves, ProgramsOfTwoBuildsRefuseEachOtherByName) {
  fs::create_symlink(CO2NET_FULL_PROGRAM, full());
  const std::string other = change_commit();
  for (const std::string arguments : {"probe clip.mkv", "--version"}) {
    const Outcome outcome = call(arguments);
    EXPECT_EQ(outcome.code, 3) << outcome.out;
    for (const std::string& named :
         {fs::canonical(CO2NET_FULL_PROGRAM).string() + " is co2net " + build_name(),
          "started by co2net " + std::string(version()) + " (commit " + other + ")",
          std::string("install both programs from one build")}) {
      EXPECT_NE(outcome.out.find(named), std::string::npos) << named << "\n" << outcome.out;
    }
  }
}

TEST_F(Halves, AProgramThatDoesNotKnowOfBuildsSaysWhatItWasGivenAndTheRemedy) {
  fs::copy(CO2NET_PROGRAM, full());  // which is never handed anything, and so knows it as little
  const Outcome outcome = call("probe clip.mkv");
  EXPECT_EQ(outcome.code, 2);
  EXPECT_NE(outcome.out.find("unknown command 'handed over by co2net " + build_name() +
                             "; install both programs from one build'"),
            std::string::npos)
      << outcome.out;
}

TEST_F(Halves, TheFullProgramWorksByItself) {
  EXPECT_EQ(shell(std::string(CO2NET_FULL_PROGRAM) + " --version").out, co2net({"--version"}).out);
}

// What the build makes of a folder of sources.
class Commit : public testing::Test {
 protected:
  void SetUp() override { write_file(source() / "file", "one"); }

  fs::path source() const { return dir_.path() / "source"; }
  fs::path written() const { return dir_.path() / "commit.cpp"; }

  void make_repository(const fs::path& folder) const {
    run_shell("cd " + shell_quoted(folder) +
              " && git init -q . && git add -A && git -c user.name=a -c user.email=a@b.c commit -q "
              "-m first");
  }

  // The commit that is written for the sources.
  std::string commit_of_sources() const {
    run_shell("cmake -D SOURCE=" + shell_quoted(source()) +
              " -D OUTPUT=" + shell_quoted(written()) + " -P " CO2NET_WRITE_COMMIT);
    const std::string text = read_file(written());
    const std::size_t begin = text.find("return \"") + 8;
    return text.substr(begin, text.find('"', begin) - begin);
  }

 private:
  TempDir dir_;
};

TEST_F(Commit, IsUnknownOutsideGitAndInAnothersRepository) {
  EXPECT_EQ(commit_of_sources(), "unknown");
  make_repository(source().parent_path());
  EXPECT_EQ(commit_of_sources(), "unknown");
}

TEST_F(Commit, IsGitsAndSaysWhereFilesDiffer) {
  make_repository(source());
  const std::string head =
      run_shell("git -C " + shell_quoted(source()) + " rev-parse --short=12 HEAD");
  EXPECT_EQ(commit_of_sources() + "\n", head);
  write_file(source() / "file", "another");
  EXPECT_EQ(commit_of_sources(), head.substr(0, 12) + "-dirty");
}

TEST_F(Commit, IsOnlyWrittenWhereItChanges) {
  commit_of_sources();
  const fs::file_time_type old = fs::last_write_time(written()) - std::chrono::hours(1);
  fs::last_write_time(written(), old);
  commit_of_sources();
  EXPECT_EQ(fs::last_write_time(written()), old);
  make_repository(source());
  commit_of_sources();
  EXPECT_NE(fs::last_write_time(written()), old);
}

}  // namespace
}  // namespace co2net::test
