#include "localizer/co2net_config.h"

namespace co2net {

std::string to_string(Variant variant) {
  return variant == Variant::kThumos14 ? "thumos14" : "activitynet1.2";
}

std::optional<Variant> variant_named(const std::string& name) {
  for (const Variant variant : {Variant::kThumos14, Variant::kActivityNet}) {
    if (to_string(variant) == name) return variant;
  }
  return std::nullopt;
}

}  // namespace co2net
