#pragma once

#include <cstdint>

struct AVCodecContext;
struct AVFormatContext;
struct AVFrame;
struct AVPacket;
struct AVStream;

namespace co2net {

// Timestamps as the ffmpeg program gives them (fftools/ffmpeg.c of FFmpeg 5.1: process_input,
// process_input_packet, decode_video) when it reads one stream of a file: the number of frames
// after resampling depends on them. The stream starts at 0; jumps of the container's clock are
// undone; what is missing is extrapolated.
// Use: begin(packet), decode it, stamp() each frame that comes out; drain() once there are no more
// packets, stamp() the remaining frames; then end_pts(). `codec` is open; it and `stream` must
// outlive the clock.
class PacketClock {
 public:
  PacketClock(const AVFormatContext& input, const AVStream& stream, const AVCodecContext& codec);

  // Corrects the packet's timestamps, which stay in the stream's time base.
  void begin(AVPacket& packet);
  void drain();
  // Sets frame.pts, in the stream's time base.
  void stamp(AVFrame& frame);
  // The time at which the last frame ends, in the stream's time base.
  std::int64_t end_pts() const;

 private:
  std::int64_t to_us(std::int64_t ts) const;
  std::int64_t from_us(std::int64_t us) const;
  void finish_packet();
  void undo_jump(AVPacket& packet);
  void advance_dts();
  std::int64_t step_us() const;

  const AVStream& stream_;
  const AVCodecContext& codec_;
  const bool may_jump_;  // as clocks of broadcasts do
  // Microseconds, but for the duration.
  std::int64_t offset_ = 0;           // added to every packet
  std::int64_t dts_ = 0;              // of the packet that is being decoded
  std::int64_t next_dts_ = 0;         // expected of the next packet
  std::int64_t next_pts_ = 0;         // expected of the next frame
  std::int64_t last_dts_;             // the last that a packet had
  std::int64_t packet_duration_ = 0;  // in the stream's time base; 0: unknown
  int packet_frames_ = 0;
  bool in_packet_ = false;
  bool draining_ = false;
};

}  // namespace co2net
