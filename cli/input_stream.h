#pragma once

#include <istream>

#include "cli/workflows/each_input.h"
#include "pipeline/base/inputs.h"

namespace co2net {

// Videos whose paths arrive on `in`, each as soon as it does; an id that was used before becomes
// the path. `in` must outlive it. Errors, when asked for the next: Error(kUsage) if there is none
// at all.
InputSource videos_from(std::istream& in, bool nul_separated, const Shard& shard);

}  // namespace co2net
