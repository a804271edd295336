#include "localizer/co2net.h"

#include "tests/gpu/gpu.h"
#include "tests/support.h"

namespace co2net {
namespace {

TEST(Co2NetOnGpu, GivesTheCpusScoresUpToRounding) {
  SKIP_WITHOUT_GPU();
  for (const Variant variant : {Variant::kThumos14, Variant::kActivityNet}) {
    Co2Net model = Co2Net::seeded({.network = {.variant = variant}}, 1);
    const Array features = test::hashfill("features", {300, 2048}, 1);
    const Arrays wanted = model.localize(features);
    model.move_to({DeviceKind::kCuda});
    const Arrays scores = model.localize(features);
    for (const auto& [name, array] : wanted) test::expect_near(scores.at(name), array, 1e-3);
    EXPECT_EQ(model.localize(features), scores) << "the same again";
  }
}

}  // namespace
}  // namespace co2net
