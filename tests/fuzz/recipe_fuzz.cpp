#include "pipeline/stages/recipe.h"

#include "tests/fuzz/fuzzer.h"

// What is read must be readable again once it has been written.
void co2net::read(std::string_view bytes) {
  const Recipe recipe = recipe_from_json(parse_json(bytes, "input", ErrorKind::kModel));
  const Recipe again = recipe_from_json(to_json(recipe));
  if (!same_features(recipe, again)) throw Error(ErrorKind::kInternal, "another recipe");
  fault_if(again.crop == CropMode::kTen && again.stride > 50);
}
