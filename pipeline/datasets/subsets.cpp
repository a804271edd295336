#include "pipeline/datasets/subsets.h"

#include <algorithm>
#include <boost/algorithm/string/predicate.hpp>

#include "pipeline/base/error.h"
#include "pipeline/base/suggestion.h"
#include "pipeline/base/text.h"

namespace co2net {

std::set<std::string> subsets_of(const Annotations& annotations) {
  std::set<std::string> subsets;
  for (const AnnotatedVideo& video : annotations.videos) subsets.insert(video.subset);
  return subsets;
}

void expect_subset(const Annotations& annotations, const std::string& subset,
                   const std::string& option) {
  const std::set<std::string> known = subsets_of(annotations);
  if (known.contains(subset)) return;
  throw Error(ErrorKind::kUsage, "no video is in the subset '" + subset + "'; there are " +
                                     joined({known.begin(), known.end()}) + " (choose with " +
                                     option + ")" +
                                     suggestion(subset, {known.begin(), known.end()}));
}

bool has_subset_in_other_case(const Annotations& annotations, const std::string& subset) {
  return std::ranges::any_of(subsets_of(annotations), [&](const std::string& known) {
    return known != subset && boost::iequals(known, subset);
  });
}

std::set<std::string> labelled_subsets(const Annotations& annotations) {
  std::set<std::string> subsets;
  for (const AnnotatedVideo& video : annotations.videos) {
    if (!video.labels.empty()) subsets.insert(video.subset);
  }
  return subsets;
}

bool is_background(const AnnotatedVideo& video, const std::set<std::string>& labelled) {
  return video.labels.empty() && video.segments.empty() && labelled.contains(video.subset);
}

}  // namespace co2net
