#pragma once

#include "cli/workflows/segments.h"

namespace co2net {

// From scores (.npz), as localize_features() saves them, to segments. Errors of a file:
// Error(kInput) for what is no scores, or scores of another recipe, network or classes than the
// bundle's.
Outcome propose_segments(const FilesJob& job, const InputSource& inputs,
                         const ResultReceiver& receiver);

}  // namespace co2net
