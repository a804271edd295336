#pragma once

#include <filesystem>
#include <optional>

#include "localizer/training_options.h"
#include "pipeline/base/choice.h"
#include "pipeline/devices/device.h"

namespace co2net {

// Which model of a training is kept.
enum class Selection {
  kHeldOut,  // the best classification mAP on held-out videos, of equal ones the last
  kTest,     // the best mAP of segments on the test videos, as the authors select
  kLast,
};
template <>
inline constexpr Choice<Selection> kChoices<Selection>[] = {
    {Selection::kHeldOut, "heldout"}, {Selection::kTest, "test"}, {Selection::kLast, "last"}};

struct TrainingSettings {
  TrainingOptions options;
  Variant preset = Variant::kThumos14;  // the published settings that the options come from
  Selection select = Selection::kHeldOut;
  double held_out_share = 0.1;  // of the training videos, in [0, 1)
  // The operating point is for at most so many an hour, > 0; none: for the largest F1.
  std::optional<double> false_alarms = {};
  std::filesystem::path directory;  // becomes the bundle
  double checkpoint_s = 600;        // the state is also saved so often, in seconds
  int threads = 1;
  Device device = {};  // where to learn
};

// Throws Error(kUsage) for a share, a rate or a time out of its range.
void expect_valid(const TrainingSettings& settings);

}  // namespace co2net
