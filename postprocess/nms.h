#pragma once

#include <vector>

#include "postprocess/proposal.h"

namespace co2net {

// Gaussian soft-NMS (Bodla et al., ICCV 2017, arXiv 1704.04503) over the candidates of one class:
// repeatedly takes the best, the earlier of equals, and multiplies the others' scores by
// exp(-iou^2 / sigma). Returns all candidates, with their scores when taken, in that order.
// O((n + overlapping pairs) log n).
std::vector<Proposal> soft_nms(std::vector<Proposal> candidates, double sigma, Compat compat);

}  // namespace co2net
