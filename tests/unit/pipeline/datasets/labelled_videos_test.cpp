#include "pipeline/datasets/labelled_videos.h"

#include <gtest/gtest.h>

#include "pipeline/base/files.h"
#include "tests/unit/expect_error.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

class FindLabelledVideos : public testing::Test {
 protected:
  FindLabelledVideos() {
    for (const char* name : {"bow/v_a.mp4", "bow/v_b.mp4"}) write_file(folder_ / name, "x");
  }
  std::vector<std::string> ids(const std::string& csv, bool trust_suggestions = false) const {
    write_file(list_, csv);
    std::vector<std::string> found;
    for (const LabelledVideo& video : find_labelled_videos(folder_, list_, trust_suggestions)) {
      found.push_back(video.input.id);
    }
    return found;
  }

  TempDir dir_;
  fs::path folder_ = dir_.path() / "@videos", list_ = dir_.path() / "labels.csv";
};

TEST_F(FindLabelledVideos, TakesAListOfAnySystem) {
  EXPECT_EQ(ids("\xEF\xBB\xBF"
                "file,label\r\nv_a.mp4,bow \r\nbow/v_b.mp4,bow\r\n"),
            (std::vector<std::string>{"v_a", "v_b"}));
  EXPECT_EQ(ids("v_a.mp4,bow\rv_b.mp4,bow\r"), (std::vector<std::string>{"v_a", "v_b"}));
}

TEST_F(FindLabelledVideos, PassesOverMoreColumnsThatTheHeaderNames) {
  EXPECT_EQ(ids("file,label,score\nv_a.mp4,bow,0.9\nv_b.mp4,bow,\n"),
            (std::vector<std::string>{"v_a", "v_b"}));
  test::expect_error(ErrorKind::kInput, {"line 3: 2 fields"},
                     [&] { ids("file,label,score\nv_a.mp4,bow,0.9\nv_b.mp4,bow\n"); });
  test::expect_error(ErrorKind::kInput, {"line 1: 3 fields"}, [&] { ids("v_a.mp4,bow,jump\n"); });
}

TEST_F(FindLabelledVideos, LeavesOutThoseOfAnUnknownLabel) {
  EXPECT_EQ(ids("v_a.mp4,?\nv_b.mp4, ? ;bow\n"), std::vector<std::string>{"v_b"});
}

TEST_F(FindLabelledVideos, RefusesSuggestionsUntilTheyAreLookedAtOrTrusted) {
  const std::string csv = "file,label,score,suggested_by\nv_a.mp4,bow,0.9,i3d\nv_b.mp4,?,,i3d\n";
  test::expect_error(ErrorKind::kInput,
                     {list_.string(), "nobody has looked at them", "delete the column suggested_by",
                      "--trust-suggestions"},
                     [&] { ids(csv); });
  EXPECT_EQ(ids(csv, true), std::vector<std::string>{"v_a"});
}

TEST_F(FindLabelledVideos, SaysHowTheNamesDifferWhereNoneOfTheListIsThere) {
  test::expect_error(ErrorKind::kInput,
                     {"2 files listed in " + list_.string() + " (a.mp4, c.mp4)",
                      "2 videos in " + folder_.string(), "the prefix 'bow/v_'"},
                     [&] { ids("a.mp4,bow\nc.mp4,bow\n"); });
  test::expect_error(ErrorKind::kInput, {"the prefix 'bow/', the ending '.mp4'"},
                     [&] { ids("v_a,bow\n"); });
}

TEST_F(FindLabelledVideos, ReadsNoListWhereAFoldersNameBeginsLikeOne) {
  const fs::path before = fs::current_path();
  fs::current_path(dir_.path());
  const std::size_t found = find_labelled_videos("@videos", "by-folder").size();
  fs::current_path(before);
  EXPECT_EQ(found, 2u);
}

}  // namespace
}  // namespace co2net
