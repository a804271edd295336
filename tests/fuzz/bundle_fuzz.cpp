#include "pipeline/datasets/bundle.h"

#include "tests/fuzz/fuzzer.h"

void co2net::read(std::string_view bytes) {
  const Bundle bundle = parse_bundle(bytes, "input");
  summary(bundle);
  fault_if(bundle.classes.size() > 2 && bundle.network.max_seqlen < 50);
}
