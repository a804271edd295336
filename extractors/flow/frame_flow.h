#pragma once

#include <cstddef>
#include <functional>
#include <opencv2/core/mat.hpp>
#include <vector>

#include "extractors/flow/flow_field.h"
#include "extractors/video/frame.h"

namespace co2net {

// As OpenCV's images, and back, without a copy. Throws Error(kInternal) for an image of another
// type than uint8 [H, W] and float32 [H, W, 2].
cv::Mat mat_of(const GrayView& frame);
cv::Mat mat_of(const FlowView& flow);
cv::Mat mat_of(const FlowBytesView& flow);
GrayView gray_view(const cv::Mat& frame);
FlowView flow_view(const cv::Mat& flow);

// Quantised as a frame has it: uint8 [H, W, 2].
cv::Mat quantised(const FlowView& flow, double bound);

// Flow of a video's frames in three steps, so that several parts of it, which may share frames, are
// in flow at the same time. The first and the last step go from part to part in order.
//
// 1. The frames whose flow is missing, for every i with wanted(i), and that no other part has
//    claimed; frames[i + 1] must exist, except for the last frame of a video, which takes the flow
//    before it.
std::vector<std::size_t> claim_missing_flow(const std::vector<FramePtr>& frames,
                                            const std::function<bool(std::size_t)>& wanted);
// 2. Solves and quantises those.
void fill_flow(FlowField& field, const std::vector<FramePtr>& frames,
               const std::vector<std::size_t>& claimed);
// 3. Gives a video's last frame the flow before it, or none to a single one, where it has none.
void repeat_last_flow(const std::vector<FramePtr>& frames, double bound);

}  // namespace co2net
