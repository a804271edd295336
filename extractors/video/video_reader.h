#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "extractors/video/pixel_format.h"
#include "extractors/video/video_limits.h"
#include "pipeline/base/interrupt.h"
#include "pipeline/base/opened_file.h"

struct AVFrame;
struct AVPacket;
struct AVStream;

namespace co2net {

struct VideoReaderOptions {
  std::string fps = "25";  // "25", "30000/1001"; empty: every source frame, as it comes
  int stream = -1;         // index in the container; -1: the one that the ffmpeg program chooses
  PixelFormat format = PixelFormat::kBgr24;
  VideoLimits limits = {};
  Deadline deadline = {};
  bool only_key_frames = false;  // all others are passed over, and gaps with them
  // Hears the packets of all streams of sound between those of pictures, on the clock that frames
  // have with an empty fps; the timestamps stay in the stream's time base.
  std::function<void(const AVStream& stream, const AVPacket& packet)> on_sound = nullptr;
};

// What the container says about a video stream. Nothing has been decoded: it may be wrong.
struct SourceInfo {
  std::string container;     // libav's name, "mov,mp4,m4a,3gp,3g2,mj2"
  int stream = 0;            // index in the container
  std::string codec;         // "h264"
  std::string pixel_format;  // "yuv420p"; empty if unknown
  int stored_width = 0;      // before the picture is turned upright
  int stored_height = 0;
  int width = 0;  // as delivered, pixels
  int height = 0;
  double rotation = 0;               // degrees clockwise that turn the picture upright, [0, 360)
  std::string time_base;             // seconds, "1/90000"
  std::string sample_aspect_ratio;   // "1/1"; "0/1" if unknown; frames are delivered as stored
  std::string average_fps;           // "30000/1001"; "0/0" if unknown
  double average_fps_value = 0;      // 0 if unknown
  std::int64_t declared_frames = 0;  // 0 if the container does not say
  double duration_s = 0;             // 0 if unknown
  double start_s = 0;                // the first timestamp; frames are delivered from 0 on
};

struct DecodeReport {
  std::int64_t source_frames = 0;   // decoded
  std::int64_t frames = 0;          // delivered
  std::int64_t failed_packets = 0;  // skipped, because the decoder or the container's reader failed
  std::int64_t damaged_frames = 0;  // among source_frames: the decoder had to guess parts of them
  bool complete = true;             // neither of the two was seen, nor an end before the told one
  std::string first_error;          // empty if complete
  // Of 10 seconds and more in the timestamps, which resampling fills with copies of a frame.
  std::int64_t gaps = 0;
  std::int64_t gap_frames = 0;  // that filled them, among frames
  double longest_gap_s = 0;
};

// Decodes one video stream to frames of constant size in memory that does not grow with its length.
// The frames are, byte by byte and in number, those of FFmpeg 5.1's
//   ffmpeg -threads 1 -i FILE -map 0:STREAM -an -fps_mode passthrough -vf fps=25,format=bgr24 ...
// so variable frame rate, start times, rotation and changes of size are treated as there; the
// sample aspect ratio is ignored. The log warns of a gap in the timestamps. One thread decodes,
// because on damaged files the pictures that libav makes depend on the number of threads; on intact
// files they do not. Not thread-safe; several readers may work at once.
class VideoReader {
 public:
  // Throws Error(kInput) if the file cannot be read, leads to other files or has no such video
  // stream, or that is larger than allowed; Error(kUsage) if options.fps is not a rate. This and
  // next() throw as options.deadline does, at most a packet's decoding late.
  VideoReader(std::shared_ptr<const OpenedFile> file, const VideoReaderOptions& options);
  VideoReader(const std::filesystem::path& path, const VideoReaderOptions& options);
  ~VideoReader();

  // The next frame, in presentation order: packed pixels in data[0], linesize[0] bytes a row; or
  // null after the last one. With an empty fps, its pts counts source().time_base from the
  // container's start. Valid until the next call. Packets that fail are skipped and counted.
  // Throws Error(kInput) if nothing at all could be decoded, or for more than
  // options.limits.frames: before a gap in the timestamps is filled with so many.
  const AVFrame* next();

  const SourceInfo& source() const;
  // The streams of sound, all of which options.on_sound hears; they live as long as the reader.
  std::vector<const AVStream*> sound() const;
  // Final once next() has returned null.
  const DecodeReport& report() const;

 private:
  class Decoder;
  std::string name_;
  std::unique_ptr<Decoder> decoder_;
};

// Every video stream of a file, and the index among them of the one that is read by default.
struct Probe {
  std::vector<SourceInfo> streams;
  std::size_t chosen = 0;
};

// Throws Error(kInput) if the file cannot be read, leads to other files or has no video stream, and
// as `deadline` does.
Probe probe_video(const std::shared_ptr<const OpenedFile>& file, const VideoLimits& limits = {},
                  const Deadline& deadline = {});
Probe probe_video(const std::filesystem::path& path);

// The frames that a duration holds at a rate, in [0, 1e18]: containers claim anything.
std::int64_t frames_within(double duration_s, double rate);

}  // namespace co2net
