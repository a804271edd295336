#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <opencv2/core/mat.hpp>

#include "extractors/video/video_limits.h"
#include "pipeline/stages/recipe.h"

struct AVFrame;

namespace co2net {

// A frame at the recipe's size, H x W.
struct Frame {
  cv::Mat bgr;   // uint8 [H, W, 3]; empty where nobody sees it
  cv::Mat gray;  // uint8 [H, W]; empty where flow is not solved
  cv::Mat flow;  // uint8 [H, W, 2]: quantised (x, y) to the next frame; empty until solved
  bool is_flow_due = false;  // somebody is about to solve it
};
using FramePtr = std::shared_ptr<Frame>;

// Yields a video's frames in order, null at the end.
using FrameSource = std::function<FramePtr()>;

// The size of frames under a recipe: kExact gives width x height, kShortSide scales both sides
// by one factor and rounds to the nearest pixel. Throws Error(kInput) for more pixels than allowed.
cv::Size frame_size(const Recipe::Resize& resize, cv::Size native,
                    std::int64_t max_pixels = VideoLimits().scaled_pixels);

// What is made of a decoded frame.
enum class FrameParts { kBgr, kGray, kBoth };

// A decoded BGR24 frame at the recipe's size: gray is OpenCV's BGR2GRAY at native size, then both
// are resized by OpenCV's bilinear interpolation. Throws as frame_size().
FramePtr scale_frame(const AVFrame& native, const Recipe::Resize& resize,
                     FrameParts parts = FrameParts::kBoth,
                     std::int64_t max_pixels = VideoLimits().scaled_pixels);

}  // namespace co2net
