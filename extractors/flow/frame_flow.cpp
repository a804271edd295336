#include "extractors/flow/frame_flow.h"

#include <opencv2/core.hpp>
#include <utility>

#include "extractors/flow/quantise.h"
#include "pipeline/base/error.h"

namespace co2net {
namespace {

template <class Pixel>
cv::Mat mat_over(const ImageView<Pixel>& view, int type) {
  return {view.size.height, view.size.width, type, const_cast<Pixel*>(view.pixels),
          static_cast<std::size_t>(view.stride) * sizeof(Pixel)};
}

template <class Pixel>
ImageView<Pixel> view_of(const cv::Mat& image, int type) {
  if (image.type() != type || image.step % sizeof(Pixel) != 0) {
    throw Error(ErrorKind::kInternal,
                "flow needs uint8 gray images, and is float32 of two channels");
  }
  return {image.ptr<Pixel>(),
          {image.rows, image.cols},
          static_cast<std::ptrdiff_t>(image.step / sizeof(Pixel))};
}

}  // namespace

cv::Mat mat_of(const GrayView& frame) { return mat_over(frame, CV_8UC1); }
cv::Mat mat_of(const FlowView& flow) { return mat_over(flow, CV_32FC2); }
cv::Mat mat_of(const FlowBytesView& flow) { return mat_over(flow, CV_8UC2); }
GrayView gray_view(const cv::Mat& frame) { return view_of<std::uint8_t>(frame, CV_8UC1); }
FlowView flow_view(const cv::Mat& flow) { return view_of<FlowVector>(flow, CV_32FC2); }

cv::Mat quantised(const FlowView& flow, double bound) {
  cv::Mat bytes(flow.size.height, flow.size.width, CV_8UC2);
  quantise_flow(flow, bound, bytes.ptr<FlowBytes>());
  return bytes;
}

std::vector<std::size_t> claim_missing_flow(const std::vector<FramePtr>& frames,
                                            const std::function<bool(std::size_t)>& wanted) {
  std::vector<std::size_t> claimed;
  const auto ask_for = [&](std::size_t i) {
    // In this order: one that is due may be written to at the moment.
    if (std::exchange(frames[i]->is_flow_due, true) || !frames[i]->flow.empty()) return;
    claimed.push_back(i);
  };
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (!wanted(i)) continue;
    if (i + 1 < frames.size()) {
      ask_for(i);
    } else if (i > 0) {
      ask_for(i - 1);
    }
  }
  return claimed;
}

void fill_flow(FlowField& field, const std::vector<FramePtr>& frames,
               const std::vector<std::size_t>& claimed) {
  std::vector<FlowPair> pairs;
  for (const std::size_t i : claimed) {
    pairs.push_back({gray_view(frames[i]->gray), gray_view(frames[i + 1]->gray)});
  }
  field.solve(pairs, [&](std::size_t i, const FlowBytesView& flow) {
    frames[claimed[i]]->flow = mat_of(flow).clone();
  });
}

void repeat_last_flow(const std::vector<FramePtr>& frames, double bound) {
  Frame& last = *frames.back();
  if (!last.flow.empty()) return;
  last.flow = frames.size() > 1
                  ? frames[frames.size() - 2]->flow
                  : quantised(flow_view(cv::Mat::zeros(last.gray.size(), CV_32FC2)), bound);
}

}  // namespace co2net
