#include <gtest/gtest.h>

#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>

#include "extractors/video/video_reader.h"
#include "pipeline/base/text.h"
#include "postprocess/palette.h"
#include "tests/e2e/program.h"
#include "tests/support.h"

namespace co2net::test {
namespace {

constexpr int kClipFrames = 60;  // 12 s

class Render : public testing::Test {
 protected:
  Render() {
    for (const char* name : {"a", "b"}) draw_clip(path(std::string(name) + ".mp4"), kClipFrames);
    write_results({{"a", "a.mp4"}, {"b", "b.mp4"}});
  }

  fs::path path(const std::string& name) const { return dir_.path() / name; }

  // Two final segments in each video, and a candidate.
  void write_results(const std::vector<std::pair<std::string, std::string>>& videos) const {
    Json document = {{"recipe", {{"stride", 16}}}};
    for (const auto& [id, file] : videos) {
      Json final = {{{"label", "run/jump"}, {"score", 0.5}, {"segment", {1, 3}}},
                    {{"label", "fall"}, {"score", 0.25}, {"segment", {6.4, 9}}}};
      document["final"][id] = final;
      final.push_back({{"label", "rest"}, {"score", 0.1}, {"segment", {0, 1}}});
      document["results"][id] = final;
      document["videos"][id] = {{"path", file}, {"duration", 12}, {"fps", 5}};
    }
    write_file(path("results.json"), document.dump());
  }

  Outcome render(const Strings& arguments) const {
    return co2net(Strings{"render", "--results", path("results.json")} + arguments);
  }
  static SourceInfo look(const fs::path& video) { return probe_video(video).streams.at(0); }

  // Files of the clips of a video, and how many frames each has.
  std::vector<std::pair<std::string, std::int64_t>> clips(const std::string& id) const {
    std::vector<std::pair<std::string, std::int64_t>> found;
    for (const std::string& name : names_in(path("clips") / id)) {
      const bool is_list = name == "clips.csv";
      found.emplace_back(name, is_list ? 0 : look(path("clips") / id / name).declared_frames);
    }
    return found;
  }

 private:
  TempDir dir_;
};

TEST_F(Render, CopiesTheVideosThatTheResultsName) {
  const Outcome outcome = render({"-o", path("out")});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(names_in(path("out")), (Strings{"a.mp4", "b.mp4"}));
  const SourceInfo copy = look(path("out") / "a.mp4");
  EXPECT_EQ(copy.codec, "h264");
  EXPECT_EQ(copy.width, 160);
  EXPECT_GT(copy.height, 120) << "the timeline is below the picture";
  EXPECT_EQ(copy.declared_frames, kClipFrames);
}

TEST_F(Render, CopiesTheVideosThatAreNamed) {
  EXPECT_EQ(render({path("b.mp4"), "-o", path("only.mp4")}).code, 0);
  EXPECT_EQ(look(path("only.mp4")).declared_frames, kClipFrames);

  fs::rename(path("b.mp4"), path("renamed.mp4"));
  const Outcome unknown = render({path("renamed.mp4"), "-o", path("out")});
  EXPECT_EQ(unknown.code, 1);
  EXPECT_TRUE(unknown.says("no video 'renamed', but 2 videos (a, b); name one of them"))
      << unknown.err;
  write_results({{"some/thing", path("renamed.mp4")}});
  EXPECT_EQ(render({path("renamed.mp4"), "-o", path("out")}).code, 0);
  EXPECT_EQ(names_in(path("out")), Strings{"renamed.mp4"});
}

TEST_F(Render, AMissingOrBrokenVideoDoesNotTouchTheOthers) {
  write_file(path("a.mp4"), "no video");
  write_results({{"a", "a.mp4"}, {"absent", "absent.mp4"}, {"b", "b.mp4"}});
  for (const char* threads : {"1", "2"}) {
    const Outcome outcome = render({"-o", path("out"), "--threads", threads});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_TRUE(outcome.says("absent.mp4")) << outcome.err;
    EXPECT_TRUE(outcome.says("a.mp4")) << outcome.err;
    EXPECT_EQ(names_in(path("out")), Strings{"b.mp4"}) << "complete or absent";
    fs::remove_all(path("out"));
  }
  EXPECT_EQ(render({"-o", path("out"), "--fail-fast", "-j", "1"}).code, 1);
  EXPECT_FALSE(fs::exists(path("out") / "b.mp4"));
}

TEST_F(Render, OfResultsOfFeaturesNeedsTheVideo) {
  write_results({{"a", "features/a.npy"}});
  const Outcome outcome = render({"-o", path("out")});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(outcome.says("give the video itself")) << outcome.err;
  EXPECT_EQ(render({path("a.mp4"), "-o", path("out")}).code, 0);
}

TEST_F(Render, DrawsGroundTruthOfTheSameVideos) {
  const auto write_truth = [&](const std::string& id) {
    write_file(path("gt.json"), R"({"database": {")" + id + R"(": {"subset": "test", "duration": 12,
        "annotations": [{"label": "sit", "segment": [1, 4]}]}}})");
  };
  const auto height = [&](const Strings& options) {
    EXPECT_EQ(render(Strings{path("a.mp4"), "-o", path("out.mp4")} + options).code, 0);
    return look(path("out.mp4")).height;
  };
  write_truth("a");
  EXPECT_GT(height({"--ground-truth", path("gt.json")}), height({})) << "a row for what is true";
  EXPECT_GT(height({"--all"}), height({})) << "a row for the candidate's class";
  EXPECT_LT(height({"--top-k", "1"}), height({}));
  EXPECT_LT(height({"--min-score", "0.3"}), height({}));
  write_truth("other");
  const Outcome foreign = render({"-o", path("out"), "--ground-truth", path("gt.json")});
  EXPECT_EQ(foreign.code, 1);
  EXPECT_TRUE(foreign.says("other")) << foreign.err;
}

// Whether below the picture of the first frame there is that colour, about.
bool has_below(const fs::path& video, int height, const Colour& colour) {
  const fs::path png = video.string() + ".png";
  run_shell("ffmpeg -nostdin -v error -y -i " + shell_quoted(video) + " -frames:v 1 " +
            shell_quoted(png));
  const cv::Mat frame = cv::imread(png);
  cv::Mat is_near;
  const cv::Scalar bgr(colour.blue, colour.green, colour.red), about(40, 40, 40);
  cv::inRange(frame.rowRange(height, frame.rows), bgr - about, bgr + about, is_near);
  return cv::countNonZero(is_near) > 0;
}

TEST_F(Render, AClassKeepsItsColourWhateverIsLeftOut) {
  const Colour third = class_colour(2);  // "run/jump" after "fall" and "rest"
  for (const Strings& options : {Strings{}, Strings{"--all"}, Strings{"--min-score", "0.3"}}) {
    const fs::path copy = path("copy.mp4");
    EXPECT_EQ(render(Strings{path("a.mp4"), "-o", copy} + options).code, 0);
    EXPECT_TRUE(has_below(copy, 120, third)) << testing::PrintToString(options);
  }
}

TEST_F(Render, CutsAClipOfEachSegment) {
  EXPECT_EQ(render({"--clips", path("clips"), "--exact"}).code, 0);
  const std::vector<std::pair<std::string, std::int64_t>> exact = {
      {"00001.000-00003.000_run_jump.mp4", 10},
      {"00006.400-00009.000_fall.mp4", 13},
      {"clips.csv", 0}};
  EXPECT_EQ(clips("a"), exact);
  EXPECT_EQ(clips("b"), exact);
  EXPECT_EQ(read_file(path("clips") / "a" / "clips.csv"),
            "file,label,score,start_s,end_s,file_start_s,file_end_s\n"
            "00001.000-00003.000_run_jump.mp4,run/jump,0.5,1.0,3.0,1.0,3.0\n"
            "00006.400-00009.000_fall.mp4,fall,0.25,6.4,9.0,6.4,9.0\n");

  EXPECT_EQ(render({"--clips", path("clips"), "-o", path("out")}).code, 0);
  EXPECT_EQ(names_in(path("out")).size(), 2u);
  ASSERT_EQ(clips("a").size(), 3u) << "in place of the others";
  EXPECT_GE(clips("a")[1].second, 13) << "from a key frame on";
}

TEST_F(Render, ReplacesClipsAndNothingElse) {
  write_file(path("clips/a/notes.txt"), "mine");
  const Outcome outcome = render({"--clips", path("clips")});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(outcome.says("notes.txt")) << outcome.err;
  EXPECT_EQ(names_in(path("clips/a")), Strings{"notes.txt"});
  EXPECT_EQ(names_in(path("clips/b")).size(), 3u);
}

TEST_F(Render, NeverOverwritesAVideoThatItReads) {
  const std::string before = read_file(path("a.mp4"));
  const Outcome outcome = render({"-o", path("")});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(outcome.says("would overwrite the input")) << outcome.err;
  EXPECT_EQ(render({path("a.mp4"), "-o", path("a.mp4")}).code, 1);
  EXPECT_EQ(read_file(path("a.mp4")), before);

  const fs::path clip = path("clips/a/00000.000-00001.000_x.mp4");
  write_file(clip, before);
  write_results({{"a", clip}});
  EXPECT_EQ(render({"--clips", path("clips")}).code, 1);
  EXPECT_EQ(read_file(clip), before);
}

TEST_F(Render, ReplacesItsOwnCopiesInAFolderAndNoOtherVideo) {
  const std::string mine = read_file(path("b.mp4"));
  write_file(path("out/a.mp4"), mine);
  EXPECT_EQ(render({"-o", path("out")}).code, 1);
  const Outcome again = render({"-o", path("out")});
  EXPECT_EQ(again.code, 1);
  EXPECT_TRUE(again.says("a.mp4 is there already")) << again.err;
  EXPECT_FALSE(again.says("b.mp4 is there already")) << "that is a copy: " << again.err;
  EXPECT_EQ(read_file(path("out/a.mp4")), mine);
  EXPECT_EQ(render({path("a.mp4"), "-o", path("out/a.mp4")}).code, 0) << "named by itself";
}

TEST_F(Render, IdsWithinOthersHaveFoldersOfTheirOwn) {
  write_results({{"a", path("a.mp4")}, {"a/x", path("b.mp4")}, {"a%2Fx", path("b.mp4")}});
  for (const char* threads : {"1", "2", "2"}) {
    const Outcome outcome = render({"--clips", path("clips"), "-j", threads});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(names_in(path("clips")), (Strings{"a", "a%252Fx", "a%2Fx"}));
    for (const char* folder : {"a", "a%2Fx", "a%252Fx"}) EXPECT_EQ(clips(folder).size(), 3u);
  }
}

TEST_F(Render, WritesNothingOfAVideoWhereOneOfBothPlacesIsTaken) {
  write_file(path("clips/a/2024-05-01_mine.mp4"), "mine");
  const Outcome outcome = render({"-o", path("out"), "--clips", path("clips")});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(outcome.says("choose another place with --clips")) << outcome.err;
  EXPECT_EQ(names_in(path("out")), Strings{"b.mp4"});
  EXPECT_EQ(names_in(path("clips/a")), Strings{"2024-05-01_mine.mp4"});
}

TEST_F(Render, SaysWhereItsFilesWent) {
  const Outcome both = render({"-o", path("out"), "--clips", path("clips")});
  EXPECT_TRUE(both.says("2 copies in " + path("out").string())) << both.err;
  EXPECT_TRUE(both.says("clips of 2 videos in " + path("clips").string())) << both.err;
}

TEST_F(Render, OfResultsWithoutVideosHasNoInput) {
  write_file(path("results.json"), R"({"results": {}})");
  const Outcome outcome = render({"-o", path("out")});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_TRUE(outcome.says("no input found")) << outcome.err;
}

TEST_F(Render, WrongUseExitsWith2) {
  struct Case {
    Strings arguments;
    std::string words;
  };
  for (const Case& wrong : std::vector<Case>{
           {{"render", path("a.mp4"), "-o", path("out")}, "--results"},
           {{"render", "--results", path("results.json")}, "--clips DIR"},
           {{"render", "--results", path("results.json"), "-o", path("x.mp4")}, "2 videos"},
           {{"render", "--results", path("results.json"), "-o", path("x.avi")}, "x.avi"},
           {{"render", "--results", path("results.json"), "-o", path("x"), "--exact"}, "--clips"},
           {{"render", "--results", path("results.json"), "-o", path("x"), "--top-k", "0"},
            "--top-k"},
           {{"render", "--results", path("results.json"), "-o", path("x"), "--min-score", "nan"},
            "--min-score must be a finite number"},
           {{"render", "--results", path("results.json"), "-o", path("x"), "--min-score", "inf"},
            "--min-score must be a finite number"}}) {
    const Outcome outcome = co2net(wrong.arguments);
    EXPECT_EQ(outcome.code, 2) << testing::PrintToString(wrong.arguments) << outcome.err;
    EXPECT_TRUE(outcome.says(wrong.words)) << outcome.err;
  }
}

TEST_F(Render, SaysWhichResultsAreOfNoVideo) {
  Json document = parse_json(read_file(path("results.json")), "results", ErrorKind::kInput);
  document["errors"]["broken"] = {{"stage", "decode"}, {"message", "no frame"}};
  write_file(path("results.json"), document.dump());
  const Outcome outcome = render({"-o", path("out")});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_TRUE(outcome.says("left out, without results: 1 video (broken)")) << outcome.err;
  EXPECT_FALSE(outcome.says("no final segments are known")) << outcome.err;
}

TEST_F(Render, AnIdThatIsLongerThanAFilesNameStopsNoOtherVideo) {
  const std::string folders = std::string(120, 'd') + "/" + std::string(120, 'e') + "/";
  const std::string a = folders + std::string(90, 'a'), b = folders + std::string(90, 'b');
  const std::string impossible(300, 'x');
  write_results(
      {{a, path("a.mp4")}, {b, path("b.mp4")}, {"b", path("b.mp4")}, {impossible, path("a.mp4")}});
  const Outcome clipped = render({"--clips", path("clips")});
  EXPECT_EQ(clipped.code, 0) << clipped.err;
  EXPECT_EQ(names_in(path("clips")).size(), 4u);
  const Outcome copied = render({"-o", path("out")});
  EXPECT_EQ(copied.code, 1);
  EXPECT_TRUE(copied.says("give it a shorter name")) << copied.err;
  EXPECT_EQ(names_in(path("out")).size(), 2u) << "a folder and b.mp4";
}

TEST_F(Render, KeepsFlacAsItIs) {
  run_shell("ffmpeg -nostdin -v error -i " + shell_quoted(path("a.mp4")) +
            " -f lavfi -i sine=d=12 -c:v copy -c:a flac " + shell_quoted(path("a.mkv")));
  for (const auto& [options, file] : std::vector<std::pair<Strings, fs::path>>{
           {{"-o", path("out")}, path("out/a.mp4")},
           {{"--clips", path("clips")}, path("clips/a/00001.000-00003.000_run_jump.mp4")}}) {
    const Outcome outcome = render(Strings{path("a.mkv")} + options);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(run_shell("ffprobe -v error -select_streams a -show_entries stream=codec_name -of "
                        "csv=p=0 " +
                        shell_quoted(file)),
              "flac\n");
  }
}

TEST_F(Render, StrictRefusesAVideoThatDecodesOnlyInPart) {
  std::string bytes = read_file(path("a.mp4"));
  for (std::size_t i = bytes.size() / 3; i < bytes.size() / 2; ++i) bytes[i] = 0;
  write_file(path("a.mp4"), bytes);
  const Outcome lenient = render({path("a.mp4"), "-o", path("out")});
  EXPECT_EQ(lenient.code, 0) << lenient.err;
  EXPECT_TRUE(lenient.says("not complete")) << lenient.err;
  fs::remove_all(path("out"));
  EXPECT_EQ(render({path("a.mp4"), "-o", path("out"), "--strict"}).code, 1);
  EXPECT_TRUE(names_in(path("out")).empty());
}

TEST_F(Render, StrictCutsNoClipsOfAFileThatBreaksOff) {
  run_shell("ffmpeg -nostdin -v error -i " + shell_quoted(path("a.mp4")) +
            " -c copy -movflags +faststart " + shell_quoted(path("half.mp4")));
  fs::resize_file(path("half.mp4"), fs::file_size(path("half.mp4")) / 2);
  write_results({{"half", "half.mp4"}});
  for (const Strings& how : {Strings{}, Strings{"--exact"}}) {
    const Strings arguments = Strings{path("half.mp4"), "--clips", path("clips")} + how;
    EXPECT_EQ(render(arguments + Strings{"--strict"}).code, 1);
    EXPECT_FALSE(fs::exists(path("clips/half")));
    const Outcome lenient = render(arguments);
    EXPECT_EQ(lenient.code, 0) << lenient.err;
    EXPECT_TRUE(lenient.says("not complete")) << lenient.err;
    fs::remove_all(path("clips"));
  }
}

TEST_F(Render, TakesTheIdsOfStrangersForNothingButNames) {
  write_results({{"../../evil", path("a.mp4")}});
  const Outcome outcome = render({"-o", path("deep/er/out")});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_FALSE(fs::exists(path("deep/evil.mp4")));
  EXPECT_TRUE(outcome.says("../../evil")) << outcome.err;
}

}  // namespace
}  // namespace co2net::test
