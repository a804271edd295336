#include <gtest/gtest.h>

#include <opencv2/imgcodecs.hpp>

#include "pipeline/formats/npy.h"
#include "tests/e2e/program.h"

namespace co2net::test {
namespace {

constexpr const char* kTruth = R"({"database": {
  "clip": {"subset": "test", "duration": 12.8, "annotations": [
    {"label": "run", "segment": [1, 4]}]}}})";

class Report : public testing::Test {
 protected:
  Report() {
    draw_clip(path("clip.mkv"), kFrames);
    write_results("results.json", "clip");
    write_file(path("gt.json"), kTruth);
  }

  fs::path path(const std::string& name) const { return dir_.path() / name; }

  // Results of one video of that id, whose file is the clip, named from the results' folder.
  void write_results(const std::string& name, const std::string& id) const {
    const Json segments = {{{"label", "run"}, {"score", 0.5}, {"segment", {1, 3}}}};
    const Json document = {
        {"results", {{id, segments}}},
        {"final", {{id, segments}}},
        {"videos", {{id, {{"path", "clip.mkv"}, {"duration", 12.8}, {"fps", 5}}}}},
        {"errors", {{"broken", {{"stage", "decode"}, {"message", "no frame"}}}}},
        {"recipe", {{"stride", 16}}}};
    write_file(path(name), document.dump());
  }

  Outcome report(const Strings& options = {}) const {
    return co2net(Strings{"report", path("results.json"), "-o", path("page")} + options);
  }

  // What the page gets from a script of its folder.
  Json data(const std::string& name) const {
    const std::string script = read_file(path("page") / "data" / name);
    const std::size_t begin = script.find('(') + 1;
    return parse_json(script.substr(begin, script.rfind(')') - begin), name, ErrorKind::kInput);
  }

 private:
  TempDir dir_;
};

TEST_F(Report, ShowsWhatWasFoundBesideTheVideo) {
  const Outcome outcome = report({"--ground-truth", path("gt.json")});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "");
  EXPECT_TRUE(outcome.says("page/index.html"));
  EXPECT_NE(read_file(path("page") / "index.html").find("data/videos.js"), std::string::npos);

  const Json list = data("videos.js");
  ASSERT_EQ(list.at("videos").size(), 2u);
  EXPECT_EQ(list.at("videos").at(0).at("strip"), "data/0.jpg");
  EXPECT_TRUE(fs::exists(path("page") / "data/0.jpg"));
  EXPECT_EQ(list.at("videos").at(1).at("error"), "decode: no frame");

  const Json page = data("0.js");
  EXPECT_EQ(page.at("found").at("final").at(0).at("label"), "run");
  EXPECT_EQ(page.at("truth"), Json({{{"label", "run"}, {"start", 1.}, {"end", 4.}}}));
  EXPECT_EQ(page.at("media").at("link"), "../clip.mkv");
  EXPECT_EQ(page.at("media").at("problem"), "ffv1 in matroska,webm");
  EXPECT_TRUE(page.at("scores").is_null());
}

TEST_F(Report, CopiesVideosWhereAsked) {
  EXPECT_EQ(report({"--copy-videos"}).code, 0);
  EXPECT_EQ(data("0.js").at("media").at("link"), "videos/0.mkv");
  EXPECT_EQ(read_file(path("page") / "videos/0.mkv"), read_file(path("clip.mkv")));
}

TEST_F(Report, MakesWhatBrowsersPlayWhereAsked) {
  EXPECT_EQ(report({"--transcode"}).code, 0);
  const Json media = data("0.js").at("media");
  EXPECT_EQ(media, Json({{"link", "videos/0.mp4"}, {"problem", ""}}));
  const Json probe = co2net({"probe", path("page") / "videos/0.mp4"}).json();
  EXPECT_EQ(probe.at("video_streams").at(0).at("codec"), "h264");
}

TEST_F(Report, ShowsScoresOnTheVideosTime) {
  fs::create_directory(path("scores"));
  write_file(path("scores") / "clip.npz",
             format_npz({{"cas", Array({2, 2}, {1, 0, 3, 0})}, {"attn", Array({2}, {0.5, 1})}}));
  EXPECT_EQ(report({"--scores", path("scores")}).code, 0);
  const Json scores = data("0.js").at("scores");
  EXPECT_EQ(scores.at("step"), 3.2) << "16 frames at 5 fps";
  EXPECT_EQ(scores.at("curves").at("attn"), Json({0.5, 1.}));
  EXPECT_EQ(scores.at("heat"), Json({{{"label", "class 0"}, {"values", {1., 3.}}}}));
}

TEST_F(Report, SharesTheVideosTimeAmongScoresOfAnUnknownRate) {
  fs::create_directory(path("scores"));
  write_file(path("scores") / "clip.npz", format_npz({{"cas", Array({4, 2})}}));
  write_file(path("results.json"),
             R"({"id": "clip", "segments": [], "video": {"duration": 12.8}})");
  EXPECT_EQ(report({"--scores", path("scores")}).code, 0);
  EXPECT_EQ(data("0.js").at("scores").at("step"), 3.2);
}

TEST_F(Report, ShowsAVideoWhoseScoresOrFileAreBrokenWithoutThese) {
  fs::create_directory(path("scores"));
  write_file(path("scores") / "clip.npz", "no scores");
  write_file(path("clip.mkv"), "no video");
  const Outcome outcome = report({"--scores", path("scores")});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(outcome.says("clip.npz"));
  EXPECT_TRUE(outcome.says("clip.mkv"));
  const Json page = data("0.js");
  EXPECT_TRUE(page.at("scores").is_null());
  EXPECT_NE(page.at("media").at("problem"), "");
  EXPECT_EQ(data("videos.js").at("videos").at(0).at("strip"), "");
}

TEST_F(Report, SaysWhichVideosAreNotThere) {
  fs::remove(path("clip.mkv"));
  const Outcome outcome = report();
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(outcome.says("clip"));
  EXPECT_EQ(data("0.js").at("media").at("link"), "");
}

TEST_F(Report, ComparesFilesThatShareAVideoAndRefusesOthers) {
  write_results("other.json", "clip");
  EXPECT_EQ(report({"--compare", path("other.json")}).code, 0);
  EXPECT_EQ(data("0.js").at("other").at("final").size(), 1u);

  write_file(path("other.json"), R"({"results": {"another": []}})");
  const Outcome outcome = report({"--compare", path("other.json")});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(outcome.says("another"));
}

TEST_F(Report, ReplacesAReportAndNothingElse) {
  EXPECT_EQ(report().code, 0);
  EXPECT_EQ(report().code, 0);
  write_file(path("page") / "thesis.tex", "years of work");
  const Outcome outcome = report();
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(outcome.says("thesis.tex"));
}

TEST_F(Report, TakesNoPageOfAStrangerForAReport) {
  for (const char* file : {"index.html", "data/0.jpg"}) {
    write_file(path("page") / file, "mine");
    const Outcome outcome = report();
    EXPECT_EQ(outcome.code, 1) << file;
    EXPECT_TRUE(outcome.says("but no report")) << outcome.err;
    EXPECT_EQ(read_file(path("page") / file), "mine");
    fs::remove_all(path("page"));
  }
}

TEST_F(Report, GoesIntoTheFolderWhereSomebodyIs) {
  fs::create_directory(path("here"));
  for (int i = 0; i < 2; ++i) {
    const Outcome outcome = shell("cd " + path("here").string() + " && " + CO2NET_PROGRAM +
                                  " report ../results.json -o .");
    EXPECT_EQ(outcome.code, 0) << outcome.out;
    EXPECT_EQ(names_in(path("here")), (Strings{"data", "index.html"}));
  }
}

TEST_F(Report, RefusesScoresOfWhichNoneIsOfAVideo) {
  fs::create_directory(path("nothing"));
  const Outcome outcome = report({"--scores", path("nothing")});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(outcome.says("scores in")) << outcome.err;
  EXPECT_NE(report({"--scores", path("nowhere")}).code, 0);
}

TEST_F(Report, KeepsThePageOfAnEvaluationAndLinksToIt) {
  EXPECT_EQ(report().code, 0);
  EXPECT_EQ(data("videos.js").at("hasEvaluation"), false);
  write_file(path("page") / "evaluation.html", "a page");
  EXPECT_EQ(report().code, 0);
  EXPECT_EQ(data("videos.js").at("hasEvaluation"), true);
  EXPECT_EQ(read_file(path("page") / "evaluation.html"), "a page");
}

class Figures : public Report {
 protected:
  Figures() { write_file(path("gt.json"), kTruthOfBoth); }

  Outcome draw(const Strings& options = {}) const {
    return co2net(Strings{"report", path("results.json"), "--ground-truth", path("gt.json"), "-o",
                          path("figures")} +
                  options);
  }
  std::string svg(const std::string& id = "clip") const {
    return read_file(path("figures") / (id + ".svg"));
  }

 private:
  static constexpr const char* kTruthOfBoth = R"({"database": {
    "clip": {"subset": "test", "duration": 12.8, "annotations": [
      {"label": "run", "segment": [1, 4]}]},
    "broken": {"subset": "test", "duration": 9, "annotations": []}}})";
};

TEST_F(Figures, AreOfEachVideoAndInPlaceOfThePage) {
  const Outcome outcome = draw({"--png", "--svg"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(files_below(path("figures")),
            (std::vector<fs::path>{path("figures") / "broken.png", path("figures") / "broken.svg",
                                   path("figures") / "clip.png", path("figures") / "clip.svg"}));
  for (const char* part : {"<title>clip</title>", ">Ground truth<", ">run, 1 to 4 s<",
                           ">run, 1 to 3 s, score 0.50<", "data:image/jpeg;base64,"}) {
    EXPECT_NE(svg().find(part), std::string::npos) << part;
  }
  EXPECT_NE(svg("broken").find("failed: decode: no frame"), std::string::npos);
  EXPECT_EQ(cv::imread(path("figures") / "clip.png").cols, 1600);
}

TEST_F(Figures, AreAsWideAsAsked) {
  EXPECT_EQ(draw({"--png", "--width", "400"}).code, 0);
  EXPECT_EQ(cv::imread(path("figures") / "clip.png").cols, 400);
}

TEST_F(Figures, AreTheSameOnAnyNumberOfThreads) {
  EXPECT_EQ(draw({"--svg", "--png", "--threads", "1"}).code, 0);
  const std::string first = svg() + read_file(path("figures") / "clip.png");
  EXPECT_EQ(draw({"--svg", "--png", "--threads", "4"}).code, 0);
  EXPECT_EQ(svg() + read_file(path("figures") / "clip.png"), first);
}

TEST_F(Figures, HaveTheSameColoursWhicheverVideosAreChosen) {
  EXPECT_EQ(draw({"--svg"}).code, 0);
  const std::string alone = svg();
  Json results = parse_json(read_file(path("results.json")), "results", ErrorKind::kInput);
  results["results"]["another"] = {{{"label", "a"}, {"score", 0.1}, {"segment", {0, 1}}}};
  write_file(path("results.json"), results.dump());
  EXPECT_EQ(draw({"--svg"}).code, 0);
  const std::string of_all = svg();
  EXPECT_NE(of_all, alone) << "'a' has the first colour";
  EXPECT_EQ(draw({"--svg", "--id", "clip"}).code, 0);
  EXPECT_EQ(svg(), of_all);
}

TEST_F(Figures, OfChosenVideosLeaveWhatElseIsInTheFolder) {
  write_file(path("figures") / "thesis.tex", "years of work");
  EXPECT_EQ(draw({"--svg", "--id", "clip"}).code, 0);
  EXPECT_EQ(files_below(path("figures")),
            (std::vector<fs::path>{path("figures") / "clip.svg", path("figures") / "thesis.tex"}));
  const Outcome outcome = draw({"--svg", "--id", "clip", "--id", "clap"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_TRUE(outcome.says("no video 'clap'")) << outcome.err;
  EXPECT_TRUE(outcome.says("; did you mean clip?")) << outcome.err;
}

TEST_F(Figures, ShowAnotherFileByItsNameAndAttention) {
  write_results("W-TALC.json", "clip");
  write_file(path("scores") / "clip.npz",
             format_npz({{"cas", Array({2, 2}, {1, 0, 3, 0})}, {"attn", Array({2}, {0.5, 1})}}));
  EXPECT_EQ(draw({"--svg", "--compare", path("W-TALC.json"), "--scores", path("scores")}).code, 0);
  for (const char* part : {">W-TALC<", ">Attention<", "<polyline"}) {
    EXPECT_NE(svg().find(part), std::string::npos) << part;
  }
}

TEST_F(Figures, OfAVideoThatCannotBeReadHaveNoPicturesAndSaySo) {
  write_file(path("clip.mkv"), "no video");
  const Outcome outcome = draw({"--svg"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(outcome.says("shown without pictures")) << outcome.err;
  EXPECT_EQ(svg().find("data:image"), std::string::npos);
}

TEST_F(Figures, OfWhichNothingSaysHowLongTheVideoIsFailAlone) {
  write_file(path("gt.json"), kTruth);
  const Outcome outcome = draw({"--svg"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(outcome.says("broken: input: no figure")) << outcome.err;
  EXPECT_EQ(files_below(path("figures")), std::vector<fs::path>{path("figures") / "clip.svg"});
}

TEST_F(Figures, SayThatTheyAreOfCandidatesWhereNoSegmentsAreFinal) {
  EXPECT_FALSE(draw({"--svg"}).says("best candidates"));
  write_file(path("other.json"), R"({"results": {"clip": []}})");
  EXPECT_TRUE(draw({"--svg", "--compare", path("other.json")}).says("best candidates"));
}

TEST_F(Figures, LieInTheirFolderWhateverIdsSay) {
  write_file(path("results.json"), R"({"results": {"../clip": [], "sub/clip": []},
      "videos": {"../clip": {"duration": 9}, "sub/clip": {"duration": 9}}})");
  const Outcome outcome =
      co2net({"report", path("results.json"), "--svg", "-o", path("figures") / "of"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(outcome.says("../clip")) << outcome.err;
  EXPECT_EQ(files_below(path("figures")),
            std::vector<fs::path>{path("figures") / "of/sub/clip.svg"});
}

TEST_F(Figures, WithoutAnyFontAreAnErrorWithTheRemedy) {
  write_file(path("fonts.conf"), "<fontconfig></fontconfig>");
  const std::string line = "FONTCONFIG_FILE=" + path("fonts.conf").string() + " " + CO2NET_PROGRAM +
                           " report " + path("results.json").string() + " -o " +
                           path("figures").string();
  const Outcome png = shell(line + " --png");
  EXPECT_EQ(png.code, 3);
  EXPECT_NE(png.out.find("fonts-dejavu-core"), std::string::npos) << png.out;
  EXPECT_FALSE(fs::exists(path("figures")));
  EXPECT_EQ(shell(line + " --svg --id clip").code, 0) << "who shows it has fonts";
}

TEST_F(Report, ShowsChosenVideos) {
  EXPECT_EQ(report({"--id", "clip"}).code, 0);
  EXPECT_EQ(data("videos.js").at("videos").size(), 1u);
}

TEST(RunWithAReport, ShowsTheVideosAndTheirScores) {
  const Workplace here;
  const std::string clip = here.clip("clip.mkv");
  const Outcome run = here.call("run", {clip, "-o", here.path("results.json"), "--save-scores",
                                        here.path("scores"), "--report", here.path("page")});
  EXPECT_EQ(run.code, 0) << run.err;
  const std::string page = read_file(here.path("page") / "data/0.js");
  EXPECT_NE(page.find("\"../clip.mkv\""), std::string::npos);
  EXPECT_NE(page.find("\"attn_flow\""), std::string::npos);
  EXPECT_EQ(here.call("propose", {here.path("scores")}).json().at("results"),
            Json::parse(read_file(here.path("results.json"))).at("results"));
}

TEST(RunWithAReport, NeedsAFileThatNamesTheVideosAndAFreePlace) {
  const Workplace here;
  const std::string clip = here.clip("clip.mkv");
  EXPECT_EQ(here.call("run", {clip, "--report", here.path("page")}).code, 2);
  EXPECT_EQ(here.call("run", {clip, "-o", here.path("r.csv"), "--format", "csv", "--report",
                              here.path("page")})
                .code,
            2);
  const Outcome taken =
      here.call("run", {clip, "-o", here.path("r.json"), "--report", here.model()});
  EXPECT_EQ(taken.code, 1);
  EXPECT_FALSE(fs::exists(here.path("r.json"))) << "found out at the beginning";
}

TEST_F(Report, RefusesFilesThatAreNoPartsOfOneResult) {
  for (const std::string score : {"1", "2"}) {
    write_file(path(score + ".json"), R"({"results": {"a": [{"label": "run", "score": )" + score +
                                          R"(, "segment": [0, 1]}]}})");
  }
  const Outcome outcome = co2net({"report", path("1.json"), path("2.json"), "-o", path("page")});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(outcome.says("video a is another")) << outcome.err;
}

}  // namespace
}  // namespace co2net::test
