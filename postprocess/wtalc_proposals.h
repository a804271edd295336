#pragma once

#include <vector>

#include "pipeline/datasets/compat.h"
#include "pipeline/formats/array.h"
#include "postprocess/proposal.h"

namespace co2net {

// From the class activation of a W-TALC (Paul et al., ECCV 2018) to segments: each class alone, the
// runs of snippets above the middle between its lowest and its highest activation. A class whose
// highest floor(T / 8) snippets have a mean of 0 or less has none, and runs of one snippet are
// none. A score is the highest activation in the run and 0.7 of that mean, of logits: of any size.
//   cas      [T, C], logits
//   returns  classes ascending, within a class by start; they do not overlap. Nothing for
//            T < min_snippets, and as in the authors' code for T < 8; under kClean the mean is
//            there of the highest snippet
// Errors: Error(kInput) for another shape or values that are not finite.
std::vector<Proposal> wtalc_proposals(const Array& cas, int min_snippets = 1,
                                      Compat compat = Compat::kAuthors);

}  // namespace co2net
