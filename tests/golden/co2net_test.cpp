#include "localizer/co2net.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <ostream>

#include "localizer/network.h"
#include "postprocess/proposals.h"
#include "tests/golden/golden.h"
#include "tests/golden/weights.h"
#include "tests/support.h"

namespace co2net {
namespace {

constexpr double kTolerance = 1e-4;

struct Case {
  std::string name;
  std::int64_t snippets;
  Co2NetConfig config;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

void expect_near(const float* values, const Array& golden, const std::string& what) {
  double worst = 0;
  for (std::size_t i = 0; i < golden.values.size(); ++i) {
    worst = std::max<double>(worst, std::abs(values[i] - golden.values[i]));
  }
  EXPECT_LE(worst, kTolerance) << what;
}

class Co2NetGolden : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override { SKIP_WITHOUT_FORCED_INSTRUCTION_SET(); }
};

TEST_P(Co2NetGolden, GivesTheReferencesScoresAndSegments) {
  const Case& c = GetParam();
  const Arrays golden = read_npz(test::golden_copy("co2net.npz"));
  const auto want = [&](const std::string& key) { return golden.at(c.name + "/" + key); };
  const Co2Net model(c.config, test::golden_co2net(c.config.classes));
  Array features = test::golden_features(c.name, 1, c.snippets);
  features.shape = {c.snippets, 2048};

  const Arrays scores = model.localize(features);
  EXPECT_EQ(scores.at("cas").shape, (Shape{c.snippets, c.config.classes + 1}));
  EXPECT_EQ(scores.at("attn").shape, (Shape{c.snippets}));
  expect_near(scores.at("cas").values.data(), want("cas"), "cas");
  expect_near(scores.at("attn").values.data(), want("attn"), "attn");
  expect_near(scores.at("attn_rgb").values.data(), want("v_atn"), "attn_rgb");
  expect_near(scores.at("attn_flow").values.data(), want("f_atn"), "attn_flow");

  torch::NoGradGuard no_grad;
  const torch::Tensor input = torch::tensor(features.values).view({1, c.snippets, 2048});
  const torch::Tensor head =
      model.network().forward(input).feat.slice(/*dim=*/2, 0, 16).contiguous();
  expect_near(head.data_ptr<float>(), want("feat_head"), "feat");

  test::expect_proposals(propose(scores.at("cas"), scores.at("attn")), want("proposals"));
}

INSTANTIATE_TEST_SUITE_P(
    Published, Co2NetGolden,
    testing::Values(Case{"CO2_T120", 120, {{.variant = Variant::kThumos14}, 20}},
                    Case{"CO2_T1", 1, {{.variant = Variant::kThumos14}, 20}},
                    Case{"ANT_CO2_T60", 60, {{.variant = Variant::kActivityNet}, 100}}),
    [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace co2net
