#include <gtest/gtest.h>

#include <string>

#include "pipeline/datasets/bundle.h"
#include "tests/e2e/program.h"
#include "tests/support.h"

namespace co2net {
namespace {

using test::co2net;
using test::operator+;  // NOLINT(misc-unused-using-decls): it is used, by its sign
namespace fs = std::filesystem;

// A program of samples/, with its standard error on standard output.
std::string command_of(const std::string& program, const test::Strings& arguments) {
  std::string command = test::shell_quoted(fs::path(CO2NET_SAMPLES) / program);
  for (const std::string& argument : arguments) command += " " + test::shell_quoted(argument);
  return command + " 2>&1";
}

// What it prints; that it fails is a failure.
std::string run_sample(const std::string& program, const test::Strings& arguments) {
  return test::run_shell(command_of(program, arguments));
}

test::Outcome expect_success(const test::Outcome& outcome) {
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  return outcome;
}

TEST(SampleModel, LocalizesActionsInVideosThatItHasNeverSeen) {
  const TempDir dir;
  const std::string videos = dir.path() / "videos", results = dir.path() / "results.json";
  run_sample("co2net_draw_actions",
             {"-o", videos, "--test", "8", "--seconds", "20", "--seed", "1001"});
  expect_success(co2net({"run", videos, "--model", CO2NET_SAMPLE_MODEL, "--no-cache", "--progress",
                         "off", "-o", results}));
  const Json figures = expect_success(co2net({"eval", results, "--ground-truth",
                                              videos + "/annotations.json", "--json"}))
                           .json();
  EXPECT_GE(figures.at("mAP").at(0), 0.5) << figures.dump(1);
}

TEST(SampleModel, IsSmallAndSaysHowItWasMade) {
  const Json model = parse_json(read_file(fs::path(CO2NET_SAMPLE_MODEL) / "model.json"),
                                "model.json", ErrorKind::kModel);
  EXPECT_EQ(model.at("status"), "trained");
  EXPECT_EQ(model.at("classes").size(), 8u);
  std::uintmax_t bytes = 0;
  for (const fs::directory_entry& file : fs::directory_iterator(CO2NET_SAMPLE_MODEL)) {
    bytes += file.file_size();
  }
  EXPECT_LE(bytes, 12u << 20);
}

TEST(TrainI3d, GivesTheSameClassifierForTheSameSeedOnly) {
  const TempDir dir;
  const std::string clips = dir.path() / "clips";
  run_sample("co2net_draw_actions",
             {"-o", clips, "--trimmed", "--training", "9", "--test", "9", "--seconds", "0.64"});
  const auto networks = [&](const char* folder, const char* seed) {
    const fs::path bundle = dir.path() / folder;
    const std::string log =
        run_sample("co2net_train_i3d",
                   {"--clips", clips, "-o", bundle, "--seed", seed, "--width", "0.0625", "--epochs",
                    "1", "--batch", "4", "--recipe-set", "crop_size=32", "--recipe-set",
                    "resize.width=32", "--recipe-set", "resize.height=32"});
    EXPECT_NE(log.find("Test clips classified correctly, in %:"), std::string::npos) << log;
    return read_file(bundle / "i3d_rgb.pt") + read_file(bundle / "i3d_flow.pt") +
           read_file(bundle / "i3d_logits.npz");
  };
  const std::string first = networks("first", "1");
  EXPECT_EQ(networks("same", "1"), first);
  EXPECT_NE(networks("other", "2"), first);

  const test::Outcome run = co2net({"run", clips, "--model", dir.path() / "first", "--no-cache",
                                    "--progress", "off", "--format", "csv"});
  expect_success(run);
  EXPECT_TRUE(run.says("is a classifier of trimmed clips")) << run.err;
  EXPECT_EQ(run.out.find(",none,"), std::string::npos);
}

TEST(TrainI3d, LearnsNoClassOfNothingFromClipsThatAllShowSomething) {
  const TempDir dir;
  const std::string clips = dir.path() / "clips";
  const fs::path bundle = dir.path() / "i3d";
  run_sample("co2net_draw_actions",
             {"-o", clips, "--motions", "pretraining", "--action", "kick", "--action", "stir",
              "--trimmed", "--training", "8", "--test", "4", "--seconds", "0.64"});
  const std::string log = run_sample(
      "co2net_train_i3d", {"--clips", clips, "-o", bundle, "--width", "0.0625", "--epochs", "1",
                           "--batch", "4", "--recipe-set", "crop_size=32", "--recipe-set",
                           "resize.width=32", "--recipe-set", "resize.height=32"});
  EXPECT_EQ(log.find("none"), std::string::npos) << log;
  EXPECT_EQ(load_bundle(bundle, {}).classes, (test::Strings{"kick", "stir"}));
  // What an interrupted training would go on from is no part of the bundle.
  EXPECT_EQ(names_in(bundle),
            (test::Strings{"i3d_flow.pt", "i3d_logits.npz", "i3d_rgb.pt", "model.json"}));
}

TEST(TrainI3d, LearnsTheClassesAloneForNetworksThatThereAre) {
  const TempDir dir;
  const std::string clips = dir.path() / "clips";
  const fs::path bundle = dir.path() / "i3d", model = CO2NET_SAMPLE_MODEL;
  run_sample("co2net_draw_actions",
             {"-o", clips, "--trimmed", "--training", "18", "--test", "9", "--seconds", "0.64"});
  run_sample("co2net_train_i3d", {"--clips", clips, "-o", bundle, "--networks", model, "--epochs",
                                  "1", "--batch", "6"});
  for (const char* file : {"i3d_rgb.pt", "i3d_flow.pt"}) {
    EXPECT_EQ(read_file(bundle / file), read_file(model / file));
  }
  EXPECT_EQ(to_json(load_bundle(bundle, {}).recipe), to_json(load_bundle(model, {}).recipe));
  expect_success(
      co2net({"suggest", clips, "--model", bundle, "--no-cache", "-o", dir.path() / "labels.csv"}));
}

TEST(TrainI3d, RefusesBeforeTheTrainingWhatItCannotLearnFrom) {
  const TempDir dir;
  const std::string clips = dir.path() / "clips";
  run_sample("co2net_draw_actions",
             {"-o", clips, "--trimmed", "--training", "2", "--seconds", "0.64"});
  const auto code_and_message = [&](const test::Strings& more) {
    const test::Strings arguments = {"--clips", clips, "-o", dir.path() / "i3d"};
    return test::run_shell(command_of("co2net_train_i3d", arguments + more) + "; echo $?");
  };
  EXPECT_NE(
      code_and_message({}).find("want at least 16 training clips, a batch, and one test clip\n3\n"),
      std::string::npos);
  EXPECT_NE(code_and_message({"--width", "0"}).find("must be positive\n2\n"), std::string::npos);
  EXPECT_NE(code_and_message({"--recipe-set", "crop=left"}).find("\n2\n"), std::string::npos);
  EXPECT_NE(code_and_message({"--networks", CO2NET_SAMPLE_MODEL, "--width", "0.25"})
                .find("--width is of new networks, not --networks\n2\n"),
            std::string::npos);
  EXPECT_FALSE(fs::exists(dir.path() / "i3d" / "model.json"));
}

TEST(Bounds, AreFarApart) {
  const TempDir dir;
  const auto path = [&](const char* name) { return (dir.path() / name).string(); };
  run_sample("co2net_draw_actions", {"-o", path("videos"), "--training", "16", "--test", "8",
                                     "--seconds", "12", "--seed", "1002"});
  expect_success(co2net({"extract", path("videos"), "--model", CO2NET_SAMPLE_MODEL, "--no-cache",
                         "--progress", "off", "-o", path("features")}));
  const std::string annotations = path("videos") + "/annotations.json";
  expect_success(
      co2net({"flow", path("videos"), "--save", "mkv", "--recipe", "wtalc-cpu", "--recipe-set",
              "crop_size=96", "--recipe-set", "resize.width=96", "--recipe-set", "resize.height=96",
              "--recipe-set", "flow.warps=1", "--progress", "off", "-o", path("flow")}));
  run_sample("co2net_bounds",
             {"--features", path("features"), "--annotations", annotations, "--model",
              CO2NET_SAMPLE_MODEL, "--flow", path("flow"), "-o", path("bounds")});
  const auto figure = [&](const std::string& bound) {
    return expect_success(
               co2net({"eval", path("bounds") + "/" + bound + ".json", "--ground-truth",
                       annotations, "--subset", "test", "--protocol", "co2net", "--json"}))
        .json()
        .at("mAP")
        .at(4)
        .get<double>();
  };
  EXPECT_GT(figure("random"), 0);
  EXPECT_GT(figure("oracle-labels"), figure("random") + 0.1);
  EXPECT_GT(figure("flow-magnitude"), 0);
  EXPECT_GT(figure("supervised"), figure("random") + 0.2);
}

}  // namespace
}  // namespace co2net
