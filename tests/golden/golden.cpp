#include "tests/golden/golden.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace co2net::test {

std::filesystem::path golden_copy(const std::string& name) {
  return std::filesystem::path(CO2NET_GOLDEN_COPY) / name;
}

void add_prediction(Predictions& predictions, const std::string& id, const Segment& segment) {
  const auto at = std::ranges::find(predictions, id, &VideoPredictions::id);
  VideoPredictions& video =
      at == predictions.end() ? predictions.emplace_back(VideoPredictions{id, {}}) : *at;
  video.segments.push_back(segment);
}

void expect_near(const std::vector<double>& got, const std::vector<double>& want,
                 double tolerance) {
  ASSERT_EQ(got.size(), want.size());
  for (std::size_t i = 0; i < want.size(); ++i) {
    EXPECT_NEAR(got[i], want[i], tolerance) << "element " << i;
  }
}

void expect_proposals(const std::vector<Proposal>& proposals, const Array& golden) {
  ASSERT_EQ(static_cast<std::int64_t>(proposals.size()), golden.dim(0));
  for (std::size_t i = 0; i < proposals.size(); ++i) {
    const float* want = golden.row(static_cast<std::int64_t>(i));
    ASSERT_EQ(proposals[i].start, static_cast<int>(want[0])) << "proposal " << i;
    ASSERT_EQ(proposals[i].end, static_cast<int>(want[1])) << "proposal " << i;
    ASSERT_EQ(proposals[i].label, static_cast<int>(want[2])) << "proposal " << i;
    ASSERT_NEAR(proposals[i].score, want[3], 1e-4) << "proposal " << i;
  }
}

}  // namespace co2net::test
