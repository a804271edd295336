#include "postprocess/merged_results.h"
#include "postprocess/predictions.h"
#include "tests/fuzz/fuzzer.h"

void co2net::read(std::string_view bytes) {
  try_input([&] {  // what is no results for one reader may be for the other
    MergedResults results;
    results.add(bytes, "input");
    static_cast<void>(results.text());
  });
  for (const VideoPredictions& video : parse_predictions(bytes, "input")) {
    fault_if(!video.segments.empty() && video.segments[0].score > 5);
  }
}
