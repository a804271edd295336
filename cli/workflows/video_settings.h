#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "pipeline/base/interrupt.h"

namespace co2net {

// How a workflow takes each video.
struct VideoSettings {
  int stream = -1;                  // index in the container; -1: the one that ffmpeg chooses
  std::int64_t max_frames = 0;      // at the recipe's rate; 0: those of a day
  std::optional<double> timeout_s;  // for one video
  bool strict = false;              // a video that decodes only in part is an error

  Deadline deadline() const {
    return timeout_s ? Deadline(std::chrono::duration<double>(*timeout_s)) : Deadline();
  }
};

}  // namespace co2net
