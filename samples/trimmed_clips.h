#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "pipeline/formats/array.h"
#include "pipeline/stages/recipe.h"

namespace co2net {

// The snippets of trimmed videos, each of which shows one class from beginning to end.
struct TrimmedClips {
  Shape clip_shape;                  // [C, 16, S, S], S the recipe's crop size
  std::vector<std::uint8_t> values;  // 255 * (x + 1) / 2 of what a network takes, clip after clip
  std::vector<std::int64_t> labels;  // by clip: an index in the classes, their number for none

  std::int64_t count() const { return static_cast<std::int64_t>(labels.size()); }
};

struct TrimmedSet {
  std::vector<std::string> classes;
  bool has_none = false;        // clips without a class, which are one more kind to tell apart
  TrimmedClips training, test;  // by the videos' subsets
};

// Reads `directory`/annotations.json and the .mp4 files that it names, one stream of them. The
// snippets are those that `co2net extract` makes by the recipe, flow by our own solver. Throws
// Error(kInput) naming the file.
TrimmedSet read_trimmed_clips(const std::filesystem::path& directory, const Recipe& recipe,
                              bool is_flow);

}  // namespace co2net
