#include "pipeline/base/remedy.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>

#include "pipeline/base/files.h"
#include "pipeline/base/foreign_file.h"
#include "pipeline/base/interrupt.h"
#include "pipeline/base/opened_file.h"
#include "pipeline/base/unmatched.h"
#include "pipeline/formats/npy.h"
#include "tests/unit/as_nobody.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

void expect_advice(std::string_view message, const std::string& reason, const std::string& remedy) {
  const Advice advice = advice_in(message);
  EXPECT_EQ(advice.reason, reason);
  EXPECT_EQ(advice.remedy, remedy);
}

TEST(Advice, IsWhatFollowsTheLastSemicolon) {
  expect_advice("timed out after 5 s; raise --timeout to give it longer", "timed out after 5 s",
                "raise --timeout to give it longer");
  expect_advice("a; b; c", "a; b", "c");
  expect_advice("is OpenCV's own code; use ours", "is OpenCV's own code", "use ours");
}

TEST(Advice, IsNoneWithoutASemicolon) {
  expect_advice("out of memory", "out of memory", "");
  expect_advice("", "", "");
  expect_advice("; x", "; x", "");
}

TEST(Advice, IsNotCutOutOfQuotesAndBrackets) {
  expect_advice("'a; b' is no list; give another", "'a; b' is no list", "give another");
  expect_advice("the label 'a; b'", "the label 'a; b'", "");
  expect_advice("has two (a; b)", "has two (a; b)", "");
}

// What is advised against what `work` throws.
template <class Work>
std::string remedy_of(Work&& work) {
  try {
    work();
  } catch (const Error& e) {
    return advice_in(e.what()).remedy;
  }
  return "no error";
}

std::string remedy_for_array(const std::string& bytes) {
  return remedy_of([&] { parse_npy(bytes, "a.npy"); });
}

TEST(Advice, IsThereForAFileThatCannotBeOpened) {
  const TempDir dir;
  const fs::path file = dir.path() / "a.npy";
  const auto remedy_for = [](const fs::path& path) {
    return remedy_of([&] { const OpenedFile opened(path); });
  };
  write_file(file, "x");
  EXPECT_EQ(remedy_for(dir.path() / "none"), "is the name right?");
  EXPECT_EQ(remedy_for(file / "below"), "is the name right?");
  EXPECT_EQ(remedy_for(dir.path()), "give a file");
  EXPECT_EQ(remedy_for("/dev/null"), "give a file");
  EXPECT_EQ(remedy_of([&] { read_file(dir.path() / "none"); }), "is the name right?");
  fs::permissions(dir.path(), fs::perms::all);
  fs::permissions(file, fs::perms::none);
  const auto is_told = [&] { return remedy_for(file) == "allow reading it"; };
  if (::geteuid() == 0) {
    test::expect_as_nobody(is_told);
  } else {
    EXPECT_TRUE(is_told());
  }
}

TEST(Advice, IsThereForADiskThatTakesNoMore) {
  EXPECT_EQ(remedy_of([] { write_file("/dev/full", "x"); }), "make room, or name another place");
}

TEST(Advice, IsThereForFeaturesThatAreNone) {
  EXPECT_EQ(remedy_for_array(std::string(8, '\0')), "download or copy the file again");
  EXPECT_EQ(remedy_of([] { throw Error(ErrorKind::kInput, *foreign_to_binary("", "a.npy")); }),
            "download or copy it again");
}

TEST(Advice, IsThereForTimesAndNames) {
  const Deadline over(std::chrono::seconds(-1));
  EXPECT_EQ(remedy_of([&] { over.check(); }), "raise --timeout to give it longer");
  EXPECT_EQ(remedy_of([] {
              throw nothing_matches({"these", {"v_a"}}, {"those", {"a"}});
            }),
            "name them alike");
  EXPECT_EQ(advice_in(not_among("a.json", "rott", {"one", "rot"})).remedy, "did you mean rot?");
}

}  // namespace
}  // namespace co2net
