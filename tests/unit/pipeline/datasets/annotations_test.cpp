#include "pipeline/datasets/annotations.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "pipeline/base/files.h"
#include "pipeline/base/json.h"
#include "pipeline/formats/npy.h"
#include "pipeline/formats/npy_objects.h"
#include "tests/support.h"
#include "tests/unit/expect_error.h"
#include "tests/unit/pipeline/datasets/rich_annotations.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

using test::expect_error;
using test::rich_annotations;
using Strings = std::vector<std::string>;

AnnotatedVideo video(const std::string& id, const std::string& subset, double duration_s,
                     const Strings& labels, const std::vector<AnnotatedSegment>& segments) {
  return {id, subset, duration_s, labels, segments};
}

void expect_equal(const Annotations& a, const Annotations& b) {
  EXPECT_EQ(a.classes, b.classes);
  EXPECT_EQ(a.ambiguous, b.ambiguous);
  EXPECT_EQ(a.not_kept, b.not_kept);
  ASSERT_EQ(a.videos.size(), b.videos.size());
  for (std::size_t i = 0; i < a.videos.size(); ++i) {
    EXPECT_TRUE(a.videos[i] == b.videos[i]) << a.videos[i].id;
  }
}

// A file or folder for one test.
struct Place {
  Annotations read(const std::string& text) const {
    write_file(path, text);
    return read_annotations(path);
  }
  Annotations rewritten(const Annotations& annotations, AnnotationFormat format) const {
    write_annotations(annotations, path, format);
    return read_annotations(path);
  }
  TempDir dir;
  fs::path path = dir.path() / "a";
};

TEST(Annotations, ReadBackFromJsonAndFromNpyFilesAsTheyWereWritten) {
  for (const AnnotationFormat format : {AnnotationFormat::kActivityNet, AnnotationFormat::kWtalc}) {
    const Place place;
    expect_equal(place.rewritten(rich_annotations(), format), rich_annotations());
    EXPECT_EQ(lost_in(format, rich_annotations()), Strings());
  }
}

TEST(Annotations, ReadBackFromTextButForWhatIsNamedAsLost) {
  const Place place;
  const Strings lost = lost_in(AnnotationFormat::kThumos, rich_annotations());
  EXPECT_EQ(lost, Strings({"1 video without segments (v_a)",
                           "video-level labels, other than those of the segments, of 2 videos "
                           "(v_b, v_a)",
                           "the durations of 2 videos (v_b, v_c)",
                           "the order of segments of different classes in 1 video (v_c)",
                           "the order of the classes", "the order of the videos"}));

  Annotations kept = rich_annotations();
  kept.classes = {"Bow", "Jump", "Wave"};
  kept.videos = {video("v_b", "validation", 0, {"Jump"}, rich_annotations().videos[0].segments),
                 video("v_c", "test", 0, {"Bow", "Jump"},
                       {{"Bow", 1, 3.25}, {"Bow", 5, 6}, {"Jump", 1e-7, 123456.789}})};
  expect_equal(place.rewritten(rich_annotations(), AnnotationFormat::kThumos), kept);
  EXPECT_EQ(lost_in(AnnotationFormat::kThumos, kept), Strings());
}

TEST(Annotations, TextHasTheOfficialFilesNamesAndLines) {
  const Place place;
  write_annotations(rich_annotations(), place.path, AnnotationFormat::kThumos);
  EXPECT_EQ(read_file(place.path / "Bow_test.txt"), "v_c  1 3.25\nv_c  5 6\n");
  EXPECT_EQ(read_file(place.path / "Jump_val.txt"), "v_b  0.1 0.3333333333333333\nv_b  2 2\n");
  EXPECT_EQ(read_file(place.path / "Wave_test.txt"), "");
  EXPECT_EQ(read_file(place.path / "Ambiguous_test.txt"), "v_c  0 1.5\nv_c  4 5\nv_d  2.25 3\n");
}

TEST(Annotations, TextMayHaveTheMarksAndLineEndsOfAnySystem) {
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    const Place place;
    const std::string mark = "\xEF\xBB\xBF", blank = " \t" + end;
    write_file(place.path / "Bow_test.txt", mark + "v_a  1 2" + end + mark + "v_b  3 4 " + blank);
    write_file(place.path / "Ambiguous_test.txt", mark + "v_a  5 6" + end);
    const Annotations read = read_annotations(place.path);
    ASSERT_EQ(read.videos.size(), 2u);
    EXPECT_EQ(read.videos[0], video("v_a", "test", 0, {"Bow"}, {{"Bow", 1, 2}}));
    EXPECT_EQ(read.videos[1], video("v_b", "test", 0, {"Bow"}, {{"Bow", 3, 4}}));
    const AmbiguousIntervals ambiguous = {{"v_a", {{5, 6}}}};
    EXPECT_EQ(read.ambiguous, ambiguous);
    EXPECT_EQ(read_ambiguous(place.path / "Ambiguous_test.txt"), ambiguous);
    write_file(place.path / "Bow_test.txt", std::string("\xFE\xFF\0v", 4));
    expect_error(ErrorKind::kInput, {"Bow_test.txt", "UTF-16"},
                 [&] { read_annotations(place.path); });
  }
}

TEST(Annotations, JsonMayGiveTimesAsTextAndLeaveOutWhatCanBeDerived) {
  const Place place;
  const Annotations read = place.read(R"({"database": {
      "z": {"subset": "test", "url": "u", "annotations": [
          {"label": "Wave", "segment": ["1.5", "2"]}, {"label": "Bow", "segment": [0, 1]},
          {"label": "Wave", "segment": [3, 4], "label_id": 7}]},
      "a": {"subset": "training", "duration": 3, "annotations": []}}})");
  EXPECT_EQ(read.classes, Strings({"Bow", "Wave"}));
  ASSERT_EQ(read.videos.size(), 2u);
  EXPECT_EQ(read.videos[0], video("z", "test", 0, {"Bow", "Wave"},
                                  {{"Wave", 1.5, 2}, {"Bow", 0, 1}, {"Wave", 3, 4}}));
  EXPECT_EQ(read.videos[1], video("a", "training", 3, {}, {}));
  EXPECT_EQ(read.not_kept, std::set<std::string>({"label_id", "url"}));
  EXPECT_EQ(place.read("\xEF\xBB\xBF\n {\"database\": {}}").videos.size(), 0u);
  expect_error(ErrorKind::kInput, {place.path, "UTF-16"},
               [&] { place.read(std::string("\xFF\xFE{\0", 4)); });
}

std::string with_video(const std::string& video) {
  return R"({"classes": ["Bow"], "database": {"clip": )" + video + "}}";
}

TEST(Annotations, AnErrorInJsonNamesTheFileTheVideoAndTheDefect) {
  const auto one = [](const std::string& segment) {
    return with_video(R"({"subset": "test", "annotations": [{"label": "Bow", "segment": )" +
                      segment + "}]}");
  };
  const Place place;
  const std::string file = place.path.string();
  const std::vector<std::pair<std::string, Strings>> wrong = {
      {"{", {file, "JSON"}},
      {"[]", {file, "database"}},
      {"3", {file, "database"}},
      {"", {file, "database", "W-TALC", "THUMOS14", "--ambiguous"}},
      {"video_test_1  1.5 2.5\n", {file, "database", "W-TALC", "THUMOS14", "--ambiguous"}},
      {R"({"database": []})", {file, "database"}},
      {R"({"database": {}, "database": {}})", {file, "database", "twice"}},
      {R"({"database": {}, "classes": 3})", {file, "classes"}},
      {with_video("3"), {file, "clip", "subset"}},
      {with_video(R"({"subset": "test"})"), {file, "clip", "annotations"}},
      {with_video(R"({"subset": "", "annotations": []})"), {file, "clip", "subset"}},
      {with_video(R"({"subset": "test", "annotations": [], "labels": ["Jump"]})"),
       {file, "clip", "Jump"}},
      {with_video(R"({"subset": "test", "annotations": [], "duration": -1})"),
       {file, "clip", "duration"}},
      {with_video(R"({"subset": "test", "annotations": [{"label": "Bow"}]})"),
       {file, "clip", "segment"}},
      {one("[1]"), {file, "clip", "[start, end]"}},
      {one("[1, null]"), {file, "clip", "number"}},
      {one(R"(["1", "2s"])"), {file, "clip", "'2s'"}},
      {one(R"(["nan", "2"])"), {file, "clip", "finite"}},
      {one(R"([0, "inf"])"), {file, "clip", "finite"}},
      {one("[5, 3]"), {file, "clip", "ends before it starts"}},
      {R"({"database": {"a": {"subset": "s", "annotations": []},
                        "a": {"subset": "s", "annotations": []}}})",
       {file, "a", "twice"}},
      {R"({"database": {"../a": {"subset": "s", "annotations": []}}})", {file, "../a"}},
      {R"({"database": {"./a": {"subset": "s", "annotations": []}}})", {file, "./a"}},
      {R"({"database": {"a//b": {"subset": "s", "annotations": []}}})", {file, "a//b"}},
      {R"({"database": {"/a": {"subset": "s", "annotations": []}}})", {file, "/a"}},
      {R"({"database": {"": {"subset": "s", "annotations": []}}})", {file, "empty"}},
      {R"({"database": {}, "classes": ["Bow", "Bow"]})", {file, "Bow", "twice"}},
      {R"({"database": {}, "ambiguous": {"a": [[2, 1]]}})", {file, "a", "before"}},
      {R"({"database": {}, "ambiguous": {"a": 3}})", {file, "a", "list"}},
  };
  for (const auto& [text, words] : wrong) {
    expect_error(ErrorKind::kInput, words, [&, &json = text] { place.read(json); });
  }
}

TEST(Annotations, AnErrorInTextNamesTheFileAndTheLine) {
  const Place place;
  const auto read = [&](const std::string& text) {
    write_file(place.path / "Bow_val.txt", text);
    read_annotations(place.path);
  };
  const std::string file = (place.path / "Bow_val.txt").string();
  expect_error(ErrorKind::kInput, {file + ":2", "id start end"}, [&] { read("a 1 2\nb 3\n"); });
  expect_error(ErrorKind::kInput, {file + ":1", "id start end"}, [&] { read("a 1 2 3\n"); });
  expect_error(ErrorKind::kInput, {file + ":1", "'x'"}, [&] { read("a x 2\n"); });
  expect_error(ErrorKind::kInput, {"video a", "before"}, [&] { read("a 2 1\n"); });
  write_file(place.path / "Bow_test.txt", "a 1 2\n");
  expect_error(ErrorKind::kInput, {"Bow_val.txt", "video a", "test"}, [&] { read("a 1 2\n"); });
}

TEST(Annotations, AFolderOfSomethingElseIsAnErrorThatNamesWhatIsWanted) {
  const TempDir dir;
  write_file(dir.path() / "notes.txt", "x");
  expect_error(ErrorKind::kInput, {dir.path().string(), "videoname.npy", "_val.txt"},
               [&] { read_annotations(dir.path()); });
  expect_error(ErrorKind::kIo, {"none"}, [&] { read_annotations(dir.path() / "none"); });
}

// The folder that rich_annotations() is written to, with one file replaced.
std::string write_broken(const Place& place, const std::string& name, const std::string& bytes) {
  write_annotations(rich_annotations(), place.path, AnnotationFormat::kWtalc);
  write_file(place.path / name, bytes);
  return (place.path / name).string();
}

template <class Element>
std::string objects(const std::vector<Element>& elements) {
  const TempDir dir;
  ObjectNpyWriter writer(dir.path() / "x.npy", static_cast<std::int64_t>(elements.size()));
  for (const Element& element : elements) writer.add(element);
  writer.finish();
  return read_file(dir.path() / "x.npy");
}

TEST(Annotations, AnErrorInNpyFilesNamesTheFileTheRowAndTheDefect) {
  const Place place;
  const auto fails = [&](const std::string& name, const std::string& bytes, Strings words) {
    words.push_back(place.path.string());
    write_broken(place, name, bytes);
    expect_error(ErrorKind::kInput, words, [&] { read_annotations(place.path); });
  };
  using Segments = std::vector<ObjectNpyWriter::Pair>;
  fails("labels.npy", objects<Strings>({{}, {}}), {"labels.npy", "2 rows", "3"});
  fails("labels.npy", objects<Strings>({{"Bow"}, {}, {"Bow", "Jump", "Bow"}}),
        {"v_b", "1 labels", "2"});
  fails("labels.npy", objects<Segments>({{{1, 2}}, {}, {}}), {"labels.npy", "row 0", "text"});
  fails("segments.npy", objects<Strings>({{"Bow"}, {}, {}}), {"segments.npy", "row 0", "list"});
  fails("segments.npy", objects<Segments>({{{2, 1}, {1, 2}}, {}, {{1, 2}, {1, 2}, {1, 2}}}),
        {"v_b", "before"});
  fails("segments.npy", "junk", {"segments.npy"});
  fails("labels_all.npy", objects<Strings>({{"Bow"}, {"Bow"}, {"Run"}}), {"v_c", "'Run'"});
  fails("duration.npy", format_npy(Array({3, 2})), {"duration.npy", "row 0", "number"});
  fails("duration.npy", format_npy(Array({3}, {1, 1, -1})), {"v_c", "duration"});
  fails("subset.npy", format_npy(Array({3})), {"subset.npy", "row 0", "text"});
  fails("videoname.npy", npy_header("|S3", {3}) + "v_av_av_b", {"v_a", "twice"});
  fails("videoname.npy", npy_header("|S3", {3}) + "v_av_b\xff\xff\xff", {"UTF-8"});
  fails("videoname.npy", npy_header("|S0", {999999999999}), {"videoname.npy"});
  fails("Ambiguous_test.txt", "a b\n", {"Ambiguous_test.txt:1"});
}

TEST(Annotations, NpyFilesMayLackWhatCanBeDerived) {
  const Place place;
  write_annotations(rich_annotations(), place.path, AnnotationFormat::kWtalc);
  for (const char* name : {"labels_all.npy", "duration.npy", "Ambiguous_test.txt"}) {
    fs::remove(place.path / name);
  }
  write_file(place.path / "original_fps.npy", format_npy(Array({3})));
  const Annotations read = read_annotations(place.path);
  EXPECT_EQ(read.videos[0].labels, Strings({"Jump"}));
  EXPECT_EQ(read.videos[0].duration_s, 0);
  EXPECT_TRUE(read.ambiguous.empty());
  EXPECT_EQ(read.not_kept, std::set<std::string>({"original_fps.npy"}));
}

// Ten thousand rows that are all the same list of ten thousand labels.
TEST(Annotations, NpyFilesThatRepeatWithoutEndAreRefused) {
  constexpr std::int64_t kCount = 10000;
  std::string rows = "]q\x01(X\x04" + std::string(3, '\0') + "Jumpq\x02";
  for (int i = 1; i < kCount; ++i) rows += "h\x02";
  rows += 'e';
  for (int i = 1; i < kCount; ++i) rows += "h\x01";
  const std::string empty = objects(std::vector<Strings>(kCount));
  const std::size_t first = empty.find("](](e") + 2, end = empty.rfind("etb.");
  const std::string letters(kCount, 'a');

  const Place place;
  write_file(place.path / "labels_all.npy", empty.substr(0, first) + rows + empty.substr(end));
  write_file(place.path / "labels.npy", empty);
  write_file(place.path / "segments.npy", empty);
  write_file(place.path / "videoname.npy", npy_header("|S1", {kCount}) + letters);
  write_file(place.path / "subset.npy", npy_header("|S1", {kCount}) + letters);
  write_file(place.path / "classlist.npy", npy_header("|S4", {1}) + "Jump");
  expect_error(ErrorKind::kInput, {"labels_all.npy", "repeats"},
               [&] { read_annotations(place.path); });
}

// numpy turns lists of equal lengths into one dense array.
TEST(Annotations, NpyFilesMayBeDenseArrays) {
  const Place place;
  Annotations dense;
  dense.classes = {"Bow", "Jump"};
  dense.videos = {video("a", "test", 2, {"Bow"}, {{"Bow", 1, 2}}),
                  video("b", "test", 3, {"Jump"}, {{"Jump", 3, 4}})};
  write_annotations(dense, place.path, AnnotationFormat::kWtalc);
  for (const char* name : {"labels.npy", "labels_all.npy"}) {
    const std::string wide("B\0\0\0o\0\0\0w\0\0\0\0\0\0\0J\0\0\0u\0\0\0m\0\0\0p\0\0\0", 32);
    write_file(place.path / name, npy_header("<U4", {2, 1}) + wide);
  }
  write_file(place.path / "segments.npy", format_npy(Array({2, 1, 2}, {1, 2, 3, 4})));
  write_file(place.path / "duration.npy", format_npy(Array({2}, {2, 3})));
  expect_equal(read_annotations(place.path), dense);
}

TEST(Annotations, FoldersThatHoldOtherFilesAreNotReplaced) {
  for (const AnnotationFormat format : {AnnotationFormat::kWtalc, AnnotationFormat::kThumos}) {
    const Place place;
    write_annotations(rich_annotations(), place.path, format);
    write_annotations(rich_annotations(), place.path, format);
    write_file(place.path / "original_fps.npy", "mine");
    expect_error(ErrorKind::kInput, {place.path.string(), "original_fps.npy"},
                 [&] { write_annotations(rich_annotations(), place.path, format); });
    EXPECT_EQ(read_file(place.path / "original_fps.npy"), "mine");
  }
}

TEST(Annotations, FoldersThatHoldOtherTextAreNotReplaced) {
  const Place place;
  write_annotations(rich_annotations(), place.path, AnnotationFormat::kThumos);
  write_file(place.path / "Older_test.txt", "v_c  1 2\n");  // of a class that is no more
  write_annotations(rich_annotations(), place.path, AnnotationFormat::kThumos);
  write_file(place.path / "my_test.txt", "dear diary\n");
  expect_error(ErrorKind::kInput, {place.path.string(), "my_test.txt"}, [&] {
    write_annotations(rich_annotations(), place.path, AnnotationFormat::kThumos);
  });
  EXPECT_EQ(read_file(place.path / "my_test.txt"), "dear diary\n");
}

TEST(Annotations, TextRefusesWhatItHasNoWayToWrite) {
  const Place place;
  const auto fails = [&](const Annotations& annotations, const std::string& word) {
    expect_error(ErrorKind::kInput, {word},
                 [&] { write_annotations(annotations, place.path, AnnotationFormat::kThumos); });
    EXPECT_FALSE(fs::exists(place.path));
  };
  Annotations wrong = rich_annotations();
  wrong.videos[0].id = "v b";
  fails(wrong, "'v b'");
  wrong = rich_annotations();
  wrong.videos[0].subset = "holdout";
  fails(wrong, "'holdout'");
  wrong = rich_annotations();
  wrong.classes.push_back("up/down");
  fails(wrong, "'up/down'");
}

TEST(Annotations, MergeAddsWhatIsNewAndRefusesWhatContradicts) {
  Annotations first = rich_annotations(), second = rich_annotations();
  second.videos[1].duration_s = 3;  // was not known
  second.videos.push_back(video("v_e", "test", 1, {"Run"}, {}));
  second.classes.push_back("Run");
  second.ambiguous["v_e"] = {{1, 2}};
  merge(first, second);
  expect_equal(first, second);
  std::swap(second.videos[2].segments[0], second.videos[2].segments[2]);
  const Annotations before = first;
  merge(first, second);
  expect_equal(first, before);

  const auto conflict = [&](auto&& change, const std::string& what) {
    Annotations other = rich_annotations();
    change(other.videos[2]);
    expect_error(ErrorKind::kInput, {"v_c", what}, [&] { merge(first, other); });
  };
  conflict([](AnnotatedVideo& v) { v.subset = "training"; }, "subset");
  conflict([](AnnotatedVideo& v) { v.duration_s = 8; }, "duration");
  conflict([](AnnotatedVideo& v) { v.labels.pop_back(); }, "labels");
  conflict([](AnnotatedVideo& v) { v.segments.pop_back(); }, "segments");
  Annotations other = rich_annotations();
  other.ambiguous["v_c"].pop_back();
  expect_error(ErrorKind::kInput, {"v_c", "ambiguous"}, [&] { merge(first, other); });
}

TEST(Annotations, MergeKeepsAlphabeticalClassesSo) {
  Annotations first, second;
  first.classes = {"Bow", "Wave"};
  second.classes = {"Jump", "Wave"};
  merge(first, second);
  EXPECT_EQ(first.classes, Strings({"Bow", "Jump", "Wave"}));
}

TEST(Annotations, NumpyReadsTheNpyFilesAsTheAuthorsCodeDoes) {
  const Place place;
  write_annotations(rich_annotations(), place.path, AnnotationFormat::kWtalc);
  EXPECT_EQ(test::run_shell("cd " + test::shell_quoted(place.path) + R"( && /usr/bin/python3 -c '
import numpy
load = lambda name: numpy.load(name + ".npy", allow_pickle=True)
for name in ["videoname", "subset", "classlist"]:
    print(load(name).dtype, [text.decode("utf-8") for text in load(name)])
for name in ["labels", "labels_all", "segments"]: print(load(name).dtype, list(load(name)))
print(load("duration").dtype, load("duration").tolist())')"),
            "|S3 ['v_b', 'v_a', 'v_c']\n"
            "|S10 ['validation', 'test', 'test']\n"
            "|S4 ['Jump', 'Bow', 'Wave']\n"
            "object [['Jump', 'Jump'], [], ['Bow', 'Jump', 'Bow']]\n"
            "object [['Jump', 'Wave'], ['Bow'], ['Bow', 'Jump']]\n"
            "object [[[0.1, 0.3333333333333333], [2.0, 2.0]], [], [[1.0, 3.25], [1e-07, "
            "123456.789], [5.0, 6.0]]]\n"
            "float64 [[12.5], [0.0], [7.0]]\n");
}

TEST(Annotations, Thumos14ReadsAlikeFromJsonAndFromTheAuthorsNpyFiles) {
  const fs::path folder = test::data_dir() / "annotations";
  SKIP_WITHOUT(folder);
  Annotations json = read_annotations(folder / "thumos14_reduced.json");
  Annotations npy = read_annotations(folder / "Thumos14reduced-Annotations");
  EXPECT_EQ(json.classes.size(), 20u);
  EXPECT_EQ(json.videos.size(), 412u);
  EXPECT_EQ(npy.ambiguous, read_ambiguous(folder / "thumos14_ambiguous_test.txt"));
  EXPECT_EQ(npy.not_kept, std::set<std::string>({"extracted_fps.npy", "original_fps.npy"}));
  npy.ambiguous.clear();
  npy.not_kept.clear();
  expect_equal(json, npy);
  const auto differing = std::ranges::count_if(json.videos, [](const AnnotatedVideo& one) {
    std::set<std::string> labels;
    for (const AnnotatedSegment& segment : one.segments) labels.insert(segment.label);
    return !std::ranges::equal(one.labels, labels);
  });
  EXPECT_EQ(differing, 28);
}

TEST(Annotations, ReadsTheOtherPublishedFiles) {
  const fs::path folder = test::data_dir() / "annotations";
  SKIP_WITHOUT(folder);
  const Annotations activitynet = read_annotations(folder / "activitynet1.2.json");
  EXPECT_EQ(activitynet.videos.size(), 7202u);
  EXPECT_EQ(activitynet.classes.size(), 100u);
  EXPECT_EQ(activitynet.videos.front().id, "--0edUL8zmA");
  EXPECT_EQ(activitynet.videos.back().id, "IWHN3TD8mMQ");
  const Annotations stpn = read_annotations(folder / "thumos14_stpn_gt.json");
  EXPECT_EQ(stpn.videos.size(), 210u);
  EXPECT_EQ(stpn.videos.front().segments.front(), (AnnotatedSegment{"GolfSwing", 88.6, 90.9}));
}

TEST(Annotations, AmbiguousListsAreReadAlone) {
  const Place place;
  write_file(place.path, "v_a  1 2.5\n\nv_b 3 4\nv_a  5 6\r\n");
  EXPECT_EQ(read_ambiguous(place.path),
            (AmbiguousIntervals{{"v_a", {{1, 2.5}, {5, 6}}}, {"v_b", {{3, 4}}}}));
  write_file(place.path, "v_a 2 1\n");
  expect_error(ErrorKind::kInput, {place.path.string(), "v_a", "before"},
               [&] { read_ambiguous(place.path); });
}

}  // namespace
}  // namespace co2net
