#include "pipeline/datasets/labelled_videos.h"

#include <gtest/gtest.h>

#include "pipeline/base/files.h"
#include "tests/unit/expect_error.h"
#include "tests/unit/log_capture.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

class FindLabelledVideos : public testing::Test {
 protected:
  FindLabelledVideos() {
    for (const char* name : {"bow/v_a.mp4", "bow/v_b.mp4"}) write_file(folder_ / name, "x");
  }
  std::vector<LabelledVideo> videos(const std::string& csv, bool trust_suggestions = false) const {
    write_file(list_, csv);
    return find_labelled_videos(folder_, list_, trust_suggestions);
  }
  std::vector<std::string> ids(const std::string& csv, bool trust_suggestions = false) const {
    std::vector<std::string> found;
    for (const LabelledVideo& video : videos(csv, trust_suggestions)) {
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

TEST_F(FindLabelledVideos, TakesBackgroundAsNoClass) {
  for (const std::string name : {"background", "Background"}) {
    const std::vector<LabelledVideo> found = videos("v_a.mp4, " + name + "\nv_b.mp4,bow\n");
    ASSERT_EQ(found.size(), 2u);
    EXPECT_TRUE(found[0].is_background && found[0].labels.empty());
    EXPECT_FALSE(found[1].is_background);
  }
  write_file(folder_ / "background/deeper/idle.mp4", "x");
  const std::vector<LabelledVideo> by_folder = find_labelled_videos(folder_, "by-folder");
  ASSERT_EQ(by_folder.size(), 3u);
  EXPECT_EQ(by_folder[0].input.id, "idle");
  EXPECT_TRUE(by_folder[0].is_background && by_folder[0].labels.empty());
  EXPECT_EQ(by_folder[1].labels, std::set<std::string>{"bow"});
}

TEST_F(FindLabelledVideos, NamesTheRowWhereBackgroundMeetsAnotherLabel) {
  const auto refuses = [&](const std::string& csv, const std::string& line) {
    test::expect_error(ErrorKind::kInput,
                       {line, "v_a.mp4 is background, where nothing happens, and bow", "keep one"},
                       [&] { videos(csv); });
  };
  refuses("v_b.mp4,bow\nv_a.mp4,bow;background\n", "line 2");
  refuses("v_a.mp4,bow\nv_b.mp4,bow\nv_a.mp4,background\n", "line 3");
  refuses("file,label\nv_a.mp4,background\nv_a.mp4,bow\n", "line 3");
}

TEST_F(FindLabelledVideos, LeavesOutAVideoWithAnEmptyCellAndNamesIt) {
  test::LogCapture log;
  EXPECT_EQ(ids("v_a.mp4,\nv_b.mp4,bow\n"), std::vector<std::string>{"v_b"});
  EXPECT_NE(log.lines().find("left out, without a label: v_a ("), std::string::npos) << log.lines();
}

LabelledVideo video(const std::string& id, const std::set<std::string>& labels,
                    const std::string& sha256) {
  return {.input = {id + ".mp4", id},
          .labels = labels,
          .is_background = labels.empty(),
          .sha256 = sha256};
}

TEST(UniteDuplicates, RefusesAVideoThatIsBackgroundOnceAndOnceNot) {
  std::vector<LabelledVideo> both = {video("a", {}, "1"), video("b", {"bow"}, "1")};
  test::expect_error(ErrorKind::kInput,
                     {"b is the same video as a", "one is background and the other bow"},
                     [&] { unite_duplicates(both); });
  std::vector<LabelledVideo> idle = {video("a", {}, "1"), video("b", {}, "1")};
  unite_duplicates(idle);
  ASSERT_EQ(idle.size(), 1u);
  EXPECT_TRUE(idle[0].is_background);
}

TEST(KeepLearnableClasses, KeepsBackgroundVideosAndNoneWhoseClassIsLeftOut) {
  std::vector<LabelledVideo> videos = {video("a", {"bow"}, "1"), video("b", {"bow"}, "2"),
                                       video("idle", {}, "3"), video("wave", {"wave"}, "4")};
  EXPECT_EQ(keep_learnable_classes(videos), std::vector<std::string>{"bow"});
  ASSERT_EQ(videos.size(), 3u);
  EXPECT_EQ(videos[2].input.id, "idle");
}

}  // namespace
}  // namespace co2net
