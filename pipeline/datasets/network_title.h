#pragma once

#include "pipeline/datasets/network_spec.h"

namespace co2net {

// What people call a kind of network, in messages.
inline const char* title_of(NetworkKind kind) {
  if (kind == NetworkKind::kWtalc) return "W-TALC";
  return kind == NetworkKind::kClassifier ? "classifier" : "CO2-Net";
}

}  // namespace co2net
