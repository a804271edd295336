#pragma once

#include <filesystem>
#include <memory>

#include "extractors/video/video_limits.h"
#include "pipeline/base/interrupt.h"
#include "pipeline/base/opened_file.h"

namespace co2net {

// Writes the pictures of a video, upright, at its own rate and without its sound, as H.264 of even
// width and height, which every browser plays; `path` ends with .mp4. Errors: as VideoReader's and
// VideoWriter's.
void write_playable_copy(const std::shared_ptr<const OpenedFile>& file,
                         const std::filesystem::path& path, const VideoLimits& limits = {},
                         const Deadline& deadline = {});

}  // namespace co2net
