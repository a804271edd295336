#pragma once

#include <cstdint>

struct AVCodecContext;
struct AVFormatContext;
struct AVFrame;
struct AVPacket;
struct AVStream;

namespace co2net {

// Timestamps as the ffmpeg program of the same FFmpeg gives them when it reads one stream of a
// file: the number of frames after resampling depends on them. The stream starts at 0; jumps of the
// container's clock are undone; what is missing is extrapolated, up to FFmpeg 6.0 from the packets'
// clock (fftools/ffmpeg.c: process_input, process_input_packet, decode_video), from 6.1 on from the
// frames' durations (fftools/ffmpeg_demux.c: ts_discontinuity_detect, ist_dts_update;
// fftools/ffmpeg_dec.c: video_frame_process, video_duration_estimate).
// Use: begin(packet), decode it, stamp() each frame that comes out; drain() once there are no more
// packets, stamp() the remaining frames; then end_pts(). `codec` is open; it and `stream` must
// outlive the clock.
class PacketClock {
 public:
  PacketClock(const AVFormatContext& input, const AVStream& stream, const AVCodecContext& codec);

  // Corrects the packet's timestamps, which stay in the stream's time base.
  void begin(AVPacket& packet);
  // Brings a packet of another stream, such as sound, to the same time. False for one from beyond a
  // jump that this stream has not come to.
  bool shift_along(AVPacket& packet, const AVStream& stream) const;
  void drain();
  // Sets frame.pts, in the stream's time base.
  void stamp(AVFrame& frame);
  // The time at which the last frame ends, in the stream's time base.
  std::int64_t end_pts() const;

 private:
  std::int64_t to_us(std::int64_t ts) const;
  std::int64_t from_us(std::int64_t us) const;
  void stamp_by_packets(AVFrame& frame);
  void stamp_by_durations(AVFrame& frame);
  std::int64_t duration_estimate(const AVFrame& frame) const;
  void finish_packet();
  void undo_jump(AVPacket& packet);
  void advance_dts();
  std::int64_t step_us() const;

  const AVStream& stream_;
  const AVCodecContext& codec_;
  const bool may_jump_;        // as clocks of broadcasts do
  const bool has_timestamps_;  // what has none has durations that libavformat made up
  // Microseconds, but for the duration.
  std::int64_t offset_ = 0;           // added to every packet
  std::int64_t dts_ = 0;              // of the packet that is being decoded
  std::int64_t next_dts_ = 0;         // expected of the next packet
  std::int64_t next_pts_ = 0;         // expected of the next frame
  std::int64_t last_dts_;             // the last that a packet had
  std::int64_t packet_duration_ = 0;  // in the stream's time base; 0: unknown
  int packet_frames_ = 0;
  // Of the last frame, in the stream's time base.
  std::int64_t last_pts_;
  std::int64_t last_duration_ = 0;
  bool in_packet_ = false;
  bool draining_ = false;
};

}  // namespace co2net
