#include "pipeline/datasets/annotation_formats.h"
#include "tests/fuzz/fuzzer.h"

// What is read must be readable again once it has been written.
void co2net::read(std::string_view bytes) {
  try_input([&] { parse_ambiguous(bytes, "input"); });
  try_input([&] { parse_annotations(bytes, "input"); });
  try_input([&] { parse_labelstudio_rate(bytes); });
  const Annotations annotations = parse_activitynet(bytes, "input");
  const Annotations again = parse_activitynet(format_activitynet(annotations), "output");
  for (const AnnotatedVideo& video : again.videos) {
    fault_if(!video.segments.empty() && video.segments[0].start_s > 5);
  }
}
