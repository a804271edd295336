#pragma once

#include <set>
#include <string>

#include "pipeline/datasets/annotations.h"

namespace co2net {

std::set<std::string> subsets_of(const Annotations& annotations);

// Throws Error(kUsage), naming the subsets that there are and the option that chooses among them,
// if no video is in `subset`.
void expect_subset(const Annotations& annotations, const std::string& subset,
                   const std::string& option);
// Whether a subset has that name but for the case of letters.
bool has_subset_in_other_case(const Annotations& annotations, const std::string& subset);

// Those where a video has a label. Where none has, as in ActivityNet's test subset, they are not
// published.
std::set<std::string> labelled_subsets(const Annotations& annotations);
// Whether nothing happens in a video: it has neither label nor segment, and its subset is among the
// `labelled` ones.
bool is_background(const AnnotatedVideo& video, const std::set<std::string>& labelled);

}  // namespace co2net
