// What a video file may not do: lead to other files, take more than it is allowed, take for ever.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <limits>
#include <thread>

#include "extractors/video/av.h"
#include "extractors/video/media_input.h"
#include "extractors/video/video_reader.h"
#include "pipeline/base/files.h"
#include "pipeline/base/opened_file.h"
#include "tests/support.h"
#include "tests/unit/expect_error.h"

extern "C" {
#include <libavformat/avformat.h>
}

namespace fs = std::filesystem;

namespace co2net {
namespace {

using test::run_shell;
using test::shell_quoted;

// Sees who opens what is in a folder.
class OpenWatch {
 public:
  explicit OpenWatch(const fs::path& folder) : events_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
    EXPECT_GE(::inotify_add_watch(events_, folder.c_str(), IN_OPEN), 0);
  }
  ~OpenWatch() { ::close(events_); }
  OpenWatch(const OpenWatch&) = delete;
  OpenWatch& operator=(const OpenWatch&) = delete;

  bool saw_one() const {
    std::array<char, 4096> buffer;
    return ::read(events_, buffer.data(), buffer.size()) > 0;
  }

 private:
  int events_;
};

// A folder with a video at `target` that others may lead to, and one without.
class MediaDoor : public testing::Test {
 protected:
  MediaDoor() {
    fs::create_directory(secret());
    run_shell("ffmpeg -v error -nostdin -f lavfi -i testsrc2=s=320x240:r=25:d=8 -c:v mpeg4 -bf 2 " +
              shell_quoted(target()));
  }

  fs::path secret() const { return dir_.path() / "secret"; }
  fs::path target() const { return secret() / "target.mp4"; }
  fs::path here() const { return dir_.path(); }
  fs::path write(const std::string& name, const std::string& content) const {
    write_file(here() / name, content);
    return here() / name;
  }

  // Reads the file to its end, or to an error, which it returns.
  static std::string read_all(const fs::path& path, const VideoReaderOptions& options = {}) {
    try {
      VideoReader reader(path, options);
      while (reader.next() != nullptr) continue;
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::kInput) << e.what();
      return e.what();
    }
    return "none";
  }

  // The error of a file that opens no other.
  std::string error_without_opening(const fs::path& path) const {
    const OpenWatch watch(secret());
    const std::string error = read_all(path);
    EXPECT_FALSE(watch.saw_one()) << path << ": " << error;
    EXPECT_NE(error, "none") << path;
    EXPECT_NE(error.find(path.filename().string() + ": "), std::string::npos) << error;
    probe(path);
    EXPECT_FALSE(watch.saw_one()) << path << ", probed";
    return error;
  }

  static void probe(const fs::path& path) {
    try {
      probe_video(path);
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::kInput) << e.what();
    }
  }

 private:
  TempDir dir_;
};

TEST_F(MediaDoor, NoPlaylistLeadsToAnotherFileUnderAnyName) {
  const std::string url = target().string();
  const std::string concat = "ffconcat version 1.0\nfile secret/target.mp4\n";
  const std::string hls =
      "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n" + url + "\n#EXT-X-ENDLIST\n";
  const std::string dash =
      "<?xml version=\"1.0\"?>\n<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" type=\"static\" "
      "mediaPresentationDuration=\"PT2S\" profiles=\"urn:mpeg:dash:profile:isoff-on-demand:2011\">"
      "<Period><AdaptationSet mimeType=\"video/mp4\"><Representation id=\"1\" bandwidth=\"1\">"
      "<BaseURL>" +
      url + "</BaseURL></Representation></AdaptationSet></Period></MPD>\n";
  const std::string sdp =
      "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
      "m=video 5004 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n";
  const std::string vobsub =
      "# VobSub index file, v7 (do not modify this line!)\nid: en, index: 0\n";
  for (const std::string name : {"holiday.mp4", "a.m3u8", "a.ffconcat", "a.mpd", "a.sdp"}) {
    EXPECT_NE(error_without_opening(write(name, concat)).find("is a list of files (ffconcat)"),
              std::string::npos);
    EXPECT_NE(error_without_opening(write(name, dash)).find("MPEG-DASH"), std::string::npos);
    EXPECT_NE(error_without_opening(write(name, sdp)).find("SDP"), std::string::npos);
    EXPECT_NE(error_without_opening(write(name, vobsub)).find("VobSub"), std::string::npos);
    const std::string hls_error = error_without_opening(write(name, hls));
#if LIBAVFORMAT_VERSION_INT < AV_VERSION_INT(60, 16, 100)  // FFmpeg 6.1 tells HLS by its name alone
    EXPECT_NE(hls_error.find("is a playlist (HLS)"), std::string::npos) << hls_error;
    EXPECT_NE(hls_error.find("give those files themselves"), std::string::npos) << hls_error;
#endif
  }
}

void add_to_box_size(std::string& bytes, std::size_t name_at, std::size_t more) {
  std::uint32_t size = 0;
  for (std::size_t i = 4; i > 0; --i) {
    size = size << 8 | static_cast<unsigned char>(bytes[name_at - i]);
  }
  size += static_cast<std::uint32_t>(more);
  for (std::size_t i = 1; i <= 4; ++i, size >>= 8) bytes[name_at - i] = static_cast<char>(size);
}

std::string big_endian(std::size_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(value >> (8 * i));
  return text;
}

// A data reference as QuickTime writes an alias, by its absolute path.
std::string alias_to(const std::string& path) {
  const std::string body = "alis" + std::string(4 + 10 + 28 + 12 + 64 + 16 + 4 + 16, '\0') +
                           big_endian(2, 2) + big_endian(path.size(), 2) + path +
                           std::string(path.size() % 2, '\0') + "\xff\xff" + std::string(2, '\0');
  return big_endian(4 + body.size(), 4) + body;
}

// A movie whose samples are said to be in another file, at the same places.
std::string referring(std::string movie, const fs::path& other) {
  const std::string itself("\0\0\0\x0curl \0\0\0\1", 12);
  const std::string reference = alias_to(other.string());
  std::size_t at = 0;
  for (const char* box : {"moov", "trak", "mdia", "minf", "dinf", "dref"}) {
    at = movie.find(box, at);
    EXPECT_NE(at, std::string::npos) << box;
    add_to_box_size(movie, at, reference.size() - itself.size());
  }
  return movie.replace(movie.find(itself, at), itself.size(), reference);
}

TEST_F(MediaDoor, NoMovieLeadsToAnotherFileByReference) {
  const fs::path movie = write("a.mov", referring(read_file(target()), target()));
  EXPECT_NE(run_shell("ffmpeg -v error -nostdin -enable_drefs 1 -use_absolute_path 1 -i " +
                      shell_quoted(movie) + " -f framemd5 -")
                .find("0,"),
            std::string::npos)
      << "where references are followed, it does lead there";
  EXPECT_NE(error_without_opening(movie).find("no frame of stream 0"), std::string::npos);
}

TEST_F(MediaDoor, NoSegmentOfMatroskaLeadsToAnother) {
  // The next file's name takes the place of a title, whose element's name is a byte shorter.
  const std::string name = target().string();
  ASSERT_LT(name.size(), 126u);
  const std::string title = std::string(name.size() + 1, 'T');
  const fs::path file = here() / "a.mkv";
  run_shell("ffmpeg -v error -nostdin -i " + shell_quoted(target()) +
            " -c copy -metadata title=" + title + " " + shell_quoted(file));
  std::string bytes = read_file(file);
  const auto size = [](std::size_t of) { return std::string(1, static_cast<char>(0x80 | of)); };
  const std::string element = "\x7b\xa9" + size(title.size()) + title;
  const std::size_t at = bytes.find(element);
  ASSERT_NE(at, std::string::npos);
  write_file(file, bytes.replace(at, element.size(), "\x3e\x83\xbb" + size(name.size()) + name));
  const OpenWatch watch(secret());
  EXPECT_EQ(read_all(file), "none");
  EXPECT_FALSE(watch.saw_one());
}

TEST_F(MediaDoor, NoNameOfAFileIsAPatternOrAProtocol) {
  run_shell("ffmpeg -v error -nostdin -i " + shell_quoted(target()) + " -frames:v 1 " +
            shell_quoted(here() / "a001.png"));
  const OpenWatch picture(here() / "a001.png"), others(secret());
  for (const std::string name : {"a%03d.png", "a*.png", "a00[1].png"}) {
    fs::copy(here() / "a001.png", here() / name);
    EXPECT_TRUE(picture.saw_one()) << "copying does";
    EXPECT_EQ(read_all(here() / name, {.fps = ""}), "none") << name;
    EXPECT_FALSE(picture.saw_one()) << name;
  }
  const fs::path before = fs::current_path();
  fs::current_path(here());
  for (const std::string name : {"concat:a|b", "subfile,,start,0,end,9,,:a", "http:a", "pipe:0"}) {
    fs::copy(target(), name);
    EXPECT_TRUE(others.saw_one()) << "copying does";
    EXPECT_EQ(read_all(name), "none") << name;
  }
  fs::current_path(before);
  EXPECT_FALSE(others.saw_one());
}

TEST_F(MediaDoor, WhatAFileIsDoesNotDependOnItsName) {
  const auto probed = [](const fs::path& path) {
    return probe_video(path).streams.at(0).container;
  };
  const std::string container = probed(target());
  for (const char* name : {"a", "a.avi", "a.h264", "a.m3u8", "a.yuv", "a.txt"}) {
    EXPECT_EQ(probed(write(name, read_file(target()))), container) << name;
  }
}

TEST_F(MediaDoor, NamesTheLimitThatAVideoIsBeyond) {
  const auto error_with = [&](const fs::path& path, const VideoLimits& limits) {
    return read_all(path, {.limits = limits});
  };
  const auto expect_named = [](const std::string& error, const std::string& option) {
    EXPECT_NE(error.find(option), std::string::npos) << error;
  };
  EXPECT_EQ(error_with(target(), {.pixels = 320 * 240}), "none");
  const std::string too_large = error_with(target(), {.pixels = 320 * 240 - 1});
  expect_named(too_large, "frames of 320x240, more than 76799 pixels");
  expect_named(too_large, "--max-pixels");
  expect_named(error_with(target(), {.allocation = 1 << 16}), "--max-alloc");

  const fs::path three = here() / "three.mkv";
  run_shell("ffmpeg -v error -nostdin -i " + shell_quoted(target()) +
            " -map 0 -map 0 -map 0 -c copy " + shell_quoted(three));
  EXPECT_EQ(error_with(three, {.streams = 3}), "none");
  expect_named(error_with(three, {.streams = 2}), "--max-streams");
}

// Whatever demuxer it is, also one that a later FFmpeg brings.
TEST_F(MediaDoor, FailsAVideoThatAsksForAnotherFileWhileItIsRead) {
  const MediaInput input(std::make_shared<const OpenedFile>(target()), {}, Deadline());
  AVFormatContext& container = input.container();
  AVIOContext* io = nullptr;
  EXPECT_LT(container.io_open(&container, &io, "secret/target.mp4", AVIO_FLAG_READ, nullptr), 0);
  EXPECT_EQ(io, nullptr);
  const PacketPtr packet(allocated(av_packet_alloc()));
  test::expect_error(ErrorKind::kInput, {"leads to another file, secret/target.mp4"},
                     [&] { input.read(*packet); });
}

// Some containers' demuxers leave out the streams that are too many.
TEST_F(MediaDoor, NeverTakesAnotherStreamForTheLimitOnThem) {
  for (const std::string name : {"two.ts", "two.mpg", "two.avi", "two.mp4"}) {
    run_shell(
        "ffmpeg -v error -nostdin -f lavfi -i testsrc2=s=160x120:r=25:d=1 -f lavfi "
        "-i testsrc2=s=320x240:r=25:d=1 -map 0 -map 1 -c:v mpeg2video " +
        shell_quoted(here() / name));
    EXPECT_EQ(read_all(here() / name, {.limits = {.streams = 2}}), "none") << name;
    const std::string error = read_all(here() / name, {.limits = {.streams = 1}});
    EXPECT_NE(error.find("--max-streams"), std::string::npos) << name << ": " << error;
  }
}

TEST_F(MediaDoor, GivesNoFrameLargerThanAllowedWhereTheSizeGrows) {
  const fs::path raw = here() / "a.m2v";
  run_shell("cd " + shell_quoted(here()) +
            " && for size in 160x120 320x240; do ffmpeg -v error -nostdin -f lavfi "
            "-i testsrc2=s=$size:r=25:d=1 -c:v mpeg2video $size.m2v; done"
            " && cat 160x120.m2v 320x240.m2v > a.m2v");
  for (const std::int64_t most : {320 * 240, std::numeric_limits<int>::max()}) {
    EXPECT_EQ(read_all(raw, {.limits = {.pixels = most}}), "none");
  }
  const std::string error = read_all(raw, {.limits = {.pixels = 320 * 240 - 1}});
  EXPECT_NE(error.find("frames of 320x240, more than 76799 pixels"), std::string::npos) << error;
}

// libav calls what its decoders refuse for their size damaged.
TEST_F(MediaDoor, TakesNoPictureForDamagedThatIsFarLargerThanAllowed) {
  for (const std::string codec : {"libx264", "mpeg2video", "mpeg4", "libx265"}) {
    run_shell("cd " + shell_quoted(here()) +
              " && for size in 160x120 1920x1440; do ffmpeg -v error -nostdin -y -f lavfi "
              "-i testsrc2=s=$size:r=25:d=1 -c:v " +
              codec + " $size.ts; done && cat 160x120.ts 1920x1440.ts > grows.ts");
    EXPECT_EQ(read_all(here() / "grows.ts"), "none") << codec;
    const std::string error = read_all(here() / "grows.ts", {.limits = {.pixels = 160 * 120}});
    EXPECT_NE(error.find("--max-pixels"), std::string::npos) << codec << ": " << error;
  }
}

// What a disk that fails says, it says of its first byte.
TEST_F(MediaDoor, NamesTheFaultOfADiskThatCannotBeRead) {
  const std::string error = read_all("/proc/self/mem");
  EXPECT_NE(error.find("read /proc/self/mem: Input/output error"), std::string::npos) << error;
}

// A Matroska file whose second half is a hole of 64 GiB: its reader looks for the next frame there.
class EndlessVideo : public MediaDoor {
 protected:
  EndlessVideo() {
    run_shell("ffmpeg -v error -nostdin -stream_loop 3 -i " + shell_quoted(target()) + " -c copy " +
              shell_quoted(path()));
    fs::resize_file(path(), fs::file_size(path()) / 2);
    fs::resize_file(path(), std::uintmax_t{64} << 30);
  }
  fs::path path() const { return here() / "endless.mkv"; }
};

TEST_F(EndlessVideo, EndsWithItsTimeAndIsNoShorterVideo) {
  const std::string error =
      read_all(path(), {.deadline = Deadline(std::chrono::milliseconds(200))});
  EXPECT_NE(error.find("endless.mkv: timed out after"), std::string::npos) << error;
  EXPECT_NE(error.find("--timeout"), std::string::npos) << error;
}

// Exits with 130 if a signal that comes while the hole is searched ends that.
[[noreturn]] void interrupt_in_the_hole(const fs::path& path) {
  install_interrupt_handlers();
  VideoReader reader(path, {.fps = ""});
  for (int i = 0; i < 50; ++i) reader.next();
  std::thread([] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    ::kill(::getpid(), SIGTERM);
  }).detach();
  try {
    while (reader.next() != nullptr) continue;
  } catch (const Error& e) {
    const bool is_counted = reader.report().first_error.find("exit") != std::string::npos;
    ::_exit(e.kind() == ErrorKind::kInterrupted && !is_counted ? 130 : 1);
  }
  ::_exit(2);
}

TEST_F(EndlessVideo, IsLeftWhenASignalComesWhileItIsRead) {
  EXPECT_EXIT(interrupt_in_the_hole(path()), testing::ExitedWithCode(130), "");
}

TEST_F(EndlessVideo, IsNotOpenedOnceItsTimeIsUp) {
  const Deadline over(std::chrono::seconds(-1));
  test::expect_error(ErrorKind::kInput, {"endless.mkv: timed out"},
                     [&] { VideoReader(path(), {.deadline = over}); });
  test::expect_error(ErrorKind::kInput, {"endless.mkv: timed out"},
                     [&] { probe_video(std::make_shared<const OpenedFile>(path()), {}, over); });
}

TEST(FramesWithin, AreCountedWhateverAContainerClaims) {
  EXPECT_EQ(frames_within(2, 25), 50);
  EXPECT_EQ(frames_within(0, 25), 0);
  EXPECT_EQ(frames_within(-1, 25), 0);
  EXPECT_EQ(frames_within(std::nan(""), 25), 0);
  for (const double much : {1e300, std::numeric_limits<double>::infinity()}) {
    EXPECT_EQ(frames_within(much, 25), 1'000'000'000'000'000'000);
  }
}

}  // namespace
}  // namespace co2net
