#include "extractors/video/film_strip.h"

extern "C" {
#include <libavutil/frame.h>
}

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "extractors/video/movie_source.h"
#include "extractors/video/video_reader.h"

namespace co2net {
namespace {

constexpr double kLong_s = 120;  // decoding a longer one takes more than a moment
constexpr int kQuality = 75;
constexpr int kWidest = 4;  // of a picture, relative to its height: no wider one is of use

// So many pictures in a duration, as a rate.
std::string rate_of(const FilmStripOptions& options) {
  const auto duration_ms = std::max<std::int64_t>(1, std::llround(options.duration_s * 1000));
  return std::to_string(options.pictures * 1000) + "/" + std::to_string(duration_ms);
}

// `shown` is the picture's size as people see it.
cv::Mat small(const AVFrame& frame, const PictureSize& shown, int height) {
  const cv::Mat large(frame.height, frame.width, CV_8UC3, frame.data[0],
                      static_cast<std::size_t>(frame.linesize[0]));
  const double aspect = static_cast<double>(shown.width) / shown.height;
  const int width = std::clamp(static_cast<int>(height * aspect), 1, kWidest * height);
  cv::Mat picture;
  cv::resize(large, picture, {width, height}, 0, 0, cv::INTER_AREA);
  return picture;
}

}  // namespace

FilmStrip film_strip(const std::shared_ptr<const OpenedFile>& file,
                     const FilmStripOptions& options) {
  VideoReader reader(file, {.fps = rate_of(options),
                            .limits = options.limits,
                            .deadline = options.deadline,
                            .only_key_frames = options.duration_s > kLong_s});
  std::vector<cv::Mat> pictures;
  while (static_cast<int>(pictures.size()) < options.pictures) {
    const AVFrame* frame = reader.next();
    if (frame == nullptr) break;
    pictures.push_back(small(*frame, shown_size(reader.source()), options.height));
  }
  cv::Mat strip;
  cv::hconcat(pictures, strip);
  std::vector<std::uint8_t> jpeg;
  cv::imencode(".jpg", strip, jpeg, {cv::IMWRITE_JPEG_QUALITY, kQuality});
  return {.jpeg = {jpeg.begin(), jpeg.end()},
          .pictures = static_cast<int>(pictures.size()),
          .width = strip.cols,
          .height = strip.rows};
}

}  // namespace co2net
