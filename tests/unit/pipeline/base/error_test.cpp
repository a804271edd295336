#include "pipeline/base/error.h"

#include <gtest/gtest.h>

#include <new>

#include "tests/unit/expect_error.h"

namespace co2net {
namespace {

TEST(Error, ReadsFromTheOutsideInAndKeepsItsKind) {
  const Error error = Error(ErrorKind::kIo, "disk full").within("frame 3").within("a.mp4");
  EXPECT_STREQ(error.what(), "a.mp4: frame 3: disk full");
  EXPECT_EQ(error.kind(), ErrorKind::kIo);
}

TEST(Error, KeepsTheInnermostStageWhateverIsAdded) {
  const Error error = Error(ErrorKind::kInput, "x").in_stage("decode").within("a").in_stage("flow");
  EXPECT_EQ(error.stage(), "decode");
  EXPECT_EQ(Error(ErrorKind::kInput, "x").stage(), "");
}

TEST(InStage, PassesTheResultOn) {
  EXPECT_EQ(in_stage("flow", [] { return 7; }), 7);
}

TEST(InStage, NamesTheStageOfWhateverIsThrown) {
  const auto fail = [](const auto& thrown) { in_stage("flow", [&] { throw thrown; }); };
  EXPECT_EQ(test::failed_stage([&] { fail(Error(ErrorKind::kInput, "x")); }), "flow");
  EXPECT_EQ(test::failed_stage([&] { fail(std::runtime_error("x")); }), "flow");
  test::expect_error(ErrorKind::kInternal, {"x"}, [&] { fail(std::runtime_error("x")); });
  test::expect_error(ErrorKind::kInternal, {"out of memory"}, [&] { fail(std::bad_alloc()); });
}

TEST(CurrentError, LeavesOutTheBacktraceThatLibtorchAdds) {
  const auto message_of = [](const char* what) -> std::string {
    try {
      throw std::runtime_error(what);
    } catch (...) {
      return current_error().what();
    }
  };
  EXPECT_EQ(message_of("size 2\nmust match\nException raised from f at a.cpp:1 (first call):\n"
                       "frame #0: c10::Error(0x7f12)"),
            "size 2\nmust match");
  EXPECT_EQ(message_of("no more memory\nframe #0: c10::Error(0x7f12)"), "no more memory");
}

}  // namespace
}  // namespace co2net
