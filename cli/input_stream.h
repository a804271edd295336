#pragma once

#include <istream>
#include <optional>

#include "cli/workflows/each_input.h"
#include "pipeline/base/shard.h"

namespace co2net {

// Videos whose paths arrive on `in`, each as soon as it does; an id that was used before becomes
// the path. In the end the log says how many were in the shard. `in` must outlive it. Errors, when
// asked for the next: Error(kUsage) if there is none at all.
InputSource videos_from(std::istream& in, bool nul_separated, const std::optional<Shard>& shard);

}  // namespace co2net
