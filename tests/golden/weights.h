#pragma once

#include <string>

#include "extractors/i3d/i3d_network.h"
#include "pipeline/formats/npy.h"

namespace co2net::test {

// The reference numbers' I3D weights, for the network of a stream: "rgb" or "flow".
ParameterFill golden_i3d(const std::string& stream);

// The reference numbers' CO2-Net parameters by their published names, for D = 1024.
Arrays golden_co2net(int classes);

// The reference numbers' input features, [videos, snippets, 2048].
Array golden_features(const std::string& name, std::int64_t videos, std::int64_t snippets);

}  // namespace co2net::test
