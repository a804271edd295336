#include "pipeline/datasets/feature_files.h"
#include "tests/fuzz/fuzzer.h"

void co2net::read(std::string_view bytes) {
  const FeaturesSidecar sidecar = parse_features_sidecar(bytes, "input");
  differences_in_making(sidecar, FeaturesSidecar());
  fault_if(sidecar.recipe.fps == "source" && sidecar.fps > 25);
}
