#include "postprocess/predictions.h"

#include "tests/fuzz/fuzzer.h"

void co2net::read(std::string_view bytes) {
  for (const VideoPredictions& video : parse_predictions(bytes, "input")) {
    fault_if(!video.segments.empty() && video.segments[0].score > 5);
  }
}
