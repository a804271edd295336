#include "extractors/flow/flow_colour.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <opencv2/core.hpp>

#include "extractors/flow/flow_codec.h"
#include "extractors/flow/frame_flow.h"
#include "extractors/video/video_reader.h"
#include "pipeline/base/files.h"

extern "C" {
#include <libavutil/frame.h>
}

namespace co2net {
namespace {

// As the benchmark's program (colorcode.cpp of flow-code) has it, line by line.
class Published {
 public:
  Published() {
    const int RY = 15, YG = 6, GC = 4, CB = 11, BM = 13, MR = 6;
    int k = 0;
    for (int i = 0; i < RY; i++) set(255, 255 * i / RY, 0, k++);
    for (int i = 0; i < YG; i++) set(255 - 255 * i / YG, 255, 0, k++);
    for (int i = 0; i < GC; i++) set(0, 255, 255 * i / GC, k++);
    for (int i = 0; i < CB; i++) set(0, 255 - 255 * i / CB, 255, k++);
    for (int i = 0; i < BM; i++) set(255 * i / BM, 0, 255, k++);
    for (int i = 0; i < MR; i++) set(255, 0, 255 - 255 * i / MR, k++);
    ncols_ = k;
  }

  cv::Vec3b colour(double fx, double fy) const {
    cv::Vec3b pixel;
    const double rad = std::sqrt(fx * fx + fy * fy);
    const double a = std::atan2(-fy, -fx) / std::numbers::pi;
    const double fk = (a + 1.0) / 2.0 * (ncols_ - 1);
    const int k0 = static_cast<int>(fk);
    const int k1 = (k0 + 1) % ncols_;
    const double f = fk - k0;
    for (int b = 0; b < 3; b++) {
      const double col0 = wheel_[k0][b] / 255.0, col1 = wheel_[k1][b] / 255.0;
      double col = (1 - f) * col0 + f * col1;
      if (rad <= 1) {
        col = 1 - rad * (1 - col);
      } else {
        col *= .75;
      }
      pixel[2 - b] = static_cast<unsigned char>(255.0 * col);
    }
    return pixel;
  }
  int size() const { return ncols_; }

 private:
  void set(int r, int g, int b, int k) {
    wheel_[k][0] = r;
    wheel_[k][1] = g;
    wheel_[k][2] = b;
  }
  int ncols_ = 0;
  int wheel_[60][3] = {};
};

constexpr double kBound = 20;

TEST(FlowColours, AreThoseOfThePublishedWheel) {
  const Published published;
  EXPECT_EQ(published.size(), 55);
  cv::Mat flow(201, 211, CV_32FC2);
  for (int y = 0; y < flow.rows; ++y) {
    for (int x = 0; x < flow.cols; ++x) {
      flow.at<cv::Vec2f>(y, x) = {static_cast<float>(x - 105) / 4, static_cast<float>(y - 100) / 4};
    }
  }
  const cv::Mat colours = flow_colours(flow, kBound);
  ASSERT_EQ(colours.type(), CV_8UC3);
  int others = 0;
  for (int y = 0; y < flow.rows; ++y) {
    for (int x = 0; x < flow.cols; ++x) {
      const auto& vector = flow.at<cv::Vec2f>(y, x);
      const cv::Vec3b want = published.colour(vector[0] / kBound, vector[1] / kBound);
      const cv::Vec3b& got = colours.at<cv::Vec3b>(y, x);
      others += got != want;
      for (int channel = 0; channel < 3; ++channel) {
        ASSERT_NEAR(got[channel], want[channel], 1) << vector << got << want;
      }
    }
  }
  EXPECT_LT(others, flow.rows * flow.cols / 50) << "but for the rounding of the last bit";
}

cv::Vec3b colour_of(float x, float y) {
  return flow_colours(cv::Mat(1, 1, CV_32FC2, cv::Scalar(x, y)), kBound).at<cv::Vec3b>(0, 0);
}

TEST(FlowColours, AreWhiteWithoutMotionAndTheHueAtTheBound) {
  EXPECT_EQ(colour_of(0, 0), cv::Vec3b(255, 255, 255));
  EXPECT_EQ(colour_of(20, 0), cv::Vec3b(0, 0, 255)) << "red to the right";
  EXPECT_EQ(colour_of(10, 0), cv::Vec3b(127, 127, 255)) << "half of it";
  EXPECT_EQ(colour_of(40, 0), cv::Vec3b(0, 0, 191)) << "darker beyond";
  EXPECT_EQ(colour_of(std::nanf(""), 0), cv::Vec3b(0, 0, 0));
}

TEST(FlowColours, AreWrittenAsAVideoOfEvenSize) {
  const TempDir dir;
  const auto path = dir.path() / "flow.mp4";
  const auto writer = make_flow_writer(path, FlowFormat::kColor, "25");
  const cv::Mat flow(37, 51, CV_32FC2, cv::Scalar(0, 15));
  for (int i = 0; i < 3; ++i) writer->write(as_held(flow_view(flow), FlowFormat::kColor, kBound));
  writer->finish();

  VideoReader reader(path, {.fps = ""});
  int frames = 0;
  while (const AVFrame* frame = reader.next()) {
    ++frames;
    ASSERT_EQ(frame->width, 52);
    ASSERT_EQ(frame->height, 38);
    const std::uint8_t* pixel = frame->data[0] + std::ptrdiff_t{frame->linesize[0]} * 20 + 3 * 20;
    const cv::Vec3b want = colour_of(0, 15);
    for (int channel = 0; channel < 3; ++channel) EXPECT_NEAR(pixel[channel], want[channel], 6);
  }
  EXPECT_EQ(frames, 3);
  EXPECT_EQ(reader.source().codec, "h264");
}

}  // namespace
}  // namespace co2net
