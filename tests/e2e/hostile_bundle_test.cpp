#include <gtest/gtest.h>

#include "tests/e2e/program.h"

namespace co2net::test {
namespace {

// A model whose model.json was tampered with, and a video to try it on.
class HostileBundle : public testing::Test {
 protected:
  void change(const std::string& pointer, const Json& value) const {
    Json json = parse_json(read_file(model_json()), "model", ErrorKind::kModel);
    json[Json::json_pointer(pointer)] = value;
    write_file(model_json(), to_text(json));
  }

  // Says what is wrong, with nothing computed for it.
  void expect_refused(const std::string& command, const std::string& why) const {
    for (const Strings& keep : {Strings(), Strings{"--keep", "frames", "--keep", "flow"}}) {
      const Outcome outcome = here_.call(command, Strings{clip_, "-o", here_.path("out.d")} + keep);
      EXPECT_EQ(outcome.code, 3) << outcome.err;
      EXPECT_TRUE(outcome.says(why)) << outcome.err;
    }
    for (const std::string stage : {"frames", "flow", "features"}) {
      EXPECT_EQ(here_.entries(stage), 0) << stage;
    }
  }

  fs::path model_json() const { return here_.model() / "model.json"; }

  const Workplace here_;
  const std::string clip_ = here_.clip("clip.mkv", 16);
};

TEST_F(HostileBundle, MayNotNameFilesOutsideOfItsFolder) {
  for (const std::string name : {"../i3d_rgb.pt", "/etc/passwd", "..", "a/b", ""}) {
    const std::string before = read_file(model_json());
    Json json = parse_json(before, "model", ErrorKind::kModel);
    json["files"][name] = {{"sha256", std::string(64, '0')}};
    write_file(model_json(), to_text(json));
    expect_refused("run", "is not a name in its folder");
    write_file(model_json(), before);
  }
}

TEST_F(HostileBundle, MayNotHaveAnotherFileThanItNames) {
  change("/files/i3d_flow.pt/sha256", std::string(64, '0'));
  expect_refused("run", "i3d_flow.pt is not the file that model.json names");
  expect_refused("extract", "i3d_flow.pt is not the file that model.json names");
}

TEST_F(HostileBundle, MayNotHaveADeviceInTheNetworksPlace) {
  fs::remove(here_.model() / "i3d_rgb.pt");
  fs::create_symlink("/dev/zero", here_.model() / "i3d_rgb.pt");
  expect_refused("run", "has no i3d_rgb.pt");
}

TEST_F(HostileBundle, MustHaveACo2NetOfItsSizes) {
  change("/classes", {"one"});
  expect_refused("run", "co2net.pt: classifier.4.weight: want [2, ");
  change("/feature_size", here_.feature_size() * 2);
  expect_refused("run", "co2net.pt: fusion.0.weight: want [");
}

TEST_F(HostileBundle, MustHaveAnI3dOfItsSizes) {
  change("/feature_size", here_.feature_size() * 2);
  expect_refused("extract", "the model's feature size does not match its network");
}

TEST_F(HostileBundle, IsCalledCodeUntilItsNetworksAreKnown) {
  const std::string words = "its networks (i3d_flow.pt, i3d_rgb.pt) are code";
  EXPECT_TRUE(here_.call("run", {clip_}).says(words));
  EXPECT_FALSE(here_.call("run", {clip_}).says(words));
  EXPECT_FALSE(here_.call("extract", {clip_, "-o", here_.path("f")}).says(words));
  for (int time = 0; time < 2; ++time) {
    EXPECT_TRUE(co2net({"run", clip_, "--model", here_.model(), "--no-cache"}).says(words));
  }
}

TEST_F(HostileBundle, ShowsWhatItsNetworksCallWithoutRunningThem) {
  const Outcome listed = co2net({"inspect", here_.model() / "i3d_rgb.pt"});
  EXPECT_EQ(listed.code, 0) << listed.err;
  EXPECT_NE(listed.out.find("\ntorch.conv3d\tcall\t2\n"), std::string::npos) << listed.out;
  EXPECT_NE(listed.out.find("\n.forward\tcall\t"), std::string::npos) << listed.out;
}

}  // namespace
}  // namespace co2net::test
