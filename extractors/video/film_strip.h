#pragma once

#include <memory>
#include <string>

#include "extractors/video/video_limits.h"
#include "pipeline/base/interrupt.h"
#include "pipeline/base/opened_file.h"

namespace co2net {

struct FilmStripOptions {
  double duration_s = 0;  // > 0; of the video
  int pictures = 6;       // >= 1; each the last before the middle of its share of the duration
  int height = 72;        // >= 1; pixels
  VideoLimits limits = {};
  Deadline deadline = {};
};

struct FilmStrip {
  std::string jpeg;
  int pictures = 0;           // side by side, all of one size
  int width = 0, height = 0;  // of the whole row, pixels
};

// A row of pictures of a video, for people to know it by; fewer where the video ends earlier. Those
// of a long video are its key frames. Errors: as VideoReader's.
FilmStrip film_strip(const std::shared_ptr<const OpenedFile>& file,
                     const FilmStripOptions& options);

}  // namespace co2net
