#pragma once

#include "pipeline/base/choice.h"

namespace co2net {

// A scored segment of one class: snippets [start, end), start < end.
struct Proposal {
  int start = 0;
  int end = 0;
  int label = 0;     // class index
  double score = 0;  // comparable within a video; unbounded

  bool operator==(const Proposal&) const = default;
};

// The authors' code, and thus every published figure, has two quirks, which kAuthors keeps:
//   - an attention threshold that snippet 0 alone exceeds gives no candidate
//   - soft-NMS counts lengths and intersections with one snippet too many: end - start + 1, and
//     max(0, min(ends) - max(starts) + 1), so that segments that only touch overlap
// kClean has neither.
enum class Compat { kAuthors, kClean };
template <>
inline constexpr Choice<Compat> kChoices<Compat>[] = {{Compat::kAuthors, "authors"},
                                                      {Compat::kClean, "clean"}};

}  // namespace co2net
