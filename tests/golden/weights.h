#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "extractors/i3d/i3d_network.h"
#include "pipeline/formats/npy.h"

namespace co2net::test {

// The reference numbers' I3D weights, for the network of a stream: "rgb" or "flow".
ParameterFill golden_i3d(const std::string& stream);

// The reference numbers' CO2-Net parameters by their published names, for D = 1024.
Arrays golden_co2net(int classes);

// The reference numbers' input features, [videos, snippets, 2048].
Array golden_features(const std::string& name, std::int64_t videos, std::int64_t snippets);

// Those of W-TALC's reference numbers: "WTALC" is the salt of 20 classes, "WTALC100" that of 100.
Arrays golden_wtalc(const std::string& salt, int classes);

// A video's features, [snippets, 2048], and which of seven kinds its snippets are of.
//   name  with its salt, such as "WTALC.T60"
struct WtalcFeatures {
  Array features;
  std::vector<int> kinds;
};
WtalcFeatures golden_wtalc_features(const std::string& salt, const std::string& name,
                                    std::int64_t snippets);

}  // namespace co2net::test
