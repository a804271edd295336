#include "extractors/video/video_writer.h"

#include <gtest/gtest.h>

extern "C" {
#include <libavutil/frame.h>
}

#include <algorithm>
#include <cstdint>
#include <vector>

#include "extractors/video/video_reader.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "tests/unit/expect_error.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

constexpr int kWidth = 52;
constexpr int kHeight = 38;

using Pixels = std::vector<std::uint8_t>;

std::vector<Pixels> noise(int frames, int channels) {
  std::vector<Pixels> clip;
  std::uint32_t state = 1;
  for (int i = 0; i < frames; ++i) {
    Pixels& pixels = clip.emplace_back(static_cast<std::size_t>(kWidth * kHeight * channels));
    for (std::uint8_t& value : pixels) {
      state = state * 1664525u + 1013904223u;
      value = static_cast<std::uint8_t>(state >> 24);
    }
  }
  return clip;
}

void write_clip(const fs::path& path, const std::vector<Pixels>& clip,
                const VideoWriterOptions& options) {
  VideoWriter writer(path, options);
  for (const Pixels& pixels : clip) {
    writer.write(pixels.data(), static_cast<std::ptrdiff_t>(pixels.size()) / kHeight);
  }
  writer.finish();
}

std::vector<Pixels> read_clip(const fs::path& path, PixelFormat format) {
  VideoReader reader(path, {.fps = "", .format = format});
  const int channels = format == PixelFormat::kGray8 ? 1 : 3;
  std::vector<Pixels> clip;
  while (const AVFrame* frame = reader.next()) {
    Pixels& pixels = clip.emplace_back();
    for (int y = 0; y < frame->height; ++y) {
      const std::uint8_t* row = frame->data[0] + std::ptrdiff_t{frame->linesize[0]} * y;
      pixels.insert(pixels.end(), row, row + frame->width * channels);
    }
  }
  return clip;
}

VideoWriterOptions lossless_bgr() { return {.width = kWidth, .height = kHeight}; }

VideoWriterOptions lossless_gray() {
  return {.width = kWidth, .height = kHeight, .input = PixelFormat::kGray8, .pixel_format = "gray"};
}

ErrorKind error_kind(const fs::path& path, const VideoWriterOptions& options) {
  try {
    write_clip(path, noise(1, 3), options);
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find(path.filename().string()), std::string::npos) << e.what();
    return e.kind();
  }
  ADD_FAILURE() << "no error";
  return ErrorKind::kInternal;
}

TEST(VideoWriter, KeepsEveryByteOfColourFrames) {
  const TempDir dir;
  const std::vector<Pixels> clip = noise(5, 3);
  write_clip(dir.path() / "a.mkv", clip, lossless_bgr());
  EXPECT_EQ(read_clip(dir.path() / "a.mkv", PixelFormat::kBgr24), clip);
}

TEST(VideoWriter, KeepsEveryByteOfGrayFrames) {
  const TempDir dir;
  const std::vector<Pixels> clip = noise(5, 1);
  write_clip(dir.path() / "a.mkv", clip, lossless_gray());
  EXPECT_EQ(read_clip(dir.path() / "a.mkv", PixelFormat::kGray8), clip);
}

TEST(VideoWriter, GivesEqualBytesForEqualFrames) {
  const TempDir dir;
  VideoWriterOptions h264 = lossless_bgr();
  h264.encoder = "libx264";
  h264.pixel_format = "yuv420p";
  const std::vector<Pixels> clip = noise(30, 3);
  for (const auto& [suffix, options] : {std::pair{".mkv", lossless_bgr()}, {".mp4", h264}}) {
    const fs::path first = dir.path() / (std::string("a") + suffix);
    const fs::path second = dir.path() / (std::string("b") + suffix);
    write_clip(first, clip, options);
    write_clip(second, clip, options);
    EXPECT_EQ(read_file(first), read_file(second)) << suffix;
  }
}

TEST(VideoWriter, WritesEveryFrameOfH264WithBFrames) {
  const TempDir dir;
  VideoWriterOptions options = lossless_bgr();
  options.encoder = "libx264";
  options.pixel_format = "yuv420p";
  options.fps = "30000/1001";
  options.encoder_options = {{"crf", "30"}, {"bf", "3"}};
  write_clip(dir.path() / "a.mp4", noise(47, 3), options);
  EXPECT_EQ(read_clip(dir.path() / "a.mp4", PixelFormat::kBgr24).size(), 47u);
  const Probe probe = probe_video(dir.path() / "a.mp4");
  EXPECT_EQ(probe.streams[0].average_fps, "30000/1001");
  EXPECT_EQ(probe.streams[0].declared_frames, 47);
}

TEST(VideoWriter, ReadsRowsAtTheGivenStride) {
  const TempDir dir;
  const std::vector<Pixels> clip = noise(1, 1);
  constexpr std::ptrdiff_t kStride = kWidth + 11;
  Pixels padded(kStride * kHeight, 255);
  for (int y = 0; y < kHeight; ++y) {
    std::copy_n(clip[0].begin() + y * kWidth, kWidth, padded.begin() + y * kStride);
  }
  VideoWriter writer(dir.path() / "a.mkv", lossless_gray());
  writer.write(padded.data(), kStride);
  writer.finish();
  EXPECT_EQ(read_clip(dir.path() / "a.mkv", PixelFormat::kGray8), clip);
}

TEST(VideoWriter, StoresMetadata) {
  const TempDir dir;
  VideoWriterOptions options = lossless_bgr();
  options.metadata = {{"title", "a title to look for"}};
  write_clip(dir.path() / "a.mkv", noise(1, 3), options);
  EXPECT_NE(read_file(dir.path() / "a.mkv").find("a title to look for"), std::string::npos);
}

TEST(VideoWriter, SaysWhichOptionItCannotHonour) {
  const TempDir dir;
  VideoWriterOptions unknown_encoder = lossless_bgr();
  unknown_encoder.encoder = "no_such_encoder";
  EXPECT_EQ(error_kind(dir.path() / "a.mkv", unknown_encoder), ErrorKind::kIo);

  VideoWriterOptions unknown_option = lossless_bgr();
  unknown_option.encoder_options = {{"no_such_option", "1"}};
  EXPECT_EQ(error_kind(dir.path() / "a.mkv", unknown_option), ErrorKind::kUsage);

  VideoWriterOptions unknown_format = lossless_bgr();
  unknown_format.pixel_format = "no_such_format";
  EXPECT_EQ(error_kind(dir.path() / "a.mkv", unknown_format), ErrorKind::kUsage);

  EXPECT_EQ(error_kind(dir.path() / "a.no_such_suffix", lossless_bgr()), ErrorKind::kIo);
  EXPECT_EQ(error_kind(dir.path() / "absent" / "a.mkv", lossless_bgr()), ErrorKind::kIo);
}

TEST(VideoWriter, TellsAFullDiskWithTheRemedy) {
  const TempDir dir;
  fs::create_symlink("/dev/full", dir.path() / "a.mkv");
  test::expect_error(ErrorKind::kIo,
                     {"a.mkv", "No space left on device; make room, or name another place"},
                     [&] { write_clip(dir.path() / "a.mkv", noise(100, 3), lossless_bgr()); });
}

TEST(VideoWriter, BlamesTheVideoForWhatTheContainerCannotHold) {
  const TempDir dir;
  EXPECT_EQ(error_kind(dir.path() / "a.webm", lossless_bgr()), ErrorKind::kInput);
  EXPECT_EQ(error_kind(dir.path() / "a.wav", lossless_bgr()), ErrorKind::kInput);
}

}  // namespace
}  // namespace co2net
