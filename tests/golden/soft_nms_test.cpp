#include <gtest/gtest.h>

#include "pipeline/base/files.h"
#include "pipeline/base/json.h"
#include "postprocess/nms.h"
#include "tests/golden/golden.h"

namespace co2net {
namespace {

std::vector<Proposal> proposals_from(const Json& rows) {
  std::vector<Proposal> proposals;
  for (const Json& row : rows) proposals.push_back({row.at(0), row.at(1), 0, row.at(2)});
  return proposals;
}

TEST(SoftNmsGolden, TakesEqualsInTheOrderOfTheAuthorsCode) {
  const Json golden =
      parse_json(read_file(test::golden_copy("soft_nms.json")), "soft_nms.json", ErrorKind::kInput);
  ASSERT_EQ(golden.at("cases").size(), 20u);
  for (const Json& one : golden.at("cases")) {
    const std::vector<Proposal> want = proposals_from(one.at("taken"));
    const std::vector<Proposal> got =
        soft_nms(proposals_from(one.at("candidates")), 0.3, Compat::kAuthors);
    ASSERT_EQ(got.size(), want.size());
    for (std::size_t i = 0; i < want.size(); ++i) {
      EXPECT_EQ(got[i].start, want[i].start) << one;
      EXPECT_EQ(got[i].end, want[i].end) << one;
      EXPECT_NEAR(got[i].score, want[i].score, 1e-12) << one;
    }
  }
}

}  // namespace
}  // namespace co2net
