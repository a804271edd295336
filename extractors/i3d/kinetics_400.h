#pragma once

#include <string>
#include <vector>

namespace co2net {

// Kinetics-400's classes in the order of the public I3D's outputs: that of the label map of its
// original release, which both PyTorch ports kept.
const std::vector<std::string>& kinetics_400_classes();

}  // namespace co2net
