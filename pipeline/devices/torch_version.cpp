#include "pipeline/devices/torch_version.h"

#include <ATen/Context.h>
#include <torch/version.h>

namespace co2net {

std::string torch_version() {
  const std::string torch = "libtorch " TORCH_VERSION;
  if (!at::Context::hasCUDART()) return torch + " without CUDA";
  const long cuda = at::Context::versionCUDART();
  return torch + " with CUDA " + std::to_string(cuda / 1000) + "." +
         std::to_string(cuda / 10 % 100);
}

}  // namespace co2net
