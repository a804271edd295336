#pragma once

#include <c10/core/Device.h>

#include "pipeline/devices/device.h"

namespace co2net {

inline c10::Device torch_device(const Device& device) {
  if (!device.is_gpu()) return c10::DeviceType::CPU;
  return {c10::DeviceType::CUDA, static_cast<c10::DeviceIndex>(device.index)};
}

}  // namespace co2net
