// The ffmpeg program is the reference: count, order and bytes of the frames must be its own.
#include "extractors/video/video_reader.h"

#include <gtest/gtest.h>

extern "C" {
#include <libavutil/frame.h>
#include <libavutil/md5.h>
}

#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <sstream>
#include <vector>

#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "tests/support.h"
#include "tests/unit/expect_error.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

using test::data_dir;
using test::run_shell;
using test::shell_quoted;

std::string md5(const AVFrame& frame) {
  std::vector<std::uint8_t> packed;
  const auto row = static_cast<std::size_t>(frame.width) * 3;
  for (int y = 0; y < frame.height; ++y) {
    const std::uint8_t* pixels = frame.data[0] + std::ptrdiff_t{frame.linesize[0]} * y;
    packed.insert(packed.end(), pixels, pixels + row);
  }
  std::array<std::uint8_t, 16> digest;
  av_md5_sum(digest.data(), packed.data(), packed.size());
  std::string text;
  for (const std::uint8_t byte : digest) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

struct Decoded {
  std::vector<std::string> frames;  // MD5 of each
  DecodeReport report;
};

Decoded decode(const fs::path& path, const std::string& fps = "25", int stream = -1) {
  VideoReader reader(path, {.fps = fps, .stream = stream});
  Decoded decoded;
  while (const AVFrame* frame = reader.next()) decoded.frames.push_back(md5(*frame));
  decoded.report = reader.report();
  return decoded;
}

std::vector<std::string> decode_with_ffmpeg(const fs::path& path, const std::string& fps = "25",
                                            int stream = -1) {
  const std::string map = stream < 0 ? "" : "-map 0:" + std::to_string(stream);
  const std::string resample = fps.empty() ? "" : "fps=" + fps + ",";
  std::istringstream lines(run_shell(
      "ffmpeg -nostdin -v quiet -threads 1 -i " + shell_quoted(path) + " " + map +
      " -an -fps_mode passthrough -vf " + resample + "format=bgr24 -f framemd5 - || true"));
  std::vector<std::string> frames;
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line[0] != '#') frames.push_back(line.substr(line.rfind(' ') + 1));
  }
  return frames;
}

void expect_ffmpegs_frames(const fs::path& path, const std::string& fps = "25", int stream = -1) {
  SCOPED_TRACE(path.filename().string() + " at fps '" + fps + "'");
  const std::vector<std::string> want = decode_with_ffmpeg(path, fps, stream);
  if (want.empty() && decode_with_ffmpeg(path, "", stream).empty()) {
    EXPECT_THROW(decode(path, fps, stream), Error);
    return;
  }
  const std::vector<std::string> got = decode(path, fps, stream).frames;
  EXPECT_EQ(got.size(), want.size());
  const auto differ = std::mismatch(got.begin(), got.end(), want.begin(), want.end());
  EXPECT_TRUE(differ.first == got.end())
      << "the first frame that differs is " << differ.first - got.begin();
}

std::string test_name(std::string name) {
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
}

std::vector<std::string> real_clips() {
  std::vector<std::string> names;
  std::error_code absent;
  for (const auto& entry : fs::directory_iterator(data_dir() / "videos", absent)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class RealClip : public testing::TestWithParam<std::string> {};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(RealClip);
INSTANTIATE_TEST_SUITE_P(VideoReader, RealClip, testing::ValuesIn(real_clips()),
                         [](const auto& clip) { return test_name(clip.param); });

TEST_P(RealClip, GivesTheFramesOfTheFfmpegProgram) {
  SKIP_WITHOUT(data_dir());
  expect_ffmpegs_frames(data_dir() / "videos" / GetParam());
}

class RateOfRealClip : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(VideoReader, RateOfRealClip,
                         testing::Values("v_BaseballPitch_g01_c01.avi",
                                         "v_ApplyEyeMakeup_g01_c01.avi", "part_0.mp4",
                                         "newtonscradle.gif", "video_270.mov", "realshort.mp4",
                                         "transparent.webm", "corrupted.mp4"),
                         [](const auto& clip) { return test_name(clip.param); });

TEST_P(RateOfRealClip, IsTheOneAskedForOrTheSources) {
  SKIP_WITHOUT(data_dir());
  const fs::path clip = data_dir() / "videos" / GetParam();
  for (const char* fps : {"", "2", "30000/1001", "60"}) expect_ffmpegs_frames(clip, fps);
}

void expect_damage(const fs::path& clip, int source_frames) {
  const Decoded first = decode(clip);
  const Decoded second = decode(clip);
  EXPECT_FALSE(first.report.complete);
  EXPECT_EQ(first.report.failed_packets, 1);
  EXPECT_EQ(first.report.source_frames, source_frames);
  EXPECT_NE(first.report.first_error.find("Invalid data"), std::string::npos);
  EXPECT_EQ(first.report.first_error, second.report.first_error);
  EXPECT_EQ(first.frames, second.frames);
}

TEST(VideoReader, ReportsTheSameDamageOfARealClipOnEveryRun) {
  SKIP_WITHOUT(data_dir());
  expect_damage(data_dir() / "videos" / "corrupted.mp4", 49);
}

// Clips that show one difficulty each; `make` is run in an empty folder and leaves `file` there.
struct MadeClip {
  const char* name;
  const char* file;
  const char* make;
  const char* encoders;  // that the ffmpeg program needs for it
};

#define SOURCE "ffmpeg -v error -nostdin -f lavfi -i testsrc2=s=160x120:r=30:d=2 "
#define X264 "-c:v libx264 -preset veryfast -g 12 "

// By FFmpeg 6 and newer, or by the older way.
#define TURN(degrees, from, to)                                                     \
  "(ffmpeg -v quiet -nostdin -display_rotation " degrees " -i " from " -c copy " to \
  " || ffmpeg -v error -nostdin -i " from " -c copy -metadata:s:v rotate=" degrees " " to ")"

// Twelve frames, and twelve more after 20 s.
#define GAP                                                                            \
  "ffmpeg -v error -nostdin -f lavfi -i testsrc2=s=160x120:r=25 -vf \"settb=1/25,"     \
  "setpts='N+500*gte(N,12)'\" -frames:v 24 -fps_mode passthrough -enc_time_base 1:25 " \
  "-c:v ffv1 a.mkv"

const MadeClip kMadeClips[] = {
    {"InterlacedMpeg2InTs", "a.ts",
     SOURCE "-vf interlace -c:v mpeg2video -flags +ildct+ilme -bf 2 a.ts", "mpeg2video"},
    {"Mpeg2WithRepeatedFields", "a.ts",
     SOURCE "-vf telecine,fps=24000/1001 -c:v mpeg2video -bf 2 -r 24000/1001 a.ts", "mpeg2video"},
    {"Mp4CutShort", "a.mp4",
     SOURCE X264 "-movflags +faststart b.mp4 && head -c 20000 b.mp4 > a.mp4", "libx264"},
    {"FragmentedMp4CutShort", "a.mp4",
     SOURCE X264 "-movflags frag_keyframe+empty_moov b.mp4 && head -c 30000 b.mp4 > a.mp4",
     "libx264"},
    {"MkvCutShort", "a.mkv", SOURCE X264 "b.mkv && head -c 20000 b.mkv > a.mkv", "libx264"},
    {"OddSize", "a.mkv", SOURCE "-vf scale=161:121 -pix_fmt yuv444p " X264 "a.mkv", "libx264"},
    {"OddSizeOf420", "a.mkv", SOURCE "-vf scale=161:121,format=yuv420p -c:v ffv1 a.mkv", "ffv1"},
    {"BFrames", "a.mp4", SOURCE X264 "-bf 3 -x264-params b-pyramid=normal a.mp4", "libx264"},
    {"BFramesInAvi", "a.avi", SOURCE "-c:v mpeg4 -bf 2 a.avi", "mpeg4"},
    {"PackedBFramesInAvi", "a.avi", SOURCE "-c:v libxvid -bf 2 a.avi", "libxvid"},
    {"TenBit422", "a.mkv", SOURCE "-pix_fmt yuv422p10le " X264 "a.mkv", "libx264"},
    {"TenBit420FullRange", "a.mkv", SOURCE "-pix_fmt yuv420p10le -color_range pc " X264 "a.mkv",
     "libx264"},
    {"Bt709", "a.mp4", SOURCE "-vf scale=out_color_matrix=bt709 -colorspace bt709 " X264 "a.mp4",
     "libx264"},
    {"Alpha", "a.mkv", SOURCE "-vf format=yuva420p -c:v ffv1 a.mkv", "ffv1"},
    {"Palette", "a.gif", SOURCE "-r 10 a.gif", "gif"},
    {"Gray16", "a.mkv", SOURCE "-pix_fmt gray16le -c:v ffv1 a.mkv", "ffv1"},
    {"AudioAndAttachedPicture", "a.mp4",
     "ffmpeg -v error -nostdin -f lavfi -i testsrc2=s=640x480:d=0.04 -frames:v 1 p.png && " SOURCE
     "-f lavfi -i sine=d=3 -i p.png -map 2 -map 1 -map 0 -c:v:0 png -c:v:1 libx264 -c:a aac "
     "-disposition:v:0 attached_pic a.mp4",
     "libx264"},
    {"AudioThatStartsEarlierInTs", "a.ts",
     "ffmpeg -v error -nostdin -itsoffset 0.7 -f lavfi -i testsrc2=s=160x120:r=30:d=2 "
     "-f lavfi -i sine=d=3 " X264 "-c:a mp2 a.ts",
     "libx264"},
    {"AudioThatStartsEarlierInMp4", "a.mp4",
     "ffmpeg -v error -nostdin -itsoffset 0.7 -f lavfi -i testsrc2=s=160x120:r=30:d=2 "
     "-f lavfi -i sine=d=3 " X264 "-c:a aac a.mp4",
     "libx264"},
    {"Rotation90", "a.mp4", SOURCE X264 "b.mp4 && " TURN("90", "b.mp4", "a.mp4"), "libx264"},
    {"Rotation30", "a.mp4", SOURCE X264 "b.mp4 && " TURN("30", "b.mp4", "a.mp4"), "libx264"},
    {"NonSquarePixels", "a.mp4", SOURCE "-vf setsar=4/3 " X264 "a.mp4", "libx264"},
    {"NonZeroStart", "a.mkv", SOURCE X264 "-output_ts_offset 5.3 a.mkv", "libx264"},
    {"NonZeroStartInTs", "a.ts", SOURCE X264 "-output_ts_offset 1234.5 a.ts", "libx264"},
    {"TsClockThatWraps", "a.ts", SOURCE X264 "-output_ts_offset 95442 a.ts", "libx264"},
    {"TsJumpForth", "a.ts",
     SOURCE X264 "b.ts && " SOURCE X264 "-output_ts_offset 100 c.ts && cat b.ts c.ts > a.ts",
     "libx264"},
    {"TsJumpBack", "a.ts",
     SOURCE X264 "b.ts && " SOURCE X264 "-output_ts_offset 100 c.ts && cat c.ts b.ts b.ts > a.ts",
     "libx264"},
    {"TsShortGap", "a.ts",
     SOURCE X264 "b.ts && " SOURCE X264 "-output_ts_offset 4 c.ts && cat b.ts c.ts > a.ts",
     "libx264"},
    {"VariableRate", "a.mkv",
     SOURCE "-vf \"setpts='(N+0.7*mod(N,3)+10*gt(N,30))/30/TB'\" -fps_mode passthrough " X264
            "a.mkv",
     "libx264"},
    {"LongGap", "a.mkv", GAP, "ffv1"},
    {"LastFrameHeldLong", "a.mp4",
     SOURCE "-vf \"select='lt(n,5)+eq(n,40)'\" -fps_mode passthrough " X264 "a.mp4", "libx264"},
    {"OneFrame", "a.mp4", SOURCE "-frames:v 1 " X264 "a.mp4", "libx264"},
    {"RawH264WithoutTimestamps", "a.h264", SOURCE X264 "-bf 2 a.h264", "libx264"},
    {"SizeChange", "a.ts",
     SOURCE X264 "b.ts && " SOURCE "-vf scale=240:180 " X264
                 "-output_ts_offset 2 c.ts && cat b.ts c.ts b.ts > a.ts",
     "libx264"},
    {"SizeChangeInRawH264", "a.h264",
     SOURCE X264 "b.h264 && " SOURCE "-vf scale=96:176 " X264
                 "c.h264 && cat b.h264 c.h264 > a.h264",
     "libx264"},
    {"PixelFormatChange", "a.h264",
     SOURCE X264 "b.h264 && " SOURCE "-pix_fmt yuv444p " X264
                 "c.h264 && cat b.h264 c.h264 > a.h264",
     "libx264"},
    {"DamagedPackets", "a.mkv",
     SOURCE X264 "-x264-params slices=4 b.mkv && "
                 "ffmpeg -v error -i b.mkv -c copy -bsf:v noise=amount=300 a.mkv",
     "libx264"},
    {"DroppedPackets", "a.mkv",
     SOURCE X264 "-bf 2 b.mkv && "
                 "ffmpeg -v error -i b.mkv -c copy -bsf:v 'noise=drop=not(mod(n\\,7))' a.mkv",
     "libx264"},
    {"NothingThatDecodes", "a.mkv",
     SOURCE X264 "b.mkv && ffmpeg -v error -i b.mkv -c copy -bsf:v noise=amount=1 a.mkv",
     "libx264"},
    {"NoVideoStream", "a.mkv", "ffmpeg -v error -f lavfi -i sine=d=1 a.mkv", "vorbis"},
};

void PrintTo(const MadeClip& clip, std::ostream* out) { *out << clip.make; }

class Made : public testing::TestWithParam<MadeClip> {};
INSTANTIATE_TEST_SUITE_P(VideoReader, Made, testing::ValuesIn(kMadeClips),
                         [](const auto& clip) { return clip.param.name; });

TEST_P(Made, ClipGivesTheFramesOfTheFfmpegProgram) {
  const MadeClip& clip = GetParam();
  if (run_shell("ffmpeg -v quiet -encoders").find(clip.encoders) == std::string::npos) {
    GTEST_SKIP() << test::kMachineLacks << "the encoder " << clip.encoders;
  }
  const TempDir dir;
  run_shell("cd " + shell_quoted(dir.path()) + " && " + clip.make);
  ASSERT_FALSE(HasFailure());
  for (const char* fps : {"25", "", "7"}) expect_ffmpegs_frames(dir.path() / clip.file, fps);
}

// A clip that a shell command makes in a folder of its own.
class VideoReaderOfMade : public testing::Test {
 protected:
  fs::path make(const std::string& file, const std::string& command) const {
    run_shell("cd " + shell_quoted(dir_.path()) + " && " + command);
    return dir_.path() / file;
  }
  // Streams: a small video, sound, a larger video; none is the default.
  fs::path make_with_two_videos() const {
    return make("two.mkv", SOURCE
                "-f lavfi -i testsrc=s=240x180:r=30:d=2 -f lavfi -i sine=d=2 "
                "-map 0 -map 2 -map 1 -c:v mpeg4 -c:a aac -disposition:v 0 "
                "-default_mode passthrough two.mkv");
  }
  fs::path make_plain() const { return make("a.mkv", SOURCE "-c:v mpeg4 a.mkv"); }

 private:
  TempDir dir_;
};

TEST_F(VideoReaderOfMade, ReadsTheStreamThatIsNamed) {
  const fs::path clip = make_with_two_videos();
  expect_ffmpegs_frames(clip, "25", 0);
  expect_ffmpegs_frames(clip, "25", 2);
}

TEST_F(VideoReaderOfMade, TellsHowALongGapIsFilled) {
  const fs::path clip = make("a.mkv", GAP);
  const DecodeReport report = decode(clip).report;
  EXPECT_EQ(report.source_frames, 24);
  EXPECT_EQ(report.frames, 524);
  EXPECT_EQ(report.gaps, 1);
  EXPECT_EQ(report.gap_frames, 500);
  EXPECT_NEAR(report.longest_gap_s, 20.04, 1e-6);
  EXPECT_EQ(decode(clip, "").report.gaps, 0) << "nothing fills it";
  EXPECT_EQ(decode(make("b.mkv", SOURCE "-c:v mpeg4 b.mkv")).report.gaps, 0);
}

TEST_F(VideoReaderOfMade, RefusesMoreFramesThanAllowedBeforeItFillsAGap) {
  const fs::path clip = make("a.mkv", GAP);
  const auto error_after = [&](std::int64_t most) {
    VideoReader reader(clip, {.limits = {.frames = most}});
    std::string error = "none";
    try {
      while (reader.next() != nullptr) continue;
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::kInput);
      error = e.what();
    }
    return std::pair(reader.report().frames, error);
  };
  EXPECT_EQ(error_after(524), std::pair(std::int64_t{524}, std::string("none")));
  const auto [frames, error] = error_after(500);
  EXPECT_LE(frames, 12);
  for (const char* words :
       {"a.mkv: more than 500 frames", "after frame 11", "20.0 s", "500 copies", "--max-frames"}) {
    EXPECT_NE(error.find(words), std::string::npos) << error;
  }
  EXPECT_NE(error_after(523).second.find("more than 523 frames"), std::string::npos);
  EXPECT_EQ(error_after(VideoLimits::kADay).first, 524);
}

#define SOUND(seconds) "-f lavfi -i sine=d=" #seconds " "

TEST_F(VideoReaderOfMade, SaysThatAFileBrokeOff) {
  const std::pair<const char*, const char*> kFiles[] = {
      {"a.mp4", SOURCE SOUND(2) "-c:v mpeg4 -movflags +faststart a.mp4"},
      {"a.avi", SOURCE SOUND(2) "-c:v ffv1 -g 1 a.avi"},
      {"a.mkv", SOURCE "-c:v ffv1 a.mkv"},
      {"b.mkv", SOURCE SOUND(2) "-c:v mpeg4 -c:a vorbis -strict -2 -ac 2 b.mkv"}};
  for (const auto& [name, command] : kFiles) {
    const fs::path clip = make(name, command);
    fs::resize_file(clip, fs::file_size(clip) / 3);
    const DecodeReport report = decode(clip).report;
    EXPECT_FALSE(report.complete) << command;
    EXPECT_TRUE(report.first_error.starts_with("the file breaks off at ")) << report.first_error;
  }
}

TEST_F(VideoReaderOfMade, TakesAFileForWholeWhateverElseIsInIt) {
  const std::vector<std::string> files = {
      SOURCE SOUND(9) "-c:v mpeg4 a.mp4",
      SOURCE SOUND(9) "-c:v mpeg4 -c:a vorbis -strict -2 -ac 2 a.mkv",
      SOURCE SOUND(9) "-c:v flv a.flv",
      SOURCE SOUND(9) "-c:v mpeg4 a.avi",
      SOURCE SOUND(9) "-c:v mpeg2video a.ts",
      SOURCE SOUND(9) "-c:v mpeg4 -output_ts_offset 7 a.mkv",
      SOURCE "-c:v mpeg4 -g 30 b.mp4 && ffmpeg -v error -ss 0.6 -i b.mp4 -c copy a.mp4",
      SOURCE
      "-c:v mpeg4 b.mkv && ffmpeg -v error -i b.mkv -t 0.5 -c copy "
      "-metadata:s:v DURATION=00:01:00.0 a.mkv",
      SOURCE "-vf \"select='lt(n,5)+eq(n,40)'\" -fps_mode passthrough -c:v mpeg4 a.mp4",
  };
  for (const std::string& command : files) {
    const fs::path clip = make("a" + fs::path(command).extension().string(), command);
    EXPECT_EQ(decode(clip).report.first_error, "") << command;
    VideoReader key_frames(clip, {.only_key_frames = true});
    while (key_frames.next() != nullptr) continue;
    EXPECT_EQ(key_frames.report().first_error, "") << command;
    fs::remove(clip);
  }
}

TEST_F(VideoReaderOfMade, ReportsTheSameDamageOnEveryRun) {
  make_plain();
  expect_damage(make("b.mkv",
                     "ffmpeg -v error -i a.mkv -c copy "
                     "-bsf:v 'noise=amount=if(eq(n\\,10)\\,1\\,0)' b.mkv"),
                59);
}

TEST(VideoReader, NeverTakesAnAttachedPictureForTheVideo) {
  const TempDir dir;
  run_shell("cd " + shell_quoted(dir.path()) +
            " && ffmpeg -v error -f lavfi -i testsrc2=s=640x480 -frames:v 1 p.png"
            " && ffmpeg -v error -f lavfi -i sine=d=1 -i p.png -c:v copy"
            " -disposition:v attached_pic a.m4a");
  EXPECT_THROW(decode(dir.path() / "a.m4a"), Error);
  EXPECT_THROW(probe_video(dir.path() / "a.m4a"), Error);
}

TEST_F(VideoReaderOfMade, DescribesWhatTheContainerDeclares) {
  make("a.mp4", SOURCE "-c:v mpeg4 a.mp4");
  const VideoReader reader(make("b.mp4", TURN("90", "a.mp4", "b.mp4")), {});
  const SourceInfo& source = reader.source();
  EXPECT_EQ(source.codec, "mpeg4");
  EXPECT_EQ(source.pixel_format, "yuv420p");
  EXPECT_EQ(source.stored_width, 160);
  EXPECT_EQ(source.stored_height, 120);
  EXPECT_EQ(source.width, 120);
  EXPECT_EQ(source.height, 160);
  EXPECT_EQ(source.rotation, 270);
  EXPECT_EQ(source.average_fps, "30/1");
  EXPECT_EQ(source.declared_frames, 60);
}

TEST_F(VideoReaderOfMade, ProbesEveryVideoStreamAndTheDefaultOne) {
  const Probe probe = probe_video(make_with_two_videos());
  ASSERT_EQ(probe.streams.size(), 2u);
  EXPECT_EQ(probe.streams[0].stream, 0);
  EXPECT_EQ(probe.streams[1].stream, 2);
  EXPECT_EQ(probe.streams[probe.chosen].width, 240);
}

std::string error_of(const fs::path& path, const VideoReaderOptions& options) {
  try {
    VideoReader(path, options).next();
  } catch (const Error& e) {
    return e.what();
  }
  return "no error";
}

TEST_F(VideoReaderOfMade, NamesTheVideoStreamsWhenAnotherIsAskedFor) {
  const std::string error = error_of(make_with_two_videos(), {.stream = 1});
  EXPECT_NE(error.find("stream 1 is not a video stream; choose one of these with --stream: 0 2"),
            std::string::npos)
      << error;
  EXPECT_NE(error.find("two.mkv"), std::string::npos) << error;
}

TEST(VideoReader, RefusesAFileThatIsNotAVideo) {
  const TempDir dir;
  const fs::path path = dir.path() / "noise.mp4";
  std::ofstream(path) << "\1\2\3\4";
  EXPECT_NE(error_of(path, {}).find("not a readable video"), std::string::npos);
  EXPECT_NE(error_of(dir.path() / "absent.mp4", {}).find("No such file"), std::string::npos);
}

TEST(VideoReader, SaysWhatAFileIsThatCameInAVideosPlace) {
  const TempDir dir;
  const fs::path path = dir.path() / "clip.mp4";
  for (const auto& [content, kind] :
       {std::pair{"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
                  "a Git LFS pointer"},
        {"<!DOCTYPE html><title>Sign in</title>", "a web page"},
        {"Not found here\n", "text, which begins with \"Not found here\""},
        {"\x1f\x8b\x08", "compressed; unpack it with 'gunzip'"},
        {"", "empty"}}) {
    std::ofstream(path) << content;
    EXPECT_NE(error_of(path, {}).find("clip.mp4: " + std::string(kind)), std::string::npos)
        << error_of(path, {});
    test::expect_error(ErrorKind::kInput, {kind}, [&] { probe_video(path); });
  }
}

TEST_F(VideoReaderOfMade, RefusesARateThatIsNone) {
  const fs::path clip = make_plain();
  for (const char* fps : {"0", "-5", "fast", "25,vflip"}) {
    EXPECT_NE(error_of(clip, {.fps = fps}).find("want a positive rate"), std::string::npos) << fps;
  }
}

}  // namespace
}  // namespace co2net
