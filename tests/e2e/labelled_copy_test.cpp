#include "extractors/video/labelled_copy.h"

#include <gtest/gtest.h>

#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "tests/e2e/numbered_video.h"
#include "tests/support.h"
#include "tests/unit/expect_error.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

using test::run_shell;
using test::shell_quoted;

constexpr int kFrames = 100;
constexpr int kBelow = 20;

// A white box below the picture in [start_s, end_s), and nothing else.
Drawing box(const PictureSize& size, double start_s, double end_s) {
  const auto time = [](double seconds) {
    const int all = static_cast<int>(std::lround(seconds * kScriptSeconds * 100)) - 1;
    char text[32];
    std::snprintf(text, sizeof text, "0:%02d:%02d.%02d", all / 6000, all / 100 % 60, all % 100);
    return std::string(text);
  };
  return {kBelow,
          "[Script Info]\nScriptType: v4.00+\nPlayResX: " + std::to_string(size.width) +
              "\nPlayResY: " + std::to_string(size.height + kBelow) +
              "\n[V4+ Styles]\nFormat: Name, Fontname, Fontsize, PrimaryColour, Alignment, "
              "Encoding\nStyle: Default,Sans,10,&H00FFFFFF,7,1\n[Events]\nFormat: Layer, Start, "
              "End, Style, Text\nDialogue: 0," +
              time(start_s) + "," + time(end_s) + ",Default,{\\pos(0," +
              std::to_string(size.height) + ")\\p1\\bord0\\shad0}m 0 0 l 40 0 40 20 0 20\n"};
}

class LabelledCopy : public testing::Test {
 protected:
  fs::path path(const std::string& name) const { return dir_.path() / name; }

  // Runs ffmpeg on the numbered video with these options.
  fs::path source(const std::string& name, const std::string& inputs,
                  const std::string& outputs) const {
    run_shell("cd " + shell_quoted(dir_.path()) + " && ffmpeg -nostdin -v error -y " + inputs +
              " " + outputs + " " + name);
    return path(name);
  }

  DecodeReport write(const fs::path& from, const DrawingOf& drawing_of) const {
    MovieJob job;
    job.file = std::make_shared<const OpenedFile>(from);
    return write_labelled_copy(job, path("copy.mp4"), drawing_of);
  }
  DecodeReport write(const fs::path& from) const {
    return write(from, [](const PictureSize& size, double) { return box(size, 0.2, 0.4); });
  }

  void expect_the_same_frames(const fs::path& from, int height = test::kNumberedHeight) const {
    const auto want = test::numbered_frames(from, height);
    const auto got = test::numbered_frames(path("copy.mp4"), height);
    ASSERT_EQ(test::numbers_of(got), test::numbers_of(want));
    for (std::size_t i = 0; i < got.size(); ++i) {
      ASSERT_NEAR(got[i].time_s, want[i].time_s, 1e-4) << i;
    }
  }

 private:
  TempDir dir_;
};

TEST_F(LabelledCopy, HasEveryFrameOfAVariableRateAtItsTimeAndTheSoundBesideIt) {
  test::draw_numbered(path("n.mp4"), kFrames, "25");
  const fs::path late = source("late.mp4", "-itsoffset 0.52 -i n.mp4 " + test::tone(5),
                               "-map 0:v -map 1:a -vf \"select='not(eq(mod(n,5),2))'\" -fps_mode "
                               "vfr -crf 10 -bf 2 -c:a aac");
  const DecodeReport report = write(late);
  EXPECT_TRUE(report.complete);
  EXPECT_EQ(report.frames, kFrames * 4 / 5);
  EXPECT_NEAR(test::numbered_frames(late).front().time_s, 0.52, 0.001) << "the sound comes first";
  expect_the_same_frames(late);
  test::expect_tone(path("copy.mp4"), 0, 0, 4.5);
}

TEST_F(LabelledCopy, OfABroadcastHasItsSoundBesideItsPictures) {
  test::draw_numbered(path("n.mp4"), kFrames, "25");
  const fs::path late = source("late.ts", "-itsoffset 0.52 -i n.mp4 " + test::tone(5),
                               "-map 0:v -map 1:a -c:v copy -c:a aac");
  write(late);
  const auto frames = test::numbered_frames(path("copy.mp4"));
  EXPECT_EQ(test::numbers_of(frames), test::numbers_from(0, kFrames));
  // The tone's 0.52 s are at the first frame.
  const double zero_s = 0.52 - frames.front().time_s;
  test::expect_tone(path("copy.mp4"), zero_s, 0.6, 4.4);
}

TEST_F(LabelledCopy, EncodesSoundThatMp4LacksAndKeepsEachStream) {
  test::draw_numbered(path("n.mp4"), kFrames, "25");
  const fs::path two = source("two.mkv", "-i n.mp4 " + test::tone(4) + test::tone(4),
                              "-map 0:v -map 1:a -map 2:a -c:v copy -c:a:0 pcm_s16le -c:a:1 "
                              "libvorbis");
  write(two);
  expect_the_same_frames(two);
  test::expect_tone(path("copy.mp4"), 0, 0, 3.9, 0);
  test::expect_tone(path("copy.mp4"), 0, 0, 3.9, 1);
}

TEST_F(LabelledCopy, DrawsFromTheFrameOnThatIsAtTheTimeWhereSecondZeroIsTheFirst) {
  test::draw_numbered(path("n.mp4"), kFrames, "25");
  for (const char* suffix : {"mp4", "mkv"}) {  // a millisecond is a tick of the latter
    const fs::path late = source(std::string("late.") + suffix,
                                 "-itsoffset 0.52 -i n.mp4 " + test::tone(5), "-c:v copy -c:a aac");
    write(late, [](const PictureSize& size, double) { return box(size, 0.84, 2.2); });
    VideoReader reader(path("copy.mp4"), {.fps = "", .format = PixelFormat::kGray8});
    std::vector<int> drawn;
    while (const AVFrame* frame = reader.next()) {
      const std::uint8_t* row =
          frame->data[0] + std::ptrdiff_t{frame->linesize[0]} * (frame->height - kBelow / 2);
      if (row[20] > 125) drawn.push_back(test::number_of(*frame, test::kNumberedHeight));
    }
    EXPECT_EQ(drawn, test::numbers_from(21, 55)) << suffix;
  }
}

TEST_F(LabelledCopy, OfAnOddSizeIsPaddedAndLosesNothing) {
  constexpr int kWidth = 161, kHeight = 81;
  test::draw_numbered(path("n.mp4"), 10, "25", kWidth, kHeight);
  write(path("n.mp4"));
  const Probe probe = probe_video(path("copy.mp4"));
  EXPECT_EQ(probe.streams.at(0).width, kWidth + 1);
  EXPECT_EQ(probe.streams.at(0).height, kHeight + 1 + kBelow);
  EXPECT_EQ(probe.streams.at(0).pixel_format, "yuv420p");
  expect_the_same_frames(path("n.mp4"), kHeight);
}

TEST_F(LabelledCopy, HasSquarePixels) {
  test::draw_numbered(path("n.mp4"), 10, "25");
  const fs::path wide = source("wide.mkv", "-i n.mp4", "-vf setsar=3/2 -crf 10");
  write(wide);
  const Probe probe = probe_video(path("copy.mp4"));
  EXPECT_EQ(probe.streams.at(0).width, test::kNumberedWidth * 3 / 2);
  EXPECT_EQ(probe.streams.at(0).height, test::kNumberedHeight + kBelow);
  EXPECT_EQ(probe.streams.at(0).sample_aspect_ratio, "1/1");
  expect_the_same_frames(wide);
}

TEST_F(LabelledCopy, IsUpright) {
  SKIP_WITHOUT(test::data_dir());
  const fs::path phone = test::data_dir() / "videos" / "video_270.mov";
  write(phone);
  const SourceInfo turned = probe_video(phone).streams.at(0);
  const SourceInfo copy = probe_video(path("copy.mp4")).streams.at(0);
  EXPECT_EQ(copy.width, turned.width);
  EXPECT_EQ(copy.height, turned.height + kBelow);
  EXPECT_EQ(copy.rotation, 0);
}

TEST_F(LabelledCopy, KeepsTheColours) {
  SKIP_WITHOUT(test::data_dir());
  for (const char* name : {"bt709_full_range.mp4", "newtonscradle.gif", "h264_10bits.mp4"}) {
    const fs::path from = test::data_dir() / "videos" / name;
    write(from);
    VideoReader before(from, {.fps = ""}), after(path("copy.mp4"), {.fps = ""});
    const AVFrame *a = before.next(), *b = after.next();
    double sums[3] = {};
    for (int y = 0; y < a->height; ++y) {
      for (int x = 0; x < 3 * a->width; ++x) {
        sums[x % 3] += a->data[0][std::ptrdiff_t{a->linesize[0]} * y + x];
        sums[x % 3] -= b->data[0][std::ptrdiff_t{b->linesize[0]} * y + x];
      }
    }
    for (const double sum : sums) EXPECT_NEAR(sum / (a->width * a->height), 0, 2.5) << name;
  }
}

TEST_F(LabelledCopy, GivesEqualBytes) {
  test::draw_numbered(path("n.mp4"), 20, "25");
  const fs::path from =
      source("two.mkv", "-i n.mp4 " + test::tone(0.8), "-c:v copy -c:a pcm_s16le");
  write(from);
  const std::string first = read_file(path("copy.mp4"));
  write(from);
  EXPECT_EQ(read_file(path("copy.mp4")), first);
}

TEST_F(LabelledCopy, OfWhatIsTooLargeAsItIsShownIsAnError) {
  test::draw_numbered(path("n.mp4"), 3, "25");
  MovieJob job;
  job.file = std::make_shared<const OpenedFile>(path("n.mp4"));
  job.limits.scaled_pixels = 100;
  test::expect_error(ErrorKind::kInput, {"n.mp4", "160x120", "--max-scaled-pixels"}, [&] {
    write_labelled_copy(job, path("copy.mp4"),
                        [](const PictureSize& size, double) { return box(size, 0.2, 0.4); });
  });
}

TEST(DisplaySize, HasEvenSidesAndTakesNoAspectThatNoVideoHas) {
  const auto size = [](int width, int height, double aspect) {
    const PictureSize shown = display_size(width, height, aspect);
    return std::pair(shown.width, shown.height);
  };
  EXPECT_EQ(size(720, 576, 16.0 / 15), std::pair(768, 576));
  EXPECT_EQ(size(720, 480, 8.0 / 9), std::pair(720, 540));
  EXPECT_EQ(size(161, 81, 1), std::pair(162, 82));
  EXPECT_EQ(size(160, 80, 100), std::pair(160, 80));
  EXPECT_EQ(size(160, 80, 0), std::pair(160, 80));
}

}  // namespace
}  // namespace co2net
