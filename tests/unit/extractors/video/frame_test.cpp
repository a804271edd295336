#include "extractors/video/frame.h"

#include <gtest/gtest.h>

#include <memory>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

extern "C" {
#include <libavutil/frame.h>
}

#include "tests/unit/expect_error.h"

namespace co2net {
namespace {

struct FreeFrame {
  void operator()(AVFrame* frame) const { av_frame_free(&frame); }
};
using Native = std::unique_ptr<AVFrame, FreeFrame>;

// A decoded frame of noise whose rows are padded, as libav's are.
Native noise_frame(int width, int height) {
  Native frame(av_frame_alloc());
  frame->width = width;
  frame->height = height;
  frame->format = AV_PIX_FMT_BGR24;
  EXPECT_EQ(av_frame_get_buffer(frame.get(), 64), 0);
  EXPECT_GT(frame->linesize[0], 3 * width);
  cv::Mat bytes(height, frame->linesize[0], CV_8UC1, frame->data[0]);
  cv::RNG(1).fill(bytes, cv::RNG::UNIFORM, 0, 256);
  return frame;
}

bool equal(const cv::Mat& a, const cv::Mat& b) {
  return a.size() == b.size() && a.type() == b.type() && cv::norm(a, b, cv::NORM_INF) == 0;
}

TEST(FrameSize, IsExactOrScalesTheShortSide) {
  Recipe::Resize resize;
  EXPECT_EQ(frame_size(resize, {1920, 1080}), cv::Size(340, 256));
  resize.mode = ResizeMode::kShortSide;
  EXPECT_EQ(frame_size(resize, {320, 240}), cv::Size(341, 256));  // 341.33
  EXPECT_EQ(frame_size(resize, {240, 320}), cv::Size(256, 341));
  EXPECT_EQ(frame_size(resize, {1920, 1080}), cv::Size(455, 256));  // 455.11
  EXPECT_EQ(frame_size(resize, {256, 256}), cv::Size(256, 256));
  resize.short_side = 224;
  EXPECT_EQ(frame_size(resize, {854, 480}), cv::Size(399, 224));  // 398.53
}

TEST(FrameSize, IsAtMostWhatIsAllowed) {
  Recipe::Resize resize;
  EXPECT_NO_THROW(frame_size(resize, {1920, 1080}, 340 * 256));
  const auto expect_refused = [&](cv::Size native, std::int64_t most) {
    test::expect_error(ErrorKind::kInput, {"--max-scaled-pixels"},
                       [&] { frame_size(resize, native, most); });
  };
  expect_refused({1920, 1080}, 340 * 256 - 1);
  resize.mode = ResizeMode::kShortSide;
  expect_refused({16384, 1}, VideoLimits().scaled_pixels);
  expect_refused({1, 2'000'000'000}, VideoLimits().scaled_pixels);
}

TEST(ScaleFrame, IsOpenCvsGrayAtNativeSizeThenItsBilinearResize) {
  const Native native = noise_frame(71, 53);
  const FramePtr frame = scale_frame(*native, Recipe::Resize());

  const cv::Mat bgr(53, 71, CV_8UC3, native->data[0],
                    static_cast<std::size_t>(native->linesize[0]));
  cv::Mat gray, scaled_bgr, scaled_gray;
  cv::cvtColor(bgr, gray, cv::COLOR_BGR2GRAY);
  cv::resize(bgr, scaled_bgr, {340, 256}, 0, 0, cv::INTER_LINEAR);
  cv::resize(gray, scaled_gray, {340, 256}, 0, 0, cv::INTER_LINEAR);
  EXPECT_TRUE(equal(frame->bgr, scaled_bgr));
  EXPECT_TRUE(equal(frame->gray, scaled_gray));
  EXPECT_TRUE(frame->flow.empty());
}

TEST(ScaleFrame, MakesOnlyTheParts) {
  const Native native = noise_frame(32, 20);
  const FramePtr both = scale_frame(*native, Recipe::Resize());
  const FramePtr bgr = scale_frame(*native, Recipe::Resize(), FrameParts::kBgr);
  EXPECT_TRUE(equal(bgr->bgr, both->bgr));
  EXPECT_TRUE(bgr->gray.empty());
  const FramePtr gray = scale_frame(*native, Recipe::Resize(), FrameParts::kGray);
  EXPECT_TRUE(equal(gray->gray, both->gray));
  EXPECT_TRUE(gray->bgr.empty());
}

TEST(ScaleFrame, OwnsItsPixelsEvenAtNativeSize) {
  Native native = noise_frame(340, 256);
  const FramePtr frame = scale_frame(*native, Recipe::Resize());
  const cv::Mat before = frame->bgr.clone();
  cv::Mat(256, native->linesize[0], CV_8UC1, native->data[0]).setTo(0);
  native.reset();
  EXPECT_TRUE(equal(frame->bgr, before));
}

}  // namespace
}  // namespace co2net
