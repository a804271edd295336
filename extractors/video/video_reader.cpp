#include "extractors/video/video_reader.h"

extern "C" {
#include <libavutil/pixdesc.h>
}

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "extractors/video/av.h"
#include "extractors/video/broken_off.h"
#include "extractors/video/frame_filter.h"
#include "extractors/video/media_input.h"
#include "extractors/video/packet_clock.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

bool is_video(const AVStream& stream) {
  return stream.codecpar->codec_type == AVMEDIA_TYPE_VIDEO &&
         (stream.disposition & AV_DISPOSITION_ATTACHED_PIC) == 0;
}

// The rank by which the ffmpeg program chooses among video streams.
std::int64_t rank(const AVStream& stream) {
  constexpr std::int64_t kHasPackets = 100'000'000;
  constexpr std::int64_t kIsDefault = 5'000'000;
  std::int64_t rank = std::int64_t{stream.codecpar->width} * stream.codecpar->height;
  if ((stream.event_flags & AVSTREAM_EVENT_FLAG_NEW_PACKETS) != 0) rank += kHasPackets;
  if ((stream.disposition & AV_DISPOSITION_DEFAULT) != 0) rank += kIsDefault;
  return rank;
}

std::vector<AVStream*> video_streams(const MediaInput& input) {
  const AVFormatContext& container = input.container();
  std::vector<AVStream*> streams;
  std::copy_if(container.streams, container.streams + container.nb_streams,
               std::back_inserter(streams),
               [](const AVStream* stream) { return is_video(*stream); });
  if (streams.empty()) input.refuse("no video stream; give a file that has pictures");
  return streams;
}

bool is_sound(const AVStream& stream) { return stream.codecpar->codec_type == AVMEDIA_TYPE_AUDIO; }

std::size_t choose(const std::vector<AVStream*>& streams) {
  const auto best =
      std::max_element(streams.begin(), streams.end(),
                       [](const AVStream* a, const AVStream* b) { return rank(*a) < rank(*b); });
  return static_cast<std::size_t>(best - streams.begin());
}

AVStream& find_stream(const MediaInput& input, int index) {
  const std::vector<AVStream*> streams = video_streams(input);
  if (index < 0) return *streams[choose(streams)];
  std::string known;
  for (AVStream* stream : streams) {
    if (stream->index == index) return *stream;
    known += " " + std::to_string(stream->index);
  }
  throw Error(ErrorKind::kInput,
              "stream " + std::to_string(index) +
                  " is not a video stream; choose one of these with --stream:" + known);
}

void expect_allowed(int width, int height, std::int64_t max_pixels) {
  if (std::int64_t{width} * height <= max_pixels) return;
  throw Error(ErrorKind::kInput,
              "frames of " + std::to_string(width) + "x" + std::to_string(height) + ", more than " +
                  std::to_string(max_pixels) + " pixels; allow more with --max-pixels");
}

CodecPtr open_decoder(const AVStream& stream, const VideoReaderOptions& options) {
  const std::int64_t max_pixels = options.limits.pixels;
  expect_allowed(stream.codecpar->width, stream.codecpar->height, max_pixels);
  const AVCodec* decoder = avcodec_find_decoder(stream.codecpar->codec_id);
  const std::string name = avcodec_get_name(stream.codecpar->codec_id);
  if (decoder == nullptr) {
    throw Error(ErrorKind::kInput, "no decoder for " + name + "; convert the file to H.264 first");
  }
  CodecPtr codec(allocated(avcodec_alloc_context3(decoder)));
  check_av(avcodec_parameters_to_context(codec.get(), stream.codecpar), "open the decoder " + name);
  codec->pkt_timebase = stream.time_base;
#if LIBAVFORMAT_VERSION_INT < AV_VERSION_INT(60, 16, 100)  // as the ffmpeg program until 6.0
  codec->framerate = stream.avg_frame_rate;
#endif
  codec->thread_count = 1;
  codec->max_pixels = padded_pixels(max_pixels);
  if (options.only_key_frames) codec->skip_frame = AVDISCARD_NONKEY;
  check_av(avcodec_open2(codec.get(), decoder, nullptr), "open the decoder " + name);
  return codec;
}

double seconds(std::int64_t ts, AVRational time_base) {
  return ts == AV_NOPTS_VALUE ? 0 : static_cast<double>(ts) * av_q2d(time_base);
}

SourceInfo describe(const AVFormatContext& input, AVStream& stream) {
  const AVCodecParameters& codec = *stream.codecpar;
  SourceInfo info;
  info.container = input.iformat->name;
  info.stream = stream.index;
  info.codec = avcodec_get_name(codec.codec_id);
  const char* format = av_get_pix_fmt_name(static_cast<AVPixelFormat>(codec.format));
  info.pixel_format = format == nullptr ? "" : format;
  info.stored_width = info.width = codec.width;
  info.stored_height = info.height = codec.height;
  if (const std::int32_t* matrix = display_matrix(stream)) {
    info.rotation = clockwise_degrees(matrix);
    if (std::abs(std::fmod(info.rotation, 180) - 90) < 1) std::swap(info.width, info.height);
  }
  info.time_base = to_string(stream.time_base);
  info.sample_aspect_ratio = to_string(
      stream.sample_aspect_ratio.num != 0 ? stream.sample_aspect_ratio : codec.sample_aspect_ratio);
  const AVRational fps = stream.avg_frame_rate;
  info.average_fps = to_string(fps);
  info.average_fps_value = fps.den == 0 ? 0 : av_q2d(fps);
  info.declared_frames = stream.nb_frames;
  info.duration_s = stream.duration != AV_NOPTS_VALUE ? seconds(stream.duration, stream.time_base)
                                                      : seconds(input.duration, {1, AV_TIME_BASE});
  info.start_s = seconds(stream.start_time, stream.time_base);
  return info;
}

constexpr double kLongGap_s = 10;

std::int64_t most_frames(const VideoLimits& limits, double rate) {
  constexpr double kUsualRate = 25, kDay_s = 24 * 60 * 60;
  if (limits.frames != VideoLimits::kADay) return limits.frames;
  return frames_within(kDay_s, rate > 0 ? rate : kUsualRate);
}

bool is_damaged(const AVFrame& frame) {
  return frame.decode_error_flags != 0 || (frame.flags & AV_FRAME_FLAG_CORRUPT) != 0;
}

}  // namespace

class VideoReader::Decoder {
 public:
  Decoder(const std::shared_ptr<const OpenedFile>& file, const VideoReaderOptions& options)
      : name_(file->path().string()),
        deadline_(options.deadline),
        input_(file, options.limits, options.deadline),
        stream_(find_stream(input_, options.stream)),
        codec_(open_decoder(stream_, options)),
        clock_(input_.container(), stream_, *codec_),
        filter_(input_.container(), stream_, options.fps, options.format),
        packet_(allocated(av_packet_alloc())),
        decoded_(allocated(av_frame_alloc())),
        delivered_(allocated(av_frame_alloc())),
        source_(describe(input_.container(), stream_)),
        tells_of_gaps_(!options.fps.empty() && !options.only_key_frames),
        rate_(options.fps.empty() ? source_.average_fps_value : av_q2d(parse_fps(options.fps))),
        max_frames_(most_frames(options.limits, rate_)),
        max_pixels_(options.limits.pixels),
        on_sound_(options.on_sound) {
    const AVFormatContext& container = input_.container();
    for (unsigned i = 0; i < container.nb_streams; ++i) {
      AVStream& stream = *container.streams[i];
      if (!on_sound_ || !is_sound(stream)) stream.discard = AVDISCARD_ALL;
    }
    stream_.discard = AVDISCARD_NONE;
    has_refused_a_large_picture();  // when streams were looked at
  }

  const AVFrame* next() {
    deadline_.check();
    while (!filter_.pull(*delivered_)) {
      if (finished_) return nullptr;
      deadline_.check();
      decode();
    }
    expect_room_for(1, "");
    ++report_.frames;
    return delivered_.get();
  }

  const SourceInfo& source() const { return source_; }
  const DecodeReport& report() const { return report_; }

  std::vector<const AVStream*> sound() const {
    const AVFormatContext& container = input_.container();
    std::vector<const AVStream*> streams;
    std::copy_if(container.streams, container.streams + container.nb_streams,
                 std::back_inserter(streams),
                 [](const AVStream* stream) { return is_sound(*stream); });
    return streams;
  }

 private:
  // Takes a frame from the decoder, or feeds it if it is hungry.
  void decode() {
    const int rc = avcodec_receive_frame(codec_.get(), decoded_.get());
    expect_no_large_picture();
    if (rc == 0) {
      deliver();
    } else if (rc == AVERROR_EOF) {
      finish();
    } else {
      if (rc != AVERROR(EAGAIN)) fail(rc, "decode");
      feed();
    }
  }

  void deliver() {
    expect_allowed(decoded_->width, decoded_->height, max_pixels_);
    ++report_.source_frames;
    if (is_damaged(*decoded_)) {
      ++report_.damaged_frames;
      incomplete("frame " + std::to_string(report_.source_frames - 1) + " is damaged");
    }
    clock_.stamp(*decoded_);
    if (last_pts_) look_at_gap(decoded_->pts, report_.source_frames - 2);
    last_pts_ = std::max(decoded_->pts, last_pts_.value_or(decoded_->pts));
    filter_.push(*decoded_);
    av_frame_unref(decoded_.get());
  }

  // Gives the decoder one packet of our stream, or tells it that there are no more.
  void feed() {
    if (draining_) return;
    const int read = read_packet();
    if (read < 0) {
      if (read != AVERROR_EOF) fail(read, "read");
      draining_ = true;
      clock_.drain();
      avcodec_send_packet(codec_.get(), nullptr);
      return;
    }
    clock_.begin(*packet_);
    if (packet_->size == 0) return;  // it would end the stream
    const int sent = avcodec_send_packet(codec_.get(), packet_.get());
    expect_no_large_picture();
    if (sent < 0) fail(sent, "decode");
  }

  // One that is far larger than allowed; others are told by deliver().
  void expect_no_large_picture() const {
    if (!has_refused_a_large_picture()) return;
    throw Error(ErrorKind::kInput, "after frame " + std::to_string(report_.source_frames) +
                                       " the pictures have more than " +
                                       std::to_string(max_pixels_) +
                                       " pixels; allow more with --max-pixels");
  }

  int read_packet() {
    for (;;) {
      av_packet_unref(packet_.get());
      const int rc = input_.read(*packet_);
      if (rc == AVERROR(EAGAIN)) continue;
      if (rc < 0 || packet_->stream_index == stream_.index) return rc;
      hear();
    }
  }

  void hear() {
    const AVStream& stream = *input_.container().streams[packet_->stream_index];
    if (!on_sound_ || !is_sound(stream)) return;
    if (clock_.shift_along(*packet_, stream)) on_sound_(stream, *packet_);
  }

  void finish() {
    finished_ = true;
    if (report_.source_frames == 0) {
      throw Error(ErrorKind::kInput, "no frame of stream " + std::to_string(stream_.index) +
                                         " could be decoded" +
                                         (report_.complete ? "" : ": " + report_.first_error) +
                                         "; is the file complete?");
    }
    look_at_end(clock_.end_pts());
    look_at_gap(clock_.end_pts(), report_.source_frames - 1);
    filter_.close(clock_.end_pts());
  }

  void look_at_end(std::int64_t end_pts) {
    if (codec_->skip_frame == AVDISCARD_NONKEY) return;
    const std::string reason = broken_off(input_, stream_, seconds(end_pts, stream_.time_base));
    if (reason.empty()) return;
    report_.first_error =
        reason + (report_.complete ? "" : ", and before that " + report_.first_error);
    report_.complete = false;
  }

  // The resampler shows `frame`, the last so far, until `next_pts`.
  void look_at_gap(std::int64_t next_pts, std::int64_t frame) {
    const double gap_s = (static_cast<double>(next_pts) - static_cast<double>(*last_pts_)) *
                         av_q2d(stream_.time_base);
    if (!tells_of_gaps_ || gap_s < kLongGap_s) return;
    const std::int64_t copies = frames_within(gap_s, rate_) - 1;
    const std::string gap = "after frame " + std::to_string(frame) + " the timestamps jump by " +
                            fmt::format("{:.1f}", gap_s) + " s, which " + std::to_string(copies) +
                            " copies of it fill";
    expect_room_for(copies, gap + "; repair the timestamps, or ");
    if (report_.gaps == 0) spdlog::warn("{}: {}", name_, gap);
    ++report_.gaps;
    report_.gap_frames += copies;
    report_.longest_gap_s = std::max(report_.longest_gap_s, gap_s);
  }

  void expect_room_for(std::int64_t frames, const std::string& why) const {
    if (frames <= max_frames_ - report_.frames) return;
    throw Error(ErrorKind::kInput, "more than " + std::to_string(max_frames_) + " frames: " + why +
                                       "allow more with --max-frames");
  }

  // Packets that fail for want of memory would do with more: a result without them is none.
  void fail(int rc, const std::string& doing) {
    const std::string reason =
        doing + " after frame " + std::to_string(report_.source_frames) + ": " + av_message(rc);
    if (rc == AVERROR(ENOMEM)) throw Error(ErrorKind::kInput, reason);
    ++report_.failed_packets;
    incomplete(reason);
  }

  void incomplete(const std::string& reason) {
    if (report_.complete) report_.first_error = reason;
    report_.complete = false;
  }

  std::string name_;
  Deadline deadline_;
  MediaInput input_;
  AVStream& stream_;
  CodecPtr codec_;
  PacketClock clock_;
  FrameFilter filter_;
  PacketPtr packet_;
  AvFramePtr decoded_;
  AvFramePtr delivered_;
  SourceInfo source_;
  bool tells_of_gaps_;
  double rate_;  // frames a second that are delivered; 0 if unknown
  std::int64_t max_frames_;
  std::int64_t max_pixels_;
  std::function<void(const AVStream&, const AVPacket&)> on_sound_;
  std::optional<std::int64_t> last_pts_;
  DecodeReport report_;
  bool draining_ = false;
  bool finished_ = false;
};

VideoReader::VideoReader(std::shared_ptr<const OpenedFile> file, const VideoReaderOptions& options)
    : name_(file->path().string()),
      decoder_(within(name_, [&] { return std::make_unique<Decoder>(file, options); })) {}

VideoReader::VideoReader(const fs::path& path, const VideoReaderOptions& options)
    : VideoReader(std::make_shared<const OpenedFile>(path), options) {}

VideoReader::~VideoReader() = default;

const AVFrame* VideoReader::next() try { return decoder_->next(); } catch (const Error& e) {
  throw e.within(name_);
}

const SourceInfo& VideoReader::source() const { return decoder_->source(); }

std::vector<const AVStream*> VideoReader::sound() const { return decoder_->sound(); }

const DecodeReport& VideoReader::report() const { return decoder_->report(); }

Probe probe_video(const std::shared_ptr<const OpenedFile>& file, const VideoLimits& limits,
                  const Deadline& deadline) {
  return within(file->path().string(), [&] {
    const MediaInput input(file, limits, deadline);
    const std::vector<AVStream*> streams = video_streams(input);
    Probe probe;
    probe.chosen = choose(streams);
    for (AVStream* stream : streams) probe.streams.push_back(describe(input.container(), *stream));
    return probe;
  });
}

Probe probe_video(const fs::path& path) {
  return probe_video(std::make_shared<const OpenedFile>(path));
}

std::int64_t frames_within(double duration_s, double rate) {
  constexpr double kMost = 1e18;
  const double frames = duration_s * rate;
  return frames > 0 ? std::llround(std::min(frames, kMost)) : 0;
}

}  // namespace co2net
