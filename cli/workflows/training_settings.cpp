#include "cli/workflows/training_settings.h"

#include "pipeline/base/error.h"

namespace co2net {

void expect_valid(const TrainingSettings& settings) {
  if (!(settings.held_out_share >= 0 && settings.held_out_share < 1)) {
    throw Error(ErrorKind::kUsage,
                "--held-out: the share of the training videos must be in [0, 1)");
  }
  if (settings.false_alarms && !(*settings.false_alarms > 0 && *settings.false_alarms <= 1e6)) {
    throw Error(ErrorKind::kUsage, "--false-alarms: a number an hour, above 0, at most 1000000");
  }
  if (settings.false_alarms && settings.options.kind == NetworkKind::kWtalc) {
    throw Error(ErrorKind::kUsage,
                "--false-alarms chooses an operating point, which a W-TALC has not; leave it out");
  }
  if (!(settings.checkpoint_s >= 0)) {
    throw Error(ErrorKind::kUsage, "the seconds between checkpoints must be at least 0");
  }
}

}  // namespace co2net
