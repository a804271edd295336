#pragma once

#include <chrono>
#include <optional>

#include "extractors/video/video_limits.h"
#include "pipeline/base/interrupt.h"
#include "pipeline/base/opened_file.h"

namespace co2net {

// How a workflow takes each video.
struct VideoSettings {
  int stream = -1;                  // index in the container; -1: the one that ffmpeg chooses
  VideoLimits limits;               // of frames at the recipe's rate
  Spool spool;                      // for videos that come out of pipes
  std::optional<double> timeout_s;  // for one video
  bool strict = false;              // a video that decodes only in part is an error

  // Of a video whose opening begins now.
  Deadline deadline() const {
    return timeout_s ? Deadline(std::chrono::duration<double>(*timeout_s)) : Deadline();
  }
};

}  // namespace co2net
