#pragma once

#include "cli/workflows/segments.h"

namespace co2net {

// From scores (.npz), as localize_features() saves them, to segments. Returns how many inputs
// failed. Errors of a file: Error(kInput) for what is no scores, or scores of another recipe,
// network or classes than the bundle's.
int propose_segments(const FilesJob& job, const InputSource& inputs, Stats& stats,
                     const ResultReceiver& receiver, const Observer& observer = {});

}  // namespace co2net
