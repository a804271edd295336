#include <gtest/gtest.h>

#include "pipeline/base/files.h"
#include "pipeline/base/json.h"
#include "pipeline/datasets/annotation_formats.h"
#include "pipeline/datasets/annotations.h"
#include "tests/unit/expect_error.h"

namespace co2net {
namespace {

using test::expect_error;
using Segments = std::vector<AnnotatedSegment>;
using Strings = std::vector<std::string>;

Annotations parsed(const std::string& text) { return parse_annotations(text, "place/file.x"); }

void refuses(const std::string& text, const Strings& words) {
  expect_error(ErrorKind::kInput, words, [&] { parsed(text); });
}

// Of one video.
AnnotatedVideo video_of(const std::string& text) {
  const Annotations annotations = parsed(text);
  EXPECT_EQ(annotations.videos.size(), 1u);
  return annotations.videos.at(0);
}

TEST(SegmentRows, AreReadByTheHeader) {
  const Annotations found = parsed(
      "\xEF\xBB\xBFsubset,start_s,end_s,note,label,id\r\n"
      "test,1.5,2,x,Jump,b\r\ntest,,,,,c\r\ntrain,3,4,,\"Bow, deep\",a\r\ntest,0,1,,Bow,b\r\n");
  EXPECT_EQ(found.classes, (Strings{"Bow", "Bow, deep", "Jump"}));
  EXPECT_EQ(found.not_kept, std::set<std::string>{"note"});
  ASSERT_EQ(found.videos.size(), 3u);
  EXPECT_EQ(found.videos[0],
            (AnnotatedVideo{"b", "test", 0, {"Bow", "Jump"}, {{"Jump", 1.5, 2}, {"Bow", 0, 1}}}));
  EXPECT_EQ(found.videos[1], (AnnotatedVideo{"c", "test", 0, {}, {}}));
  EXPECT_EQ(found.videos[2].subset, "train");
  EXPECT_EQ(video_of("id,label,score,start_s,end_s\na,Bow,0.5,1,2\n").subset, "training");
}

TEST(SegmentRows, ThatAreWrongAreNamedByTheirLine) {
  const std::string header = "id,label,start_s,end_s,subset\n";
  refuses(header + "a,Bow,1,2\n", {"place/file.x", "line 2", "want 5 fields, got 4"});
  refuses(header + "a,Bow,1,two,t\n", {"line 2", "'two'"});
  refuses(header + "a,Bow,1,,t\n", {"line 2", "''"});
  refuses(header + "a,Bow,1,2,t\na,Bow,1,2,u\n", {"line 3", "video a", "subset t"});
  refuses(header + "a,Bow,2,1,t\n", {"video a", "ends before it starts"});
  refuses(header + "a,Bow,1,inf,t\n", {"not finite"});
  refuses(header + "../a,Bow,1,2,t\n", {"'../a'"});
  refuses("id,start_s,end_s\na,1,2\n", {"holds no annotations", "id,label,start_s,end_s"});
}

// A document of ELAN with a tier "Jump".
std::string elan(const std::string& annotations, const std::string& header = "",
                 const std::string& before = "") {
  return "<?xml version='1.0' encoding='UTF-8'?>\n" + before + "<ANNOTATION_DOCUMENT><HEADER>" +
         header +
         "</HEADER><TIME_ORDER><TIME_SLOT TIME_SLOT_ID='ts1' TIME_VALUE='1500'/>"
         "<TIME_SLOT TIME_SLOT_ID='ts2' TIME_VALUE='2250'/><TIME_SLOT TIME_SLOT_ID='ts3'/>"
         "</TIME_ORDER><TIER TIER_ID='Jump'>" +
         annotations + "</TIER></ANNOTATION_DOCUMENT>";
}

std::string aligned(const std::string& value, const std::string& end = "ts2") {
  return "<ANNOTATION><ALIGNABLE_ANNOTATION TIME_SLOT_REF1='ts1' TIME_SLOT_REF2='" + end +
         "'><ANNOTATION_VALUE>" + value + "</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>";
}

TEST(Elan, HasASegmentAnAnnotationByItsValueElseItsTier) {
  const AnnotatedVideo video = video_of(elan(aligned("") + aligned(" a &lt;&amp;&#10;b ")));
  EXPECT_EQ(video.segments, (Segments{{"Jump", 1.5, 2.25}, {"a <&\nb", 1.5, 2.25}}));
  EXPECT_EQ(video.labels, (Strings{"Jump", "a <&\nb"}));
  EXPECT_EQ(video.subset, "training");
}

TEST(Elan, IsOfTheVideoThatItNamesElseThatItLinksElseOfItsOwnName) {
  const std::string media = "<MEDIA_DESCRIPTOR MEDIA_URL='file:///D:/x/my%20clip.mp4'/>";
  EXPECT_EQ(video_of(elan("")).id, "file");
  EXPECT_EQ(video_of(elan("", media)).id, "my clip");
  EXPECT_EQ(video_of(elan("", media + "<PROPERTY NAME='co2net.id'>sub/v.mp4</PROPERTY>")).id,
            "sub/v.mp4");
}

TEST(Elan, SaysWhichAnnotationsHaveNoTimes) {
  const Annotations found = parsed(
      elan(aligned("x", "ts3") + "<ANNOTATION><REF_ANNOTATION ANNOTATION_REF='a1'/></ANNOTATION>"));
  EXPECT_TRUE(found.videos.at(0).segments.empty());
  EXPECT_EQ(found.not_kept, std::set<std::string>{"annotations without times of tier Jump"});
}

TEST(Elan, OpensNothingThatADocumentAsksFor) {
  const TempDir dir;
  write_file(dir.path() / "secret", "secret");
  const std::string entities = "<!DOCTYPE d [<!ENTITY e SYSTEM 'file://" +
                               (dir.path() / "secret").string() +
                               "'><!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'>]>";
  const AnnotatedVideo video = video_of(elan(aligned("&e;") + aligned("&b;"), "", entities));
  EXPECT_EQ(video.labels, (Strings{"&b;", "&e;"}));
}

TEST(Elan, ThatIsWrongIsNamedByItsPlace) {
  refuses("<?xml version='1.0'?><ANNOTATION_DOCUMENT>", {"place/file.x", "not XML"});
  refuses("<?xml version='1.0'?><x><ANNOTATION_DOCUMENT/></x>", {"no ANNOTATION_DOCUMENT"});
  refuses("<?xml version='1.0'?><Error/>", {"XML, not the file itself"});
  refuses(
      "<ANNOTATION_DOCUMENT><TIME_ORDER><TIME_SLOT TIME_SLOT_ID='t1' TIME_VALUE='1.5'/>"
      "</TIME_ORDER></ANNOTATION_DOCUMENT>",
      {"time slot t1", "'1.5'"});
  refuses(elan(aligned("Bow", "ts1") +
               "<ANNOTATION><ALIGNABLE_ANNOTATION TIME_SLOT_REF1='ts2' TIME_SLOT_REF2='ts1'/>"
               "</ANNOTATION>"),
          {"video file", "ends before it starts"});
}

TEST(Elan, OfATierWithANameWithoutEndIsRefused) {
  refuses(
      "<ANNOTATION_DOCUMENT><TIER TIER_ID='" + std::string(5000, 'x') + "'/></ANNOTATION_DOCUMENT>",
      {"place/file.x", "5000 bytes"});
}

TEST(Elan, FilesOfAFolderAreReadTogether) {
  const TempDir dir;
  write_file(dir.path() / "a.eaf", elan(aligned("Bow")));
  write_file(dir.path() / "b.EAF", elan(aligned("")));
  write_file(dir.path() / "b.pfsx", "preferences");
  write_file(dir.path() / "below/c.eaf", elan(aligned("")));
  const Annotations found = read_annotations(dir.path());
  ASSERT_EQ(found.videos.size(), 3u);
  EXPECT_EQ(found.videos[1].id, "b");
  EXPECT_EQ(found.classes, (Strings{"Bow", "Jump"}));
}

constexpr const char* kRegion =
    R"({"type": "timelinelabels", "value": {"ranges": [{"start": 1, "end": 10}, {"start": 21,
        "end": 21}], "timelinelabels": ["Bow"]}})";

std::string task(const std::string& data, const std::string& annotations) {
  return R"({"id": 7, "data": {)" + data + R"(}, "annotations": [)" + annotations + "]}";
}

std::string annotation(const std::string& results, const std::string& more = "") {
  return R"({"result": [)" + results + "]" + more + "}";
}

TEST(LabelStudio, CountsFramesFromOneAndTheLastBelongsToARange) {
  const AnnotatedVideo video =
      video_of("[" + task(R"("video": "v.mp4", "fps": 10)", annotation(kRegion)) + "]");
  EXPECT_EQ(video.id, "v");
  EXPECT_EQ(video.segments, (Segments{{"Bow", 0, 1}, {"Bow", 2, 2.1}}));
}

TEST(LabelStudio, FindsTheVideosNameInItsAddresses) {
  const std::pair<std::string, std::string> kCases[] = {
      {"/data/local-files/?d=videos/my%20clip.mp4", "my clip"},
      {"/data/upload/3/0a1b2c3d-clip.mp4", "clip"},
      {"s3://bucket/0a1b2c3d-clip.mp4", "0a1b2c3d-clip"},
      {"https://host/a/clip.mp4?signature=/x#t=1", "clip"},
      {"clip%.mp4", "clip%"}};
  for (const auto& [address, id] : kCases) EXPECT_EQ(id_of_media(address), id) << address;
}

TEST(LabelStudio, TakesWhatIsSubmittedAndSaysWhatItLeaves) {
  const std::string data = R"("video": "v.mp4", "fps": "10")";
  const std::string none = annotation(""), one = annotation(kRegion),
                    truth = annotation(kRegion, R"(, "ground_truth": true)"),
                    cancelled = annotation(kRegion, R"(, "was_cancelled": true)");
  EXPECT_TRUE(video_of("[" + task(data, none + "," + cancelled) + "]").segments.empty());
  EXPECT_EQ(video_of("[" + task(data, none + "," + truth) + "]").segments.size(), 2u);
  refuses("[" + task(data, none) + "," + task(data, none + "," + one) + "]",
          {"task 2", "2 annotations", "ground truth"});
  const Annotations found = parsed("[" + task(R"("video": "w.mp4")", cancelled) + "," +
                                   task(data, annotation(R"({"type": "choices"})")) + "]");
  EXPECT_EQ(found.videos.size(), 1u);
  EXPECT_EQ(found.not_kept, (std::set<std::string>{"choices", "tasks that nobody has annotated"}));
}

TEST(LabelStudio, NeedsAFrameRateOfTheTaskOrOfTheInterfaceBesideIt) {
  const std::string tasks = "[" + task(R"("video": "v.mp4")", annotation(kRegion)) + "]";
  refuses(tasks, {"task 1", "video v", "config.xml", "'fps'"});
  const TempDir dir;
  write_file(dir.path() / "tasks.json", tasks);
  const auto end_s = [&](const std::string& config) {
    write_file(dir.path() / "config.xml", config);
    return read_annotations(dir.path()).videos.at(0).segments.at(0).end_s;
  };
  EXPECT_EQ(end_s("<View><Video name='v' frameRate='20'/></View>"), 0.5);
  EXPECT_EQ(end_s("<View><View><Video framerate='5.0'/></View></View>"), 2);
  expect_error(ErrorKind::kInput, {"config.xml"},
               [&] { end_s("<View><Video frameRate='$fps'/>"); });
  expect_error(ErrorKind::kInput, {"nothing says the frame rate"},
               [&] { end_s("<View><Video frameRate='$fps'/></View>"); });
}

TEST(LabelStudio, ThatIsWrongIsNamedByItsTask) {
  const auto refused = [](const std::string& text, const Strings& words) {
    refuses("[" + text + "]", words);
  };
  refused("{}, 1", {"place/file.x", "task 1", "'data'"});
  refused(task(R"("video": 1)", annotation("")), {"'video'"});
  refused(task("", annotation("")), {"'video'"});
  refused(task(R"("video": "v", "fps": 0)", annotation("")), {"video v", "'fps'"});
  refused(task(R"("video": "v", "fps": 1)", "1"), {"task 1"});
  refused(task(R"("video": "v", "fps": 1)", annotation(R"({"type": "timelinelabels"})")),
          {"video v", "'value'"});
  refused(task(R"("video": "v", "fps": 1)",
               annotation(R"({"type": "timelinelabels", "value": {"timelinelabels": ["a"],
                              "ranges": [{"start": 1.5, "end": 2}]}})")),
          {"video v", "'start'"});
}

TEST(LabelStudio, RegionsThatMultiplyWithoutEndAreRefused) {
  const auto region = [](int labels, int ranges) {
    Json value = {{"timelinelabels", Json::array()}, {"ranges", Json::array()}};
    for (int i = 0; i < labels; ++i) value["timelinelabels"].push_back("a" + std::to_string(i));
    for (int i = 0; i < ranges; ++i) value["ranges"].push_back({{"start", i + 1}, {"end", i + 1}});
    return "[" +
           task(R"("video": "v", "fps": 1)",
                annotation(to_text({{"type", "timelinelabels"}, {"value", value}}))) +
           "]";
  };
  EXPECT_EQ(video_of(region(10, 100)).segments.size(), 1000u);
  refuses(region(11, 100), {"video v", "100 ranges with 11 labels"});
  std::string text = region(1, 1);
  text.replace(text.find("a0"), 2, std::string(5000, 'a'));
  refuses(text, {"video v", "5000 bytes"});
}

TEST(AreAnnotations, TellsThemFromACsvOfLabels) {
  for (const char* const yes :
       {"{\"database\"", "[\n{\"id\": 1}]", "<?xml version='1.0'?><ANNOTATION_DOCUMENT/>",
        "<ANNOTATION_DOCUMENT/>", "id,label,start_s,end_s\n",
        "\xEF\xBB\xBFlabel,id,x,end_s,start_s\r\na"}) {
    EXPECT_TRUE(are_annotations(yes)) << yes;
  }
  for (const char* const no : {"file,label\na.mp4,bow", "{}.mp4,bow", "[1].mp4,bow", "<a>.mp4,bow",
                               "id,label\n", "\"id,label,start_s,end_s\n", ""}) {
    EXPECT_FALSE(are_annotations(no)) << no;
  }
}

}  // namespace
}  // namespace co2net
