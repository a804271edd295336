#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "extractors/video/video_reader.h"
#include "pipeline/base/text.h"
#include "pipeline/datasets/operating_point.h"
#include "pipeline/formats/npy.h"
#include "pipeline/formats/npy_objects.h"
#include "tests/e2e/program.h"
#include "tests/support.h"

namespace co2net::test {
namespace {

Json read_json(const fs::path& path) { return Json::parse(read_file(path)); }

// "flow_x_00001.jpg", ... for every frame.
Strings numbered(const Strings& stems, const std::string& suffix, int frames) {
  Strings names;
  for (const std::string& stem : stems) {
    for (int i = 1; i <= frames; ++i) {
      names.push_back(stem + (i < 10 ? "_0000" : "_000") + std::to_string(i) + suffix);
    }
  }
  return names;
}

TEST(Extract, WritesFeaturesWithADescriptionBeside) {
  const Workplace here;
  const std::string clip = here.clip("clip.mkv");
  const Outcome outcome = here.call("extract", {clip, "-o", here.path("features")});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(names_in(here.path("features")), (Strings{"clip.json", "clip.npy"}));
  EXPECT_EQ(read_npy(here.path("features/clip.npy")).shape,
            (Shape{kSnippets, here.feature_size()}));

  const Json description = read_json(here.path("features/clip.json"));
  const Json model = read_json(here.model() / "model.json");
  EXPECT_EQ(description.at("schema"), "co2net.features/1");
  EXPECT_EQ(description.at("recipe"), model.at("recipe"));
  EXPECT_EQ(description.at("streams"), (Strings{"rgb", "flow"}));
  for (const char* file : {"i3d_rgb.pt", "i3d_flow.pt"}) {
    EXPECT_EQ(description.at("files").at(file), model.at("files").at(file).at("sha256"));
  }
  EXPECT_EQ(description.at("video").at("path"), clip);
  EXPECT_EQ(description.at("video").at("frames"), kFrames);
  EXPECT_EQ(description.at("video").at("snippets"), kSnippets);
}

TEST(Extract, OneStreamIsThatHalfOfBoth) {
  const Workplace here;
  const std::string clip = here.clip("clip.mkv", 32);
  const int half = here.feature_size() / 2;
  here.call("extract", {clip, "-o", here.path("both")});
  const Array both = read_npy(here.path("both/clip.npy"));
  for (const std::string stream : {"rgb", "flow"}) {
    fs::remove(here.model() / (stream == "rgb" ? "i3d_flow.pt" : "i3d_rgb.pt"));
    const Outcome outcome =
        here.call("extract", {clip, "-o", here.path(stream), "--streams", stream});
    fs::copy(CO2NET_TEST_BUNDLE, here.model(),
             fs::copy_options::recursive | fs::copy_options::skip_existing);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(read_json(here.path(stream) / "clip.json").at("streams"), Strings{stream});
    const Array one = read_npy(here.path(stream) / "clip.npy");
    ASSERT_EQ(one.shape, (Shape{2, half}));
    for (int row = 0; row < 2; ++row) {
      const auto expected = both.values.begin() + row * 2 * half + (stream == "rgb" ? 0 : half);
      EXPECT_TRUE(std::equal(expected, expected + half, one.values.begin() + row * half)) << stream;
    }
  }
}

TEST(Extract, FollowsTheRecipeThatIsNamed) {
  const Workplace here;
  const Strings clip = {here.clip("clip.mkv", 20)};
  const auto extracted = [&](const std::string& recipe, const Strings& settings) {
    const fs::path folder = here.path(recipe);
    const Outcome outcome = here.call(
        "extract", clip + Strings{"-o", folder, "--recipe", recipe} + cheap_flow() + settings);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return folder / "clip";
  };
  const std::string kinetics = extracted("kinetics", {"--recipe-set", "fps=5"});
  EXPECT_EQ(read_json(kinetics + ".json").at("recipe").at("resize").at("mode"), "short-side");
  EXPECT_EQ(read_json(kinetics + ".json").at("recipe").at("name"), "custom (from kinetics)");
  EXPECT_EQ(read_npy(kinetics + ".npy").dim(0), 1);

  const std::string cmcs = extracted("cmcs", {});
  EXPECT_EQ(read_json(cmcs + ".json").at("recipe").at("stride"), 4);
  EXPECT_EQ(read_json(cmcs + ".json").at("video").at("fps"), 5.0);
  EXPECT_EQ(read_npy(cmcs + ".npy").dim(0), 2);
}

TEST(Extract, KeepsTheTenCropsOnRequest) {
  const Workplace here;
  const Outcome outcome =
      here.call("extract", {here.clip("clip.mkv", 16), "-o", here.path("features"), "--recipe-set",
                            "crop=ten", "--recipe-set", "ten_crop=keep"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(read_npy(here.path("features/clip.npy")).shape, (Shape{1, 10, here.feature_size()}));
}

TEST(Extract, RepeatsTheLastFrameOfAVideoShorterThanASnippetAndSaysSo) {
  const Workplace here;
  const Outcome outcome =
      here.call("extract", {here.clip("clip.mkv", 10), "-o", here.path("features")});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(outcome.says("filled up with 6 copies of the last")) << outcome.err;
  EXPECT_EQ(read_npy(here.path("features/clip.npy")).dim(0), 1);
  const Json video = read_json(here.path("features/clip.json")).at("video");
  EXPECT_EQ(video.at("frames"), 10);
  EXPECT_EQ(video.at("repeated_frames"), 6);
}

TEST(Extract, AVideoThatFailsLeavesNoFileAndTheOthersGoOn) {
  const Workplace here;
  const Outcome outcome = here.call(
      "extract", {here.broken("bad.mp4"), here.clip("clip.mkv", 16), "-o", here.path("features")});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(outcome.says("bad.mp4")) << outcome.err;
  EXPECT_EQ(names_in(here.path("features")), (Strings{"clip.json", "clip.npy"}));
}

TEST(Localize, StepByStepGivesTheSegmentsOfRun) {
  const Workplace here;
  const Strings clips = {here.clip("a.mkv", 70), here.clip("b.mkv", kFrames, 2)};
  const Json run = here.call("run", clips + Strings{"--no-cache"}).json();
  ASSERT_FALSE(run.at("results").at("a").empty());
  here.call("extract", clips + Strings{"-o", here.path("features")});

  const Outcome localized =
      here.call("localize", {here.path("features"), "--save-scores", here.path("scores")});
  EXPECT_EQ(localized.code, 0) << localized.err;
  EXPECT_EQ(localized.json().at("results"), run.at("results"));
  EXPECT_EQ(localized.json().at("final"), run.at("final"));
  EXPECT_EQ(localized.json().at("videos").at("a").at("path"), here.path("features/a.npy").string());
  EXPECT_EQ(localized.json().at("videos").at("a").at("duration"), 14.0);

  const Arrays scores = read_npz(here.path("scores/a.npz"));
  const std::int64_t classes = std::ssize(read_json(here.model() / "model.json").at("classes"));
  EXPECT_EQ(scores.at("cas").shape, (Shape{kSnippets, classes + 1}));
  for (const char* name : {"attn", "attn_rgb", "attn_flow"}) {
    EXPECT_EQ(scores.at(name).shape, (Shape{kSnippets}));
  }
  const Outcome proposed = here.call("propose", {here.path("scores")});
  EXPECT_EQ(proposed.code, 0) << proposed.err;
  EXPECT_EQ(proposed.json().at("results"), run.at("results"));
  EXPECT_EQ(proposed.json().at("final"), run.at("final"));
  EXPECT_EQ(proposed.json().at("videos").at("a").at("labels"),
            run.at("videos").at("a").at("labels"));
  EXPECT_EQ(here.call("propose", {here.path("scores")}).out, proposed.out) << "from the cache";
}

// Scores of a video with the test bundle's first class in two places, one of them weakly, and of
// one in which nothing happens.
void save_planted_scores(const Workplace& here) {
  const std::int64_t classes = std::ssize(read_json(here.model() / "model.json").at("classes"));
  Array cas({60, classes + 1}), attn({60});
  for (const std::int64_t t : {10, 11, 12, 40, 41}) {
    cas.row(t)[0] = t == 10 ? 1 : t < 20 ? 9 : 8;
    attn.values[static_cast<std::size_t>(t)] = t == 10 ? 0.5f : 0.95f;
  }
  write_file(here.path("scores/event.npz"), format_npz({{"cas", cas}, {"attn", attn}}));
  const Arrays nothing = {{"cas", Array({60, classes + 1})}, {"attn", Array({60})}};
  write_file(here.path("scores/nothing.npz"), format_npz(nothing));
}

TEST(Propose, SaysWhichSegmentsStandOutAndThatNothingHappensElsewhere) {
  const Workplace here;
  save_planted_scores(here);
  const auto propose = [&](const Strings& options) {
    const Outcome outcome = here.call("propose", Strings{here.path("scores")} + options);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome;
  };
  const Json results = propose({}).json();
  const Json& segments = results.at("final").at("event");
  ASSERT_EQ(segments.size(), 2u) << segments;
  // Snippets last 3.2 s; 0.544 and 0.1 are the lowest thresholds that give the two runs.
  const double level = 0.1 + 0.8 * 5 / 9;
  const auto expect_limits = [&](const Json& segment, double start, double end) {
    EXPECT_NEAR(segment.at("segment").at(0), start * 3.2, 1e-6);
    EXPECT_NEAR(segment.at("segment").at(1), end * 3.2, 1e-6);
  };
  expect_limits(segments[0], 10.5 + (level - 0.5) / 0.45, 13.5 - level / 0.95);
  expect_limits(segments[1], 39.5 + 0.1 / 0.95, 42.5 - 0.1 / 0.95);
  EXPECT_GT(results.at("results").at("event").size(), 10u) << "every candidate";
  const Json& labels = results.at("videos").at("event").at("labels");
  ASSERT_EQ(labels.size(), 1u) << labels;
  EXPECT_EQ(labels[0].at("label"), segments[0].at("label"));
  EXPECT_GT(labels[0].at("score"), labels[0].at("threshold"));
  EXPECT_EQ(results.at("final").at("nothing"), Json::array());
  EXPECT_EQ(results.at("videos").at("nothing").at("labels"), Json::array());

  const Json only_final = propose({"--final"}).json();
  EXPECT_EQ(only_final.at("results"), results.at("final"));
  EXPECT_EQ(only_final.at("final"), results.at("final"));
  const Strings lines = lines_of(propose({"--final", "--format", "jsonl"}).out);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(Json::parse(lines[0]).at("segments"), segments);
  EXPECT_EQ(lines_of(propose({"--final", "--format", "csv"}).out).size(), 3u);
  EXPECT_EQ(propose({"--top-k", "1"}).json().at("final").at("event"), Json{segments[0]});
}

void set_operating_point(const Workplace& here, const OperatingPoint& point) {
  const fs::path file = here.model() / "model.json";
  Json model = read_json(file);
  model["operating_point"] = to_json(point, model.at("classes"));
  write_file(file, model.dump());
}

// Ten videos of the first class and ten of background, half an hour each, in which it has a
// segment.
OperatingPoint point_of_twenty_videos(std::size_t classes) {
  OperatingPoint point{.thresholds = ClassThresholds{0.25, {{0, 0.45}}}};
  std::vector<double> shown(classes, 0.1), idle(classes, 0.1);
  std::vector<int> segments(classes);
  shown[0] = 0.875;
  idle[0] = 0.6;
  segments[0] = 1;
  for (int i = 0; i < 10; ++i) {
    point.videos.push_back({{0}, shown, {}, 0.5});
    point.videos.push_back({{}, idle, segments, 0.5});
  }
  return point;
}

TEST(Propose, KeepsClassesByTheModelsOperatingPointOrOneThatIsChosenWithoutTraining) {
  const Workplace here;
  save_planted_scores(here);
  const std::size_t classes = read_json(here.model() / "model.json").at("classes").size();
  const auto propose = [&](const Strings& options) {
    return here.call("propose", Strings{here.path("scores")} + options);
  };
  const auto expect_threshold = [&](const Strings& options, double want, const std::string& words) {
    const Outcome outcome = propose(options);
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_TRUE(outcome.says(words)) << outcome.err;
    const Json labels = outcome.json().at("videos").at("event").at("labels");
    ASSERT_EQ(labels.size(), 1u) << labels;
    EXPECT_NEAR(labels[0].at("threshold").get<double>(), want, 1e-9);
  };
  const auto refuses = [&](const std::string& how, const std::string& words) {
    const Outcome outcome = propose({"--operating-point", how});
    EXPECT_EQ(outcome.code, 2) << how;
    EXPECT_TRUE(outcome.says(words)) << outcome.err;
  };
  const double least = 1.5 / static_cast<double>(classes + 1);
  expect_threshold({}, std::max(0.2, least), "has no operating point");
  expect_threshold({"--operating-point", "0.9"}, 0.9, "video score of 0.9 or more");
  refuses("f1", "keeps the scores of 0 held-out videos");
  refuses("false-alarms=5", "with 0 hours of held-out background");

  set_operating_point(here, point_of_twenty_videos(classes));
  expect_threshold({}, 0.45, "video score of 0.25 or more; 1 of ");
  const double odds = std::sqrt(7 * 1.5);  // between 0.875 and 0.6
  expect_threshold({"--operating-point", "f1"}, odds / (1 + odds), "operating point of model");
  expect_threshold({"--operating-point", "false-alarms=1"}, std::max(0.6, least),
                   "operating point of model");
  refuses("false-alarms=0.5", "cannot be shown with 5 hours of held-out background");
  const Json nothing_passes = propose({"--operating-point", "1"}).json();
  EXPECT_EQ(nothing_passes.at("final").at("event"), Json::array());
  EXPECT_EQ(nothing_passes.at("results"), propose({}).json().at("results"));
  for (const std::string how : {"best", "1.5", "0.5x", "false-alarms=", "false-alarms=0"}) {
    refuses(how, "is none of f1, false-alarms=R");
  }
}

TEST(Localize, GivesTheSameWithAnyNumberOfThreadsAndSaysHowFarItIs) {
  const Workplace here;
  for (int i = 0; i < 6; ++i) {
    const Array features = hashfill(std::to_string(i), {40 + i, here.feature_size()}, 1);
    write_file(here.path("features/" + std::to_string(i) + ".npy"), format_npy(features));
  }
  const auto localize = [&](const std::string& threads) {
    return here.call("localize", {here.path("features"), "--no-cache", "--threads", threads,
                                  "--progress", "plain"});
  };
  const Outcome one = localize("1"), four = localize("4");
  EXPECT_EQ(one.code, 0) << one.err;
  EXPECT_EQ(one.json().at("results").size(), 6u);
  EXPECT_EQ(four.out, one.out);
  EXPECT_TRUE(one.says("[1/6] 0  snippets 40/40")) << one.err;
  EXPECT_TRUE(four.says("[1/6] 0  snippets 40/40")) << four.err;
}

TEST(Localize, TakesAPackedFileOfTheVideosOfAnnotations) {
  const Workplace here;
  const fs::path packed = here.path("packed.npy"), annotations = here.path("annotations.json");
  ObjectNpyWriter writer(packed, 3);
  std::string database;
  for (const std::string id : {"b", "gap", "a"}) {
    const Array features = hashfill(id, {id == "gap" ? 0 : 40, here.feature_size()}, 1);
    writer.add(features);
    if (id != "gap") write_file(here.path("features/" + id + ".npy"), format_npy(features));
    database +=
        (database.empty() ? "\"" : ", \"") + id + R"(": {"subset": "test", "annotations": []})";
  }
  writer.finish();
  write_file(annotations, "{\"database\": {" + database + "}}");

  const Outcome unpacked = here.call("localize", {here.path("features")});
  const Outcome outcome = here.call("localize", {packed, "--annotations", annotations});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.json().at("results"), unpacked.json().at("results"));
  EXPECT_EQ(outcome.json().at("results").size(), 2u);
  EXPECT_EQ(outcome.json().at("videos").at("a").at("path"), packed.string());
  EXPECT_TRUE(outcome.says("left out 1 video without features (gap)")) << outcome.err;
  EXPECT_TRUE(outcome.says("taken to be made by the model's recipe")) << outcome.err;
  EXPECT_TRUE(outcome.says("packed.npy: a")) << outcome.err;

  const Outcome folder =
      here.call("localize", {here.path("features"), "--annotations", annotations});
  EXPECT_EQ(folder.json().at("results"), unpacked.json().at("results"));

  fs::create_directory(here.path("more"));
  fs::rename(here.path("features/b.npy"), here.path("more/b.npy"));
  const Outcome folders = here.call(
      "localize", {here.path("more"), here.path("features"), "--annotations", annotations});
  EXPECT_EQ(folders.json().at("results"), unpacked.json().at("results"));

  const Outcome unnamed = here.call("localize", {packed});
  EXPECT_EQ(unnamed.code, 1);
  EXPECT_TRUE(unnamed.says("say which with --annotations")) << unnamed.err;
  const Outcome shard =
      here.call("localize", {packed, "--annotations", annotations, "--shard", "0/2"});
  const Outcome rest =
      here.call("localize", {packed, "--annotations", annotations, "--shard", "1/2"});
  EXPECT_EQ(shard.json().at("results").size() + rest.json().at("results").size(), 2u);
}

TEST(Localize, RefusesFeaturesOfAnotherRecipeAndShowsBoth) {
  const Workplace here;
  here.call("extract", {here.clip("clip.mkv", 16), "-o", here.path("features"), "--recipe-set",
                        "flow.bound=15"});
  const Outcome outcome = here.call("localize", {here.path("features")});
  EXPECT_EQ(outcome.code, 1);
  const std::string message = outcome.json().at("errors").at("clip").at("message");
  EXPECT_NE(message.find("flow.bound 15.0 -> 20.0"), std::string::npos) << message;
}

TEST(Localize, RefusesFeaturesOfAnotherI3dAndScoresOfAnotherCo2Net) {
  const Workplace here;
  here.call("extract", {here.clip("clip.mkv", 16), "-o", here.path("features")});
  here.call("localize", {here.path("features"), "--save-scores", here.path("features")});
  for (const auto& [command, sidecar, file] :
       {std::tuple{"localize", "features/clip.json", "i3d_rgb.pt"},
        std::tuple{"propose", "features/clip.npz.json", "co2net.pt"}}) {
    Json description = read_json(here.path(sidecar));
    description.at("files").at(file) = std::string(64, '0');
    write_file(here.path(sidecar), description.dump());
    const Outcome outcome = here.call(command, {here.path("features")});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_TRUE(outcome.says(std::string("made with another ") + file)) << outcome.err;
  }
}

TEST(Localize, RefusesADescriptionWhoseTimesMakeNoSense) {
  const Workplace here;
  here.call("extract", {here.clip("clip.mkv", 16), "-o", here.path("features")});
  Json description = read_json(here.path("features/clip.json"));
  description.at("video").at("fps") = 0;
  write_file(here.path("features/clip.json"), description.dump());
  const Outcome outcome = here.call("localize", {here.path("features")});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(outcome.says("'fps' must be more than 0")) << outcome.err;
}

TEST(FlowOutput, NeverOverwritesAnInputOrAFolderOfOtherFiles) {
  const Workplace here;
  const std::string clip = here.clip("clip.mkv", 3);
  const std::string before = read_file(clip);
  const Strings flow = Strings{"flow", clip} + cheap_flow();
  EXPECT_EQ(co2net(flow + Strings{"-o", here.path("")}).code, 1);
  EXPECT_EQ(read_file(clip), before);

  write_file(here.path("out/clip/img_00001.jpg"), "a frame");
  const Outcome outcome = co2net(flow + Strings{"-o", here.path("out"), "--save", "jpg"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(outcome.says("img_00001.jpg")) << outcome.err;
  EXPECT_EQ(read_file(here.path("out/clip/img_00001.jpg")), "a frame");
}

TEST(Localize, TakesFeaturesWithoutADescriptionToHaveTheModelsRecipe) {
  const Workplace here;
  here.call("extract", {here.clip("clip.mkv", 70), "-o", here.path("features")});
  fs::remove(here.path("features/clip.json"));
  const Outcome outcome = here.call("localize", {here.path("features/clip.npy")});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(outcome.says("taken to be made by the model's recipe"));
  const Json video = outcome.json().at("videos").at("clip");
  EXPECT_EQ(video.at("snippets"), kSnippets);
  EXPECT_EQ(video.at("duration"), kSnippets * 16 / 5.0);
}

TEST(Localize, AFileThatIsNoneOfItsKindIsAnErrorOfThatFileAlone) {
  const Workplace here;
  here.call("extract", {here.clip("clip.mkv", 16), "-o", here.path("features")});
  write_file(here.path("features/bad.npy"), "not an array");
  const std::string narrow = here.path("features/narrow.npy");
  write_file(narrow, format_npy(Array({3, 5})));
  const Outcome localized = here.call("localize", {here.path("features"), here.path("absent.npy"),
                                                   "--save-scores", here.path("scores")});
  EXPECT_EQ(localized.code, 1);
  const Json errors = localized.json().at("errors");
  EXPECT_EQ(errors.size(), 3u) << errors;
  EXPECT_NE(errors.at("narrow").at("message").get<std::string>().find("[3, 5]"), std::string::npos);
  EXPECT_EQ(localized.json().at("results").size(), 1u);

  write_file(here.path("scores/bad.npz"), "not an archive");
  const Outcome proposed = here.call("propose", {here.path("scores"), here.path("absent.npz")});
  EXPECT_EQ(proposed.code, 1);
  EXPECT_EQ(proposed.json().at("errors").size(), 2u);
  EXPECT_EQ(proposed.json().at("results").size(), 1u);
}

TEST(Localize, ADescriptionThatCannotBeReadIsAnErrorOfItsFeaturesAlone) {
  const Workplace here;
  here.call("extract", {here.clip("a.mkv", 16), here.clip("b.mkv", 16, 2), "-o", here.path("out")});
  fs::remove(here.path("out/a.json"));
  fs::create_directory(here.path("out/a.json"));
  const Outcome outcome = here.call("localize", {here.path("out/a.npy"), here.path("out/b.npy")});
  EXPECT_EQ(outcome.code, 1) << outcome.err;
  EXPECT_EQ(outcome.json().at("errors").size(), 1u);
  EXPECT_EQ(outcome.json().at("results").size(), 1u);
}

class Flow : public testing::Test {
 protected:
  static constexpr int kFlows = 12;  // one a frame: the last is repeated

  Outcome save(const std::string& format) const {
    return co2net(Strings{"flow", clip_, "-o", here_.path("flow"), "--save", format, "--recipe-set",
                          "fps=5"} +
                  cheap_flow());
  }

  const Workplace here_;
  const std::string clip_ = here_.clip("clip.mkv", kFlows);
};

TEST_F(Flow, IsAPlayableVideoByDefault) {
  const fs::path stats = here_.path("stats.json");
  const Outcome outcome = co2net(
      Strings{"flow", clip_, "-o", here_.path("flow"), "--recipe-set", "fps=5", "--stats", stats} +
      cheap_flow());
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(names_in(here_.path("flow")), Strings{"clip.mkv"});
  VideoReader reader(here_.path("flow/clip.mkv"), {.fps = "", .format = PixelFormat::kGray8});
  int frames = 0;
  while (reader.next() != nullptr) ++frames;
  EXPECT_EQ(frames, kFlows);
  EXPECT_EQ(reader.source().width, 340);
  EXPECT_EQ(reader.source().height, 2 * 256);
  EXPECT_GT(read_json(stats).at("stages").at("flow"), 0.0);
}

TEST_F(Flow, IsAFolderOfNumberedFilesOnRequest) {
  for (const std::string format : {"jpg", "png"}) {
    EXPECT_EQ(save(format).code, 0);
    EXPECT_EQ(names_in(here_.path("flow/clip")),
              numbered({"flow_x", "flow_y"}, "." + format, kFlows));
  }
  EXPECT_EQ(save("flo").code, 0);
  EXPECT_EQ(names_in(here_.path("flow/clip")), numbered({"flow"}, ".flo", kFlows));
  EXPECT_EQ(fs::file_size(here_.path("flow/clip/flow_00001.flo")), 12u + 340 * 256 * 8);
}

TEST_F(Flow, ReplacesWhatWasThere) {
  write_file(here_.path("flow/clip.mkv"), "old");
  write_file(here_.path("flow/clip/flow_x_99999.png"), "old");
  save("mkv");
  save("png");
  EXPECT_NE(read_file(here_.path("flow/clip.mkv")), "old");
  EXPECT_FALSE(fs::exists(here_.path("flow/clip/flow_x_99999.png")));
  EXPECT_EQ(names_in(here_.path("flow")), (Strings{"clip", "clip.mkv"}));
}

TEST_F(Flow, IsTheSameOnADeviceOfOpenCls) {
  const auto saved_on = [&](const std::string& backend) {
    const std::string folder = here_.path(backend);
    const Outcome outcome =
        co2net(Strings{"flow", clip_, "-o", folder, "--backend", backend, "--recipe-set", "fps=5"} +
               cheap_flow());
    if (outcome.says(kNoOpenCl)) return std::string(kNoOpenCl);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return read_file(folder + "/clip.mkv");
  };
  const std::string flow = saved_on("opencl:0");
  if (flow == kNoOpenCl) GTEST_SKIP() << kNoOpenCl;
  EXPECT_EQ(flow, saved_on("cpu"));
}

TEST_F(Flow, WhereNoBackendComputesTheRecipesFlowSaysSo) {
  for (const std::string backend : {"auto", "cpu", "opencl", "opencv"}) {
    const Outcome outcome = co2net({"flow", clip_, "-o", here_.path("flow"), "--backend", backend,
                                    "--recipe-set", "flow.variant=opencv-cuda"});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_TRUE(outcome.says("flow.variant=opencv-cuda")) << outcome.err;
    EXPECT_TRUE(outcome.says("--recipe-set flow.variant=portable")) << outcome.err;
  }
}

TEST_F(Flow, AVideoThatFailsLeavesNothing) {
  const Outcome outcome =
      co2net({"flow", here_.broken("bad.mp4"), "-o", here_.path("flow"), "--save", "png"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(names_in(here_.path("flow")), Strings{});
}

TEST(Probe, PrintsALineAVideo) {
  const Workplace here;
  const std::string clip = here.clip("clip.mkv", 16);
  const Outcome outcome = co2net({"probe", clip, here.broken("bad.mp4"), clip});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(outcome.says("bad.mp4"));
  const Json probe = outcome.json();
  EXPECT_EQ(probe.at("path"), clip);
  EXPECT_EQ(probe.at("container"), "matroska,webm");
  EXPECT_EQ(probe.at("chosen_stream"), 0);
  ASSERT_EQ(probe.at("video_streams").size(), 1u);
  const Json& stream = probe.at("video_streams").at(0);
  EXPECT_EQ(stream.at("codec"), "ffv1");
  EXPECT_EQ(stream.at("width"), 160);
  EXPECT_EQ(stream.at("height"), 120);
  EXPECT_EQ(stream.at("average_fps"), "5/1");
}

}  // namespace
}  // namespace co2net::test
