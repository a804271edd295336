#include "pipeline/datasets/labelled_videos.h"

#include <gtest/gtest.h>

#include <map>

#include "pipeline/base/files.h"
#include "pipeline/base/text.h"
#include "tests/unit/expect_error.h"
#include "tests/unit/log_capture.h"
#include "tests/unit/pipeline/datasets/rich_annotations.h"

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
    return find_labelled_videos(folder_, {.labels = list_, .trust_suggestions = trust_suggestions});
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

TEST_F(FindLabelledVideos, RefusesSuggestionsInWhateverColumnTheySaySo) {
  for (const std::string header :
       {"File,Label,Suggested_By", "file,label, suggested_by", "suggested_by,file,label"}) {
    test::expect_error(ErrorKind::kInput, {"nobody has looked at them"},
                       [&] { ids(header + "\nv_a.mp4,bow,i3d\n"); });
  }
  EXPECT_EQ(ids("File, Label\nv_a.mp4,bow\n"), std::vector<std::string>{"v_a"});
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
  const std::size_t found = find_labelled_videos("@videos", {"by-folder"}).size();
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
  const std::vector<LabelledVideo> by_folder = find_labelled_videos(folder_, {"by-folder"});
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

TEST_F(FindLabelledVideos, TakesAFileWhoseNameBeginsWithABraceForAListStill) {
  write_file(folder_ / "{}.mp4", "x");
  EXPECT_EQ(ids("{}.mp4,bow\nv_a.mp4,bow\n"), (std::vector<std::string>{"v_a", "{}"}));
}

using Labels = std::map<std::string, std::set<std::string>>;  // by id

class FindAnnotatedVideos : public FindLabelledVideos {
 protected:
  FindAnnotatedVideos() { write_file(folder_ / "v_c.mp4", "x"); }

  std::string json(const std::string& database, const std::string& more = "") const {
    write_file(file_, "\xEF\xBB\xBF{\n" + more + " \"database\": {" + database + "}}");
    return file_;
  }
  // A video of the database; `list` has its labels, a segment each.
  static std::string video(const std::string& id, const std::string& subset,
                           const std::vector<std::string>& list) {
    std::vector<std::string> segments;
    for (const std::string& label : list) {
      segments.push_back(R"({"segment": [0, 1], "label": ")" + label + "\"}");
    }
    return "\"" + id + R"(": {"subset": ")" + subset + R"(", "annotations": [)" + joined(segments) +
           "]}";
  }
  // Background has the label "background".
  Labels found(const LabelSource& source) const {
    Labels labels;
    for (const LabelledVideo& video : find_labelled_videos(folder_, source)) {
      labels[video.input.id] =
          video.is_background ? std::set<std::string>{"background"} : video.labels;
    }
    return labels;
  }
  static void expect_in(const test::LogCapture& log, const std::string& words) {
    EXPECT_NE(log.lines().find(words), std::string::npos) << log.lines();
  }

  fs::path file_ = dir_.path() / "annotations";
};

TEST_F(FindAnnotatedVideos, HaveTheLabelsOfWholeVideosInEveryFormThatIsRead) {
  const std::string name = file_.string();
  for (const AnnotationFormat format :
       {AnnotationFormat::kActivityNet, AnnotationFormat::kWtalc, AnnotationFormat::kThumos}) {
    fs::remove_all(file_);
    write_annotations(test::rich_annotations(), file_, format);
    const test::LogCapture log;
    Labels expected = {{"v_a", {"Bow"}}, {"v_c", {"Bow", "Jump"}}};
    if (format == AnnotationFormat::kThumos) {
      expected.erase("v_a");  // has no segment
    }
    EXPECT_EQ(found({.labels = file_, .subset = "test"}), expected) << static_cast<int>(format);
    expect_in(log, "info: " + name +
                       ": of its subset test the labels of whole videos are used; segments serve "
                       "'co2net eval' only\ninfo: left out, of other subsets: 1 video (v_b)\n");
  }
}

TEST_F(FindAnnotatedVideos, MayHaveBeenTaggedInOtherPrograms) {
  const Labels expected = {{"v_a", {"bow"}}, {"v_b", {"background"}}};
  write_file(file_, "id,label,start_s,end_s\nv_a,bow,0,1\nv_b,,,\n");
  EXPECT_EQ(found({.labels = file_}), expected);
  write_file(file_, R"([{"data": {"video": "v_a.mp4", "fps": 25}, "annotations": [{"result": [
      {"type": "timelinelabels", "value": {"ranges": [{"start": 1, "end": 2}],
                                           "timelinelabels": ["bow"]}}]}]},
      {"data": {"video": "v_b.mp4"}, "annotations": [{"result": []}]}])");
  EXPECT_EQ(found({.labels = file_}), expected);
  fs::remove(file_);
  const std::string times = "<TIME_ORDER><TIME_SLOT TIME_SLOT_ID='t' TIME_VALUE='0'/></TIME_ORDER>";
  write_file(file_ / "v_a.eaf", "<ANNOTATION_DOCUMENT>" + times +
                                    "<TIER TIER_ID='bow'><ANNOTATION><ALIGNABLE_ANNOTATION "
                                    "TIME_SLOT_REF1='t' TIME_SLOT_REF2='t'/></ANNOTATION></TIER>"
                                    "</ANNOTATION_DOCUMENT>");
  write_file(file_ / "v_b.eaf", "<ANNOTATION_DOCUMENT/>");
  EXPECT_EQ(found({.labels = file_}), expected);
}

TEST_F(FindAnnotatedVideos, AreOfTheSubsetThatIsNamedWhereThereAreSeveral) {
  const std::string two =
      json(video("v_a", "Mine", {"bow"}) + "," + video("v_b", "other", {"run"}));
  EXPECT_EQ(found({.labels = two, .subset = "Mine"}), (Labels{{"v_a", {"bow"}}}));
  test::expect_error(ErrorKind::kUsage, {"has the subsets Mine, other; choose", "--train-subset"},
                     [&] { found({.labels = two}); });
  test::expect_error(ErrorKind::kUsage, {"'validation'", "Mine, other", "--train-subset"},
                     [&] { found({.labels = two, .subset = "validation"}); });
  EXPECT_EQ(found({.labels = json(video("v_a", "Mine", {"bow"}))}), (Labels{{"v_a", {"bow"}}}));
}

TEST_F(FindAnnotatedVideos, AreBackgroundWithAnEmptyListWhereOthersOfTheSubsetHaveLabels) {
  const std::string labels =
      json(video("v_a", "training", {"bow"}) + "," + video("v_b", "training", {}) + "," +
           video("v_c", "training", {"Background"}) + "," + video("v_d", "test", {}));
  EXPECT_EQ(found({.labels = labels, .subset = "training"}),
            (Labels{{"v_a", {"bow"}}, {"v_b", {"background"}}, {"v_c", {"background"}}}));
  write_file(folder_ / "v_d.mp4", "x");
  const test::LogCapture log;
  EXPECT_EQ(found({.labels = labels, .subset = "test"}), Labels());
  expect_in(log, "warning: left out, without a label: v_d (give them labels in " + labels);
}

TEST_F(FindAnnotatedVideos, MayLackAClassThatTheListOfClassesHas) {
  const std::string corrected =
      json(video("v_a", "training", {"bow"}) + "," + video("v_b", "training", {"bow", "run"}) +
               "," + video("v_c", "training", {}),
           R"("version": "corrected", "classes": ["bow", "jump", "run"],)");
  EXPECT_EQ(found({.labels = corrected}),
            (Labels{{"v_a", {"bow"}}, {"v_b", {"bow", "run"}}, {"v_c", {"background"}}}));
}

TEST_F(FindAnnotatedVideos, AreNamedWhereTheListLacksThemAndWhereTheFolderDoes) {
  const std::string labels =
      json(video("v_a", "training", {"bow"}) + "," + video("v_x", "training", {"bow"}) + "," +
           video("v_y", "training", {}) + "," + video("v_z", "test", {"bow"}));
  const test::LogCapture log;
  EXPECT_EQ(found({.labels = labels, .subset = "training"}), (Labels{{"v_a", {"bow"}}}));
  expect_in(log, "warning: " + labels + ": listed but not in " + folder_.string() +
                     ": 2 videos (v_x, v_y) (put the videos there, or correct the ids)\n");
  expect_in(log, "warning: left out, without a label: v_b, v_c (give them labels in " + labels);
}

TEST_F(FindAnnotatedVideos, AreAnErrorThatShowsBothNamesWhereNoneIsThere) {
  const std::string labels =
      json(video("v_a", "training", {"bow"}) + "," + video("d", "test", {"bow"}));
  test::expect_error(ErrorKind::kInput,
                     {"1 video of the subset test in " + labels + " (d)",
                      "3 videos in " + folder_.string() + " (v_a, v_b, v_c)"},
                     [&] { found({.labels = labels, .subset = "test"}); });
  test::expect_error(ErrorKind::kInput, {"the prefix 'v_' alone"},
                     [&] { found({.labels = json(video("a", "test", {"bow"}))}); });
}

TEST_F(FindAnnotatedVideos, AreNamedWhereBackgroundMeetsAnotherLabel) {
  const std::string labels =
      json(video("v_a", "test", {"bow"}) + "," + video("v_b", "test", {"bow", "background"}));
  test::expect_error(
      ErrorKind::kInput,
      {labels + ": video v_b is background, where nothing happens, and bow", "keep one"},
      [&] { found({.labels = labels}); });
}

TEST_F(FindAnnotatedVideos, AreAnErrorOfTheFileWhereItIsBroken) {
  test::expect_error(ErrorKind::kInput, {file_.string(), "v_a", "annotations"},
                     [&] { found({.labels = json(R"("v_a": {"subset": "test"})")}); });
  fs::create_directories(dir_.path() / "empty");
  test::expect_error(ErrorKind::kInput, {"empty", "videoname.npy", "<Class>_val.txt"},
                     [&] { found({.labels = dir_.path() / "empty"}); });
}

TEST_F(FindAnnotatedVideos, RefuseWhatSaysNothingToSuchLabels) {
  const auto refuses = [&](const LabelSource& source, const std::string& option) {
    test::expect_error(ErrorKind::kUsage,
                       {option + " has no meaning with --labels " + source.labels},
                       [&] { found(source); });
  };
  refuses({.labels = json(video("v_a", "test", {"bow"})), .trust_suggestions = true},
          "--trust-suggestions");
  refuses({.labels = "by-folder", .trust_suggestions = true}, "--trust-suggestions");
  refuses({.labels = "by-folder", .subset = "test"}, "--train-subset");
  write_file(list_, "v_a.mp4,bow\n");
  refuses({.labels = list_, .subset = "test"}, "--train-subset");
  test::expect_error(ErrorKind::kUsage, {"'absent.json'", "CSV", "annotations", "by-folder"},
                     [&] { found({.labels = "absent.json"}); });
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
