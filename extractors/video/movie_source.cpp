#include "extractors/video/movie_source.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "extractors/video/av.h"

namespace co2net {
namespace {

constexpr const char* kUsualRate = "25";

// Of the picture as it is turned upright.
double pixel_aspect(const SourceInfo& source) {
  const AVRational stored = parse_ratio(source.sample_aspect_ratio);
  if (stored.num <= 0 || stored.den <= 0) return 1;
  const bool is_on_its_side = std::abs(std::fmod(source.rotation, 180) - 90) < 1;
  return is_on_its_side ? av_q2d(av_inv_q(stored)) : av_q2d(stored);
}

}  // namespace

PictureSize shown_size(const SourceInfo& source) {
  return display_size(source.width, source.height, pixel_aspect(source));
}

VideoReaderOptions reader_options(const MovieJob& job) {
  return {.fps = "",
          .stream = job.stream,
          .format = PixelFormat::kYuv420p,
          .limits = job.limits,
          .deadline = job.deadline};
}

FirstLook::FirstLook(const MovieJob& job) {
  VideoReader reader(job.file, reader_options(job));
  const AVFrame* frame = reader.next();  // there is one, or it throws
  frame_.reset(allocated(av_frame_clone(frame)),
               [](const AVFrame* own) { AvFramePtr(const_cast<AVFrame*>(own)); });
  source_ = reader.source();
  size_ = display_size(frame->width, frame->height, pixel_aspect(source_));
  if (std::int64_t{size_.width} * size_.height > job.limits.scaled_pixels) {
    throw Error(ErrorKind::kInput,
                job.file->path().string() + ": pictures are shown with " +
                    std::to_string(size_.width) + "x" + std::to_string(size_.height) +
                    " pixels, more than allowed; allow more with --max-scaled-pixels");
  }
  origin_ = frame->pts == AV_NOPTS_VALUE ? 0 : frame->pts;
  tick_s_ = av_q2d(parse_ratio(source_.time_base));
  fps_ = source_.average_fps_value > 0 ? source_.average_fps : kUsualRate;
}

FirstLook::~FirstLook() = default;

const AVFrame& FirstLook::frame() const { return *frame_; }

std::int64_t FirstLook::expected_frames() const {
  if (source_.declared_frames > 0) return source_.declared_frames;
  return frames_within(source_.duration_s, source_.average_fps_value);
}

}  // namespace co2net
