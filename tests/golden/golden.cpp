#include "tests/golden/golden.h"

#include <gtest/gtest.h>

namespace co2net::test {

std::filesystem::path golden_copy(const std::string& name) {
  return std::filesystem::path(CO2NET_GOLDEN_COPY) / name;
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
