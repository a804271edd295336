#pragma once

#include "pipeline/base/choice.h"

namespace co2net {

// Whether training, localization and making segments keep the quirks of the authors' code, and thus
// of every published figure, or not. localizer/README.md has a table of all of them.
enum class Compat { kAuthors, kClean };
template <>
inline constexpr Choice<Compat> kChoices<Compat>[] = {{Compat::kAuthors, "authors"},
                                                      {Compat::kClean, "clean"}};

}  // namespace co2net
