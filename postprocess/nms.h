#pragma once

#include <vector>

#include "pipeline/datasets/compat.h"
#include "postprocess/proposal.h"

namespace co2net {

// Gaussian soft-NMS (Bodla et al., ICCV 2017, arXiv 1704.04503) over the candidates of one class:
// repeatedly takes the best, the earlier of equals, and multiplies the others' scores by
// exp(-iou^2 / sigma). Returns all candidates, with their scores when taken, in that order.
// Under kAuthors
//   - lengths and intersections count one snippet too many: end - start + 1, and
//     max(0, min(ends) - max(starts) + 1), so that segments that only touch overlap
//   - the one that is taken changes places with the first that is left, so that of equals this may
//     be taken after those that it stood before.
// O((n + overlapping pairs) log n).
std::vector<Proposal> soft_nms(std::vector<Proposal> candidates, double sigma, Compat compat);

}  // namespace co2net
