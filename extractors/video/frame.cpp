#include "extractors/video/frame.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

extern "C" {
#include <libavutil/frame.h>
}

namespace co2net {

cv::Size frame_size(const Recipe::Resize& resize, cv::Size native) {
  if (resize.mode == ResizeMode::kExact) return {resize.width, resize.height};
  const double factor =
      static_cast<double>(resize.short_side) / std::min(native.width, native.height);
  return {static_cast<int>(std::lround(native.width * factor)),
          static_cast<int>(std::lround(native.height * factor))};
}

FramePtr scale_frame(const AVFrame& native, const Recipe::Resize& resize) {
  const cv::Mat bgr(native.height, native.width, CV_8UC3, native.data[0],
                    static_cast<std::size_t>(native.linesize[0]));
  cv::Mat gray;
  cv::cvtColor(bgr, gray, cv::COLOR_BGR2GRAY);
  const cv::Size size = frame_size(resize, bgr.size());
  auto frame = std::make_shared<Frame>();
  cv::resize(bgr, frame->bgr, size, 0, 0, cv::INTER_LINEAR);
  cv::resize(gray, frame->gray, size, 0, 0, cv::INTER_LINEAR);
  return frame;
}

}  // namespace co2net
