#include "extractors/video/playable_copy.h"

#include <gtest/gtest.h>

#include <vector>

#include "extractors/video/video_reader.h"
#include "extractors/video/video_writer.h"
#include "pipeline/base/files.h"

namespace co2net {
namespace {

TEST(PlayableCopy, IsH264OfEvenSizeWithEveryFrame) {
  const TempDir dir;
  constexpr int kWidth = 161, kHeight = 81, kFrames = 20;
  VideoWriter writer(dir.path() / "clip.mkv", {.width = kWidth, .height = kHeight, .fps = "10"});
  const std::vector<std::uint8_t> pixels(std::size_t{3} * kWidth * kHeight, 200);
  for (int i = 0; i < kFrames; ++i) writer.write(pixels.data(), std::ptrdiff_t{3} * kWidth);
  writer.finish();

  const auto copy = dir.path() / "copy.mp4";
  write_playable_copy(std::make_shared<const OpenedFile>(dir.path() / "clip.mkv"), copy);
  const Probe probe = probe_video(copy);
  const SourceInfo& source = probe.streams.at(probe.chosen);
  EXPECT_EQ(source.codec, "h264");
  EXPECT_EQ(source.pixel_format, "yuv420p");
  EXPECT_EQ(source.width, kWidth - 1);
  EXPECT_EQ(source.height, kHeight - 1);
  EXPECT_EQ(source.declared_frames, kFrames);
  EXPECT_EQ(source.average_fps_value, 10);
}

}  // namespace
}  // namespace co2net
