#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "extractors/video/pixel_format.h"

struct AVFormatContext;
struct AVFrame;
struct AVStream;

namespace co2net {

// The stream's display matrix (9 values, libavutil/display.h), or null if it has none.
const std::int32_t* display_matrix(const AVStream& stream);

// By how many degrees, clockwise and in [0, 360), a display matrix turns the picture.
double clockwise_degrees(const std::int32_t* matrix);

// The filters between decoder and caller: turn the picture upright, resample in time, convert.
// They are those of `ffmpeg -vf fps=F,format=P`. When pictures change in size or format, the
// filters start anew, as they do there: a frame that the resampler still held is lost, and later
// frames are scaled to the size of the first.
// An empty `fps` leaves the frames as they come. `input` and `stream` must outlive the object.
class FrameFilter {
 public:
  FrameFilter(AVFormatContext& input, AVStream& stream, const std::string& fps, PixelFormat format);
  ~FrameFilter();

  // Moves the picture out of `frame`; pull() what there is before. Throws Error(kInput).
  void push(AVFrame& frame);
  // No more frames; the last one ends at `end_pts`, in the stream's time base.
  void close(std::int64_t end_pts);
  // False if there is no frame yet, or no more.
  bool pull(AVFrame& frame);

 private:
  struct Graph;
  bool fits(const AVFrame& frame) const;
  std::string description(const AVFrame& frame) const;
  std::string source_description(const AVFrame& frame) const;

  AVFormatContext& input_;
  AVStream& stream_;
  std::string conversion_;  // the filters that resample and convert
  std::string size_;        // of the frames, "640:480"; empty before the first
  std::unique_ptr<Graph> graph_;
};

}  // namespace co2net
