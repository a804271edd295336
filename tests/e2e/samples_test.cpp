#include <gtest/gtest.h>

#include <string>

#include "tests/e2e/program.h"
#include "tests/support.h"

namespace co2net {
namespace {

using test::co2net;
namespace fs = std::filesystem;

std::string run_sample(const std::string& program, const std::string& arguments) {
  return test::run_shell(std::string(CO2NET_SAMPLES) + "/" + program + " " + arguments + " 2>&1");
}

test::Outcome expect_success(const test::Outcome& outcome) {
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  return outcome;
}

TEST(SampleModel, LocalizesActionsInVideosThatItHasNeverSeen) {
  const TempDir dir;
  const std::string videos = dir.path() / "videos", results = dir.path() / "results.json";
  run_sample("co2net_draw_actions", "-o " + videos + " --test 8 --seconds 20 --seed 1001");
  expect_success(co2net(
      {"run", videos, "--model", CO2NET_SAMPLE_MODEL, "--no-cache", "--progress", "off", "-o", results}));
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

TEST(SamplePrograms, LeadFromDrawnClipsToResultsBetweenTheirBounds) {
  const TempDir dir;
  const auto path = [&](const char* name) { return (dir.path() / name).string(); };
  run_sample("co2net_draw_actions",
             "-o " + path("clips") + " --trimmed --training 9 --test 9 --seconds 0.64");
  const std::string log =
      run_sample("co2net_train_i3d",
                 "--clips " + path("clips") + " -o " + path("i3d") +
                     " --width 0.0625 --epochs 1 --batch 4 --recipe-set crop_size=32"
                     " --recipe-set resize.width=32 --recipe-set resize.height=32");
  EXPECT_NE(log.find("Test clips classified correctly, in %:"), std::string::npos) << log;

  run_sample("co2net_draw_actions", "-o " + path("videos") + " --training 2 --test 2 --seconds 8");
  expect_success(co2net({"extract", path("videos"), "--model", path("i3d"), "--no-cache", "--progress",
                         "off", "-o", path("features")}));
  const std::string annotations = path("videos") + "/annotations.json";
  run_sample("co2net_bounds", "--features " + path("features") + " --annotations " + annotations +
                                  " --model " + path("i3d") + " -o " + path("bounds"));
  for (const char* bound : {"chance", "supervised"}) {
    const std::string results = path("bounds") + "/" + bound + ".json";
    const Json figures =
        expect_success(co2net({"eval", results, "--ground-truth", annotations, "--subset", "test",
                               "--protocol", "co2net", "--json"}))
            .json();
    EXPECT_GT(figures.at("mAP").at(0), 0) << bound;
  }
}

}  // namespace
}  // namespace co2net
