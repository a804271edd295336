#pragma once

#include <filesystem>
#include <vector>

#include "pipeline/datasets/annotations.h"

namespace co2net {

struct ConvertJob {
  std::vector<std::filesystem::path> inputs;  // as read_annotations() takes them; one at least
  std::filesystem::path ambiguous;            // a list of ambiguous intervals to add; empty: none
  std::filesystem::path output;               // empty: nothing is written
  AnnotationFormat format = AnnotationFormat::kActivityNet;
};

// Writes the annotations of all inputs together, which it returns; the log says what the format
// cannot hold. Errors: Error(kUsage) for an output in the place of an input; as
// read_annotations(), merge() and write_annotations().
Annotations convert_annotations(const ConvertJob& job);

}  // namespace co2net
