#include "postprocess/exporters/formats.h"
#include "postprocess/distinct_segments.h"

#include <gtest/gtest.h>

#include <boost/algorithm/string.hpp>
#include <cstdlib>

#include "pipeline/base/files.h"
#include "pipeline/datasets/annotation_formats.h"
#include "tests/support.h"
#include "tests/unit/expect_error.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

using test::run_shell;
using test::shell_quoted;

// What each of the formats gives a meaning to.
constexpr const char* kHostile = "a --> b & <i>c</i>, \"d\"; #e = {\\an8} \\f\n\n5";
constexpr const char* kHostileLine = "a --> b & <i>c</i>, \"d\"; #e = {\\an8} \\f  5";

constexpr const char* kHostileTimes = "1.500000,0.504000\n3723.250000,76.750000\n";

Timeline timeline(const std::vector<Segment>& segments) {
  return {.id = "v",
          .path = "my videos/v.mp4",
          .duration_s = 4000,
          .frame_rate = 25,
          .has_scores = true,
          .segments = segments};
}

Timelines hostile() {
  return {timeline({{"Jump", 0.5, 3723.25, 3800}, {kHostile, 0.25, 1.5, 2.004}})};
}

// A file that another program reads.
struct Written {
  Written(const std::string& name, const std::string& text) : path(dir.path() / name) {
    write_file(path, text);
  }
  std::string quoted() const { return shell_quoted(path); }
  TempDir dir;
  fs::path path;
};

std::string python(const std::string& code, const fs::path& file) {
  return run_shell("/usr/bin/python3 -c " + shell_quoted(code) + " " + shell_quoted(file));
}

// Text as Python and C++ write it alike.
std::string quoted(const std::string& text) { return to_text(text); }

// The folder of a package of PyPI, installed once a build; empty where that cannot be.
std::string from_pypi(const std::string& package) {
  const std::string folder = std::string(CO2NET_PYPI_FOLDER) + "/" + package;
  const std::string place = shell_quoted(folder), partial = shell_quoted(folder + ".partial");
  const std::string install = "test -d " + place + " || (rm -rf " + partial +
                              " && /usr/bin/python3 -m pip install --quiet --target " + partial +
                              " " + package + " && mv " + partial + " " + place +
                              ") >/dev/null 2>&1";
  return std::system(install.c_str()) == 0 ? folder : "";
}

#define SKIP_WITHOUT_PYPI(folder)                      \
  if ((folder).empty()) GTEST_SKIP() << test::kNoPypi; \
  static_assert(true)

std::string times_of_subtitles(const Written& file) {
  return run_shell("ffprobe -v error -show_entries packet=pts_time,duration_time -of csv=p=0 " +
                   file.quoted());
}

// The texts as FFmpeg hands them to what draws them.
std::string texts_of_subtitles(const Written& file) {
  return run_shell("ffmpeg -v error -i " + file.quoted() +
                   " -f ass - | sed -n 's/^Dialogue: .*Default,,0,0,0,,//p' | tr -d '\\r'");
}

TEST(WebVtt, IsReadByFfmpegWithItsTimesAndTexts) {
  const Written file("v.vtt", webvtt_text(hostile()));
  EXPECT_EQ(times_of_subtitles(file), kHostileTimes);
  const std::string drawn = replaced(kHostileLine, {{'{', "\\{"}, {'}', "\\}"}});
  EXPECT_EQ(texts_of_subtitles(file), drawn + "\nJump\n");
}

TEST(Srt, IsReadByFfmpegWithItsTimesAndTexts) {
  const Written file("v.srt", srt_text(hostile()));
  EXPECT_EQ(times_of_subtitles(file), kHostileTimes);
  std::string texts = texts_of_subtitles(file);
  boost::erase_all(texts, "\u2060");
  EXPECT_EQ(texts, replaced(kHostileLine, {{'{', "("}, {'}', ")"}}) + "\nJump\n");
}

TEST(Subtitles, OfAVideoWithoutSegmentsAreEmptyAndValid) {
  EXPECT_EQ(webvtt_text({timeline({})}), "WEBVTT\n");
  EXPECT_EQ(srt_text({timeline({})}), "");
}

TEST(Chapters, AreReadByFfprobeWithTheirTimesAndTitles) {
  const Written file("v.ffmetadata", chapters_text(hostile()));
  const Json chapters =
      parse_json(run_shell("ffprobe -v error -show_chapters -of json " + file.quoted()), "ffprobe",
                 ErrorKind::kInput)
          .at("chapters");
  ASSERT_EQ(chapters.size(), 2u);
  EXPECT_EQ(chapters[0].at("start_time"), "1.500000");
  EXPECT_EQ(chapters[0].at("end_time"), "2.004000");
  EXPECT_EQ(chapters[0].at("tags").at("title"), kHostileLine);
  EXPECT_EQ(chapters[1].at("start_time"), "3723.250000");
  EXPECT_EQ(chapters[1].at("tags").at("title"), "Jump");
}

TEST(Csv, IsReadByPythonsCsv) {
  Timeline bare{.id = "w, 2", .subset = "test", .segments = {{kHostile, 0, 0.1, 2}}};
  const std::string code =
      "import csv, json, sys\n"
      "print(json.dumps(list(csv.reader(open(sys.argv[1], newline='')))))";
  const auto read = [&](const Timelines& videos) {
    return parse_json(python(code, Written("v.csv", csv_text(videos)).path), "csv",
                      ErrorKind::kInput);
  };
  EXPECT_EQ(read(hostile()), Json::array({{"id", "label", "score", "start_s", "end_s"},
                                          {"v", "Jump", "0.5", "3723.25", "3800.0"},
                                          {"v", kHostile, "0.25", "1.5", "2.004"}}));
  EXPECT_EQ(read({bare, {.id = "none", .subset = "test"}}),
            Json::array({{"id", "label", "start_s", "end_s", "subset"},
                         {"w, 2", kHostile, "0.1", "2.0", "test"},
                         {"none", "", "", "", "test"}}));
}

// Segments of a class that overlap, and a class that is called as a second tier would be.
Timelines overlapping() {
  return {timeline({{"Jump", 0.9, 1, 4},
                    {"Jump", 0.8, 2, 3},
                    {"Jump", 0.7, 3, 5},
                    {"Jump (2)", 0.6, 1, 2},
                    {kHostile, 0.5, 0.001, 0.002}})};
}

TEST(Elan, HasTheStructureThatItsSchemaAsksFor) {
  for (const Timelines& videos : {hostile(), overlapping(), {timeline({})}}) {
    const Written file("v.eaf", elan_text(videos));
    EXPECT_EQ(python("import sys, lxml.etree as etree\n"
                     "schema = etree.XMLSchema(etree.parse('" CO2NET_ELAN_SCHEMA "'))\n"
                     "schema.assertValid(etree.parse(sys.argv[1]))\n"
                     "print('valid')",
                     file.path),
              "valid\n");
  }
}

TEST(Elan, KeepsSegmentsOfATierApart) {
  const Written file("v.eaf", elan_text(overlapping()));
  EXPECT_EQ(python("import sys, lxml.etree as etree\n"
                   "document = etree.parse(sys.argv[1]).getroot()\n"
                   "slots = document.findall('.//TIME_SLOT')\n"
                   "times = {s.get('TIME_SLOT_ID'): int(s.get('TIME_VALUE')) for s in slots}\n"
                   "assert list(times.values()) == sorted(times.values())\n"
                   "for tier in document.findall('TIER')[:3]:\n"
                   "    found = [(times[a.get('TIME_SLOT_REF1')], times[a.get('TIME_SLOT_REF2')])\n"
                   "             for a in tier.iter('ALIGNABLE_ANNOTATION')]\n"
                   "    print(tier.get('TIER_ID'), found)",
                   file.path),
            "Jump [(1000, 4000)]\nJump (2) [(2000, 3000), (3000, 5000)]\nJump (2) (2) [(1000, "
            "2000)]\n");
}

TEST(Elan, IsReadByPympi) {
  const std::string folder = from_pypi("pympi-ling==1.71");
  SKIP_WITHOUT_PYPI(folder);
  const Written file("v.eaf", elan_text(hostile()));
  EXPECT_EQ(python("import sys; sys.path.insert(0, '" + folder +
                       "')\n"
                       "import json, pympi\n"
                       "document = pympi.Elan.Eaf(sys.argv[1])\n"
                       "for tier in sorted(document.get_tier_names()):\n"
                       "    print(json.dumps(document.get_annotation_data_for_tier(tier)))\n"
                       "print(document.get_linked_files()[0]['MEDIA_URL'])",
                   file.path),
            "[[3723250, 3800000, \"Jump\"]]\n[[1500, 2004, " + quoted(kHostileLine) +
                "]]\n./my%20videos/v.mp4\n");
}

TEST(Otio, IsReadByOpenTimelineIo) {
  const std::string folder = from_pypi("opentimelineio==0.18.1");
  SKIP_WITHOUT_PYPI(folder);
  const std::string code =
      "import sys; sys.path.insert(0, '" + folder +
      "')\n"
      "import json, opentimelineio\n"
      "timeline = opentimelineio.adapters.read_from_file(sys.argv[1])\n"
      "[clip] = timeline.find_clips()\n"
      "print(timeline.name, clip.duration().to_seconds(),\n"
      "      getattr(clip.media_reference, 'target_url', None))\n"
      "for marker in clip.markers:\n"
      "    of = marker.marked_range\n"
      "    print(json.dumps(marker.name), of.start_time.value, of.duration.value,\n"
      "          of.start_time.rate, marker.metadata.get('co2net'))";
  EXPECT_EQ(python(code, Written("v.otio", otio_text(hostile())).path),
            "v 4000.0 my%20videos/v.mp4\n" + quoted(kHostile) +
                " 37.5 12.6 25.0 {'score': 0.25}\n\"Jump\" 93081.25 1918.75 25.0 {'score': 0.5}\n");
  const Timeline bare{.id = "w", .segments = {{"Jump", 0, 1, 2.5}}};
  EXPECT_EQ(python(code, Written("w.otio", otio_text({bare})).path),
            "w 2.5 None\n\"Jump\" 1000.0 1500.0 1000.0 None\n");
}

Json tasks_of(const Timelines& videos) {
  return parse_json(labelstudio_tasks(videos), "tasks", ErrorKind::kInput);
}

TEST(LabelStudio, TasksHaveTheDocumentedKeys) {
  const Json task = tasks_of({timeline({{"Jump", 0.5, 1, 2}})}).at(0);
  EXPECT_EQ(task.at("data"), (Json{{"video", "/data/local-files/?d=my%20videos/v.mp4"},
                                   {"video_id", "v"},
                                   {"fps", 25.0}}));
  const Json& prediction = task.at("predictions").at(0);
  EXPECT_TRUE(prediction.at("model_version").is_string());
  EXPECT_EQ(prediction.at("result"),
            Json::array({{{"id", "segment1"},
                          {"from_name", "timelineLabels"},
                          {"to_name", "video"},
                          {"type", "timelinelabels"},
                          {"score", 0.5},
                          {"value",
                           {{"ranges", Json::array({{{"start", 26}, {"end", 50}}})},
                            {"timelinelabels", {"Jump"}}}}}}));
}

TEST(LabelStudio, AnnotationsBecomeWhatIsAnnotatedAndNotPredicted) {
  const Timeline video{.id = "w", .frame_rate = 10, .segments = {{"Jump", 0, 1, 1}}};
  const Json task = tasks_of({video}).at(0);
  EXPECT_FALSE(task.contains("predictions"));
  const Json& region = task.at("annotations").at(0).at("result").at(0);
  EXPECT_FALSE(region.contains("score"));
  EXPECT_EQ(region.at("value").at("ranges"), Json::array({{{"start", 11}, {"end", 11}}}));
}

TEST(LabelStudio, TheInterfaceHasTheFrameRateAndEachLabelOnce) {
  const std::string code =
      "import sys, lxml.etree as etree\n"
      "view = etree.parse(sys.argv[1]).getroot()\n"
      "control, video = view.find('TimelineLabels'), view.find('Video')\n"
      "print(control.get('toName') == video.get('name'), video.get('value'), "
      "video.get('frameRate'))\n"
      "for label in control: print(label.get('value'))";
  const auto config = [&](const Timelines& videos) {
    return python(code, Written("config.xml", labelstudio_config(videos)).path);
  };
  Timelines videos = {timeline({{"Jump", 1, 0, 1}, {kHostile, 1, 0, 1}, {"Jump", 1, 2, 3}})};
  EXPECT_EQ(config(videos), "True $video 25.0\nJump\n" + std::string(kHostileLine) + "\n");
  videos.push_back(timeline({}));
  videos.back().frame_rate = 29.97;
  EXPECT_EQ(config(videos), "True $video $fps\nJump\n" + std::string(kHostileLine) + "\n");
}

TEST(LabelStudio, WithoutAFrameRateAsksForIt) {
  test::expect_error(ErrorKind::kUsage, {"1 video (w)", "--fps"},
                     [] { labelstudio_tasks({Timeline{.id = "w"}}); });
}

TEST(WithoutOverlap, TakesTheBestOfEachClassInTheOrderOfTime) {
  const std::vector<Segment> kept = by_start(without_overlaps({{"a", 0.1, 0, 1},
                                                               {"a", 0.5, 2, 4},
                                                               {"a", 0.9, 3, 6},
                                                               {"b", 0.2, 3, 5},
                                                               {"a", 0.4, 6, 7},
                                                               {"a", 0.3, 2.5, 6.5},
                                                               {"a", 0.2, 0.5, 1.5}}));
  std::string text;
  for (const Segment& segment : kept) {
    text += segment.label + " " + Json(segment.start_s).dump() + " ";
  }
  EXPECT_EQ(text, "a 0.5 b 3.0 a 3.0 a 6.0 ");
}

TEST(ExportFiles, AreOneAVideoWhereAFormatHoldsOne) {
  Timelines videos = {timeline({}), timeline({})};
  videos[1].id = "sub/w.mp4";
  const auto paths = [&](std::string_view format, const ExportTarget& target) {
    std::string text;
    for (const ExportFile& file : export_files(export_row(format), videos, target)) {
      text += file.path.string() + ";";
    }
    return text;
  };
  EXPECT_EQ(paths("vtt", {"out", true}), "out/v.vtt;out/sub/w.mp4.vtt;");
  EXPECT_EQ(paths("csv", {"out.csv", false}), "out.csv;");
  EXPECT_EQ(paths("labelstudio", {"out", false}), "out/tasks.json;out/config.xml;");
  test::expect_error(ErrorKind::kUsage, {"elan holds one video", "there are 2", "-o DIR/"}, [&] {
    paths("elan", {"out", false});
  });
  videos.pop_back();
  EXPECT_EQ(paths("vtt", {"v.vtt", false}), "v.vtt;");
  EXPECT_EQ(paths("vtt", {}), ";");
  videos[0].id = "../v";
  test::expect_error(ErrorKind::kInput, {"'../v'"}, [&] { paths("vtt", {"out", true}); });
  EXPECT_EQ(paths("csv", {"out.csv", false}), "out.csv;") << "no file is called by the id";
  videos[0].id = "v";
  videos[0].segments = {{"\xff", 1, 0, 1}};
  test::expect_error(ErrorKind::kInput, {"not UTF-8"}, [&] { paths("vtt", {}); });
}

TEST(ExportRow, OfAnUnknownNameIsAnErrorThatListsThem) {
  for (const ExportRow& row : export_rows()) EXPECT_EQ(export_row(row.name).format, row.format);
  test::expect_error(ErrorKind::kUsage, {"'xml'", "activitynet, jsonl", "otio"},
                     [] { export_row("xml"); });
}

}  // namespace
}  // namespace co2net
