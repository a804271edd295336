#include "cli/workflows/report_media.h"

#include <gtest/gtest.h>

namespace co2net {
namespace {

constexpr const char *kMp4 = "mov,mp4,m4a,3gp,3g2,mj2", *kMatroska = "matroska,webm";

std::string why(const std::string& codec, const std::string& container,
                const std::string& pixels = "yuv420p") {
  SourceInfo source;
  source.codec = codec;
  source.container = container;
  source.pixel_format = pixels;
  return why_unplayable(source);
}

TEST(WhyUnplayable, IsEmptyOfWhatEveryBrowserPlays) {
  for (const char* codec : {"h264", "vp9", "av1"}) EXPECT_EQ(why(codec, kMp4), "");
  for (const char* codec : {"vp8", "vp9", "av1"}) EXPECT_EQ(why(codec, kMatroska), "");
  EXPECT_EQ(why("h264", kMp4, "yuvj420p"), "") << "the same pixels, by another range of numbers";
  EXPECT_EQ(why("av1", kMp4, "yuv420p10le"), "");
}

TEST(WhyUnplayable, NamesACodecThatItsContainerHasInNoBrowserOrNotInAll) {
  EXPECT_EQ(why("h264", kMatroska), "h264 in matroska,webm") << "which Firefox does not play";
  EXPECT_EQ(why("vp8", kMp4), std::string("vp8 in ") + kMp4);
  EXPECT_EQ(why("mpeg4", kMp4), std::string("mpeg4 in ") + kMp4);
  EXPECT_EQ(why("h264", "avi"), "h264 in avi");
  EXPECT_EQ(why("theora", "ogg"), "theora in ogg") << "which browsers no longer play";
}

TEST(WhyUnplayable, NamesPixelsOfH264ThatFewBrowsersPlay) {
  EXPECT_EQ(why("h264", kMp4, "yuv422p"), "its pixels, yuv422p");
  EXPECT_EQ(why("h264", kMp4, "yuv420p10le"), "its pixels, yuv420p10le");
}

}  // namespace
}  // namespace co2net
