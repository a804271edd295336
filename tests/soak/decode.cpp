// Reads each file as the stages do, with the recipe wtalc: co2net_decode FILE...
// A line a file on standard output: "frames N", with " incomplete" where some were lost, or
// "refused" and why. Exits with 0 if every file had frames, 1 if one was refused; what is worse
// than that ends it otherwise.
#include <exception>
#include <iostream>
#include <string>

#include "extractors/video/frame.h"
#include "extractors/video/video_reader.h"
#include "pipeline/base/error.h"
#include "pipeline/stages/recipe.h"

namespace co2net {
namespace {

std::string decoded(const std::string& path) {
  const Recipe recipe = recipe_preset("wtalc");
  constexpr std::int64_t kEnough = 5000;  // of a video of two seconds
  VideoReader reader(path, {.fps = recipe.fps, .limits = {.frames = kEnough}});
  std::int64_t frames = 0;
  while (const AVFrame* frame = reader.next()) {
    scale_frame(*frame, recipe.resize);
    ++frames;
  }
  return "frames " + std::to_string(frames) + (reader.report().complete ? "" : " incomplete");
}

bool decode(const std::string& path) {
  try {
    std::cout << path << ": " << decoded(path) << std::endl;
    return true;
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::kInput) throw;
    std::cout << path << ": refused: " << e.what() << std::endl;
    return false;
  }
}

}  // namespace
}  // namespace co2net

int main(int argc, char** argv) {
  try {
    int refused = 0;
    for (int i = 1; i < argc; ++i) refused += co2net::decode(argv[i]) ? 0 : 1;
    return refused > 0 ? 1 : 0;
  } catch (const std::exception& e) {
    std::cerr << "co2net_decode: " << e.what() << "\n";
    return 3;
  }
}
