#include "extractors/video/frame.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <string>

#include "pipeline/base/error.h"

extern "C" {
#include <libavutil/frame.h>
}

namespace co2net {

cv::Size frame_size(const Recipe::Resize& resize, cv::Size native, std::int64_t max_pixels) {
  double width = resize.width, height = resize.height;
  if (resize.mode == ResizeMode::kShortSide) {
    const double factor =
        static_cast<double>(resize.short_side) / std::min(native.width, native.height);
    width = std::round(native.width * factor);
    height = std::round(native.height * factor);
  }
  if (width * height > static_cast<double>(max_pixels)) {
    throw Error(ErrorKind::kInput,
                "frames of " + std::to_string(native.width) + "x" + std::to_string(native.height) +
                    " become more than " + std::to_string(max_pixels) +
                    " pixels by the recipe's resizing; choose another with --recipe-set, or allow "
                    "more with --max-scaled-pixels");
  }
  return {static_cast<int>(width), static_cast<int>(height)};
}

FramePtr scale_frame(const AVFrame& native, const Recipe::Resize& resize, FrameParts parts,
                     std::int64_t max_pixels) {
  const cv::Mat bgr(native.height, native.width, CV_8UC3, native.data[0],
                    static_cast<std::size_t>(native.linesize[0]));
  const cv::Size size = frame_size(resize, bgr.size(), max_pixels);
  auto frame = std::make_shared<Frame>();
  if (parts != FrameParts::kGray) cv::resize(bgr, frame->bgr, size, 0, 0, cv::INTER_LINEAR);
  if (parts != FrameParts::kBgr) {
    cv::Mat gray;
    cv::cvtColor(bgr, gray, cv::COLOR_BGR2GRAY);
    cv::resize(gray, frame->gray, size, 0, 0, cv::INTER_LINEAR);
  }
  return frame;
}

}  // namespace co2net
