#include "extractors/video/film_strip.h"

#include <gtest/gtest.h>

#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <vector>

#include "extractors/video/video_reader.h"
#include "extractors/video/video_writer.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "tests/support.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

constexpr int kWidth = 160, kHeight = 80, kFps = 1;

// Less than the first half is black, the rest white.
fs::path black_and_white(const TempDir& dir, int seconds) {
  const fs::path path = dir.path() / "clip.mkv";
  VideoWriter writer(path, {.width = kWidth,
                            .height = kHeight,
                            .fps = std::to_string(kFps),
                            .encoder = "mpeg4",  // a key frame every 12 frames
                            .pixel_format = "yuv420p"});
  const int frames = seconds * kFps;
  for (int i = 0; i < frames; ++i) {
    const std::vector<std::uint8_t> pixels(std::size_t{3} * kWidth * kHeight,
                                           i < frames * 2 / 5 ? 0 : 255);
    writer.write(pixels.data(), std::ptrdiff_t{3} * kWidth);
  }
  writer.finish();
  return path;
}

cv::Mat strip_of(const fs::path& path, double duration_s) {
  const FilmStrip strip = film_strip(std::make_shared<const OpenedFile>(path),
                                     {.duration_s = duration_s, .pictures = 4, .height = 40});
  EXPECT_EQ(strip.pictures, 4);
  EXPECT_EQ(cv::Size(strip.width, strip.height), cv::Size(4 * 80, 40));
  return cv::imdecode(std::vector<char>(strip.jpeg.begin(), strip.jpeg.end()),
                      cv::IMREAD_GRAYSCALE);
}

void expect_two_black_and_two_white(const cv::Mat& strip) {
  ASSERT_EQ(strip.size(), cv::Size(4 * 80, 40));
  for (int i = 0; i < 4; ++i) {
    const double gray = cv::mean(strip.colRange(i * 80 + 10, i * 80 + 70))[0];
    EXPECT_NEAR(gray, i < 2 ? 0 : 255, 3) << i;
  }
}

TEST(FilmStrip, ShowsTheVideoEvenly) {
  const TempDir dir;
  expect_two_black_and_two_white(strip_of(black_and_white(dir, 8), 8));
}

TEST(FilmStrip, ShowsALongVideoByItsKeyFrames) {
  const TempDir dir;
  expect_two_black_and_two_white(strip_of(black_and_white(dir, 200), 200));
}

TEST(FilmStrip, KeyFramesAreReadWithoutTheOthers) {
  const TempDir dir;
  VideoReader reader(black_and_white(dir, 24), {.fps = "1", .only_key_frames = true});
  while (reader.next() != nullptr) {
  }
  EXPECT_LT(reader.report().source_frames, 24 / 2);
  EXPECT_EQ(reader.report().gaps, 0) << "though they are 12 s apart";
}

TEST(FilmStrip, HasPixelsAsWideAsTheyAreShown) {
  const TempDir dir;
  const fs::path square = black_and_white(dir, 8), wide = dir.path() / "wide.mkv";
  test::run_shell("ffmpeg -nostdin -v error -i " + test::shell_quoted(square) +
                  " -c copy -aspect 4:1 " + test::shell_quoted(wide));
  const FilmStrip strip = film_strip(std::make_shared<const OpenedFile>(wide),
                                     {.duration_s = 8, .pictures = 4, .height = 40});
  EXPECT_EQ(cv::Size(strip.width, strip.height), cv::Size(4 * 160, 40));
}

TEST(FilmStrip, OfWhatIsNoVideoIsAnError) {
  const TempDir dir;
  write_file(dir.path() / "clip.mkv", "no video");
  EXPECT_THROW(strip_of(dir.path() / "clip.mkv", 8), Error);
}

}  // namespace
}  // namespace co2net
