#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <string>

#include "extractors/flow/opencl.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/json.h"
#include "pipeline/formats/npy.h"
#include "tests/support.h"

namespace co2net {
namespace {

namespace fs = std::filesystem;

bool has_opencl_device() {
  try {
    opencl_devices(opencl_api());
    return true;
  } catch (const Error&) {
    return false;
  }
}

// Something that moves, as card.sh packs a clip.
void write_clip(const fs::path& path, const Shape& shape) {
  std::string bytes = npy_header("|u1", shape);
  for (std::int64_t i = 0; i < element_count(shape); ++i) {
    const auto at = static_cast<double>(i / shape[3]), width = static_cast<double>(shape[2]);
    const double y = std::floor(at / width), x = at - y * width, t = y / 30;
    bytes += static_cast<char>(128 + 90 * std::sin((x + t) / 5 + y / 7) * std::cos(y / 4));
  }
  write_file(path, bytes);
}

// {what: value} of a report's figures.
std::map<std::string, double> figures_of(const fs::path& report) {
  std::map<std::string, double> figures;
  for (const Json& row : parse_json(read_file(report), report.string(), ErrorKind::kInput)) {
    if (row.contains("value")) figures[row.at("what")] = row.at("value");
  }
  return figures;
}

class Card : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(packed() / "lib");
    fs::create_symlink(CO2NET_CARD_FLOW, packed() / "co2net_card_flow");
    fs::create_symlink(CO2NET_CARD_NETWORKS, packed() / "co2net_card_networks");
    write_clip(packed() / "clip.npy", {20, 72, 80, 3});
  }

  fs::path packed() const { return folder_.path() / "packed"; }
  fs::path results() const { return folder_.path() / "results"; }

  std::string run(const std::string& torch, const std::string& device) const {
    write_file(packed() / "torch_version", torch + "\n");
    return test::run_shell("PYTHON=/usr/bin/python3 " + test::shell_quoted(CO2NET_CARD_SCRIPT) +
                           " run " + test::shell_quoted(packed()) + " " +
                           test::shell_quoted(results()) + " " + device + " small 2>&1");
  }

  static std::string torch_here() {
    return test::run_shell(
        "/usr/bin/python3 -c 'import torch; print(torch.__version__, end=\"\")'");
  }

 private:
  const TempDir folder_;
};

TEST_F(Card, MeasuresFlowNetworksAndTrainingToTheEnd) {
  const std::string device = has_opencl_device() ? "opencl" : "cpu";
  const std::string table = run(torch_here(), device);
  const auto flow = figures_of(results() / "flow.json");
  if (device == "opencl") {
    EXPECT_EQ(flow.at("flow, pairs compared with the CPU's"), 3);
    EXPECT_EQ(flow.at("flow, floats compared"), 3 * 72 * 80 * 2);
    EXPECT_EQ(flow.at("flow, floats that differ"), 0);
    for (const char* count : {"1", "16", "32"}) {
      EXPECT_GT(flow.at(std::string("flow in bytes, ") + count + " pairs in flight"), 0);
    }
  }
  const auto networks = figures_of(results() / "networks.json");
  EXPECT_GT(networks.at("training, 3 iterations"), 0);
  EXPECT_LT(networks.at("training, first loss's distance from the CPU's"), 1e-4);
  EXPECT_GT(networks.at("I3D, fp32, 2 clips at once"), 0);
  EXPECT_LT(networks.at("I3D, fp32, 2 clips at once, distance from the CPU"), 1e-3);
  EXPECT_GT(networks.at("frames in memory to segments"), 0);
  EXPECT_NE(table.find("x real time"), std::string::npos);
}

TEST_F(Card, RunsFlowAloneWhereNoLibtorchFits) {
  const std::string table = run("0.1.0", "cpu");
  EXPECT_NE(table.find("the networks want torch 0.1,"), std::string::npos) << table;
  EXPECT_TRUE(fs::exists(results() / "flow.json"));
  EXPECT_FALSE(fs::exists(results() / "networks.json"));
}

}  // namespace
}  // namespace co2net
