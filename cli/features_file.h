#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "cli/bundle.h"
#include "pipeline/json.h"

namespace co2net {

// Features and scores on disk: an array with a sidecar, a .json of the same name, that says what
// they were made from. Schema "co2net.features/1": {"schema", "recipe", "video"}, and for features
// {"streams", "networks"}.
Json sidecar(const Recipe& recipe, const Json& video);
Json sidecar(const Recipe& recipe, const Json& video, const Bundle& bundle,
             const std::vector<std::string>& streams);

// STEM + suffix (".npy", ".npz") and STEM.json.
void write_with_sidecar(const std::filesystem::path& stem, const std::string& suffix,
                        const std::string& bytes, const Json& sidecar);

// Facts about the video that `file` (.npy or .npz) was made from: {"video": {...}}, as
// stages' info. The sidecar's recipe must be the bundle's, or it is an
// Error(kInput) that names each difference. Without a sidecar the bundle's recipe is assumed, with
// a warning, and the video lasts `snippets` * stride / fps.
Json read_video_info(const std::filesystem::path& file, const Bundle& bundle,
                     std::int64_t snippets);

}  // namespace co2net
