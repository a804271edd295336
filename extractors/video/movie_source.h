#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "extractors/video/display_filter.h"
#include "extractors/video/video_limits.h"
#include "extractors/video/video_reader.h"
#include "pipeline/base/interrupt.h"
#include "pipeline/base/opened_file.h"

namespace co2net {

// How a video is read to be written again.
struct MovieJob {
  std::shared_ptr<const OpenedFile> file;
  int stream = -1;  // of pictures, in the container; -1: the one that the ffmpeg program chooses
  VideoLimits limits = {};  // scaled_pixels are those of a frame as it is shown
  Deadline deadline = {};
  // Frames that are read; expected is 0 where it is not known.
  std::function<void(std::int64_t done, std::int64_t expected)> on_progress = [](std::int64_t,
                                                                                 std::int64_t) {};
  // Why what was read is not the whole video: damaged, or broken off. Told before anything is
  // complete, so that it may throw.
  std::function<void(const std::string& why)> on_incomplete = [](const std::string&) {};
};

// What is known of a video once its first frame is decoded.
class FirstLook {
 public:
  // Errors: as VideoReader's; Error(kInput) for pictures larger than allowed as they are shown.
  explicit FirstLook(const MovieJob& job);
  ~FirstLook();

  const SourceInfo& source() const { return source_; }
  const AVFrame& frame() const;                    // yuv420p, upright
  PictureSize size() const { return size_; }       // as it is shown
  std::int64_t origin() const { return origin_; }  // its pts: second 0 of results
  double tick_s() const { return tick_s_; }        // of source().time_base
  // The rate on average, or the usual one where the container knows none.
  const std::string& fps() const { return fps_; }
  std::int64_t expected_frames() const;

 private:
  SourceInfo source_;
  std::shared_ptr<const AVFrame> frame_;
  PictureSize size_;
  std::int64_t origin_ = 0;
  double tick_s_ = 0;
  std::string fps_;
};

// The size of its pictures as people see them, of square pixels.
PictureSize shown_size(const SourceInfo& source);

// How a job's video is read: every frame as yuv420p with its own timestamp.
VideoReaderOptions reader_options(const MovieJob& job);

}  // namespace co2net
