#pragma once

#include "pipeline/base/choice.h"

namespace co2net {

// The two streams that features are made of: what is to be seen, and how it moves.
enum class Modality { kRgb, kFlow };
template <>
inline constexpr Choice<Modality> kChoices<Modality>[] = {{Modality::kRgb, "rgb"},
                                                          {Modality::kFlow, "flow"}};

// Of a network's clips: red, green and blue, or a flow's x and y.
constexpr int channels_of(Modality modality) { return modality == Modality::kRgb ? 3 : 2; }

}  // namespace co2net
