#pragma once

#include <string>

namespace co2net {

// "libtorch 1.13.1 without CUDA", or "libtorch 2.1.0 with CUDA 11.8".
std::string torch_version();

}  // namespace co2net
