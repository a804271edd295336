#include "extractors/video/packet_clock.h"

extern "C" {
#include <libavutil/common.h>
}

#include <algorithm>

#include "extractors/video/av.h"

namespace co2net {
namespace {

constexpr std::int64_t kSecond = AV_TIME_BASE;
constexpr AVRational kMicroseconds{1, AV_TIME_BASE};
constexpr std::int64_t kLongestJump = 10 * kSecond;
constexpr std::int64_t kLongestStepBack = kSecond / 10;
constexpr std::int64_t kAbsurdJump = 30 * 3600 * kSecond;

bool known(std::int64_t ts) { return ts != AV_NOPTS_VALUE; }

// Timestamps are whatever the file says: sums saturate.
void shift(std::int64_t& ts, std::int64_t by) {
  if (known(ts)) ts = av_sat_add64(ts, by);
}

bool farther(std::int64_t by, std::int64_t limit) { return by > limit || by < -limit; }

std::int64_t duration_of(const AVFrame& frame) {
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 30, 100)
  return frame.duration;
#else
  return frame.pkt_duration;
#endif
}

}  // namespace

PacketClock::PacketClock(const AVFormatContext& input, const AVStream& stream,
                         const AVCodecContext& codec)
    : stream_(stream),
      codec_(codec),
      may_jump_((input.iformat->flags & AVFMT_TS_DISCONT) != 0),
      last_dts_(AV_NOPTS_VALUE) {
  constexpr int kBitsThatNeverWrap = 64;
  if (known(input.start_time)) {
    const bool starts_alone = may_jump_ && stream.pts_wrap_bits < kBitsThatNeverWrap;
    offset_ = -(starts_alone && known(stream.start_time)
                    ? std::max(input.start_time, to_us(stream.start_time))
                    : input.start_time);
  }
  if (stream.avg_frame_rate.num != 0) {
    next_dts_ =
        static_cast<std::int64_t>(-codec.has_b_frames * kSecond / av_q2d(stream.avg_frame_rate));
  }
  dts_ = next_dts_;
}

void PacketClock::begin(AVPacket& packet) {
  finish_packet();
  shift(packet.dts, from_us(offset_));
  shift(packet.pts, from_us(offset_));
  undo_jump(packet);
  if (known(packet.dts)) last_dts_ = next_dts_ = to_us(packet.dts);
  dts_ = next_dts_;
  packet.dts = from_us(dts_);
  packet_duration_ = packet.duration;
  packet_frames_ = 0;
  in_packet_ = true;
}

void PacketClock::drain() {
  finish_packet();
  packet_duration_ = 0;
  draining_ = true;
}

void PacketClock::stamp(AVFrame& frame) {
  std::int64_t pts = frame.best_effort_timestamp;
  if (draining_ && !known(pts)) {
    pts = from_us(next_dts_);
    advance_dts();
  }
  if (known(pts)) {
    frame.pts = pts;
    next_pts_ = to_us(pts);
  }
  const std::int64_t duration = duration_of(frame);
  shift(next_pts_, duration > 0 ? to_us(duration) : step_us());
  ++packet_frames_;
}

std::int64_t PacketClock::end_pts() const { return from_us(next_pts_); }

std::int64_t PacketClock::to_us(std::int64_t ts) const {
  return known(ts) ? av_rescale_q(ts, stream_.time_base, kMicroseconds) : ts;
}

std::int64_t PacketClock::from_us(std::int64_t us) const {
  return known(us) ? av_rescale_q(us, kMicroseconds, stream_.time_base) : us;
}

void PacketClock::finish_packet() {
  if (!in_packet_) return;
  in_packet_ = false;
  for (int step = 0; step < std::max(1, packet_frames_); ++step) advance_dts();
  if (packet_frames_ > 0) dts_ = next_dts_;
}

void PacketClock::undo_jump(AVPacket& packet) {
  const std::int64_t dts = to_us(packet.dts);
  const std::int64_t expected = known(next_dts_) ? next_dts_ : last_dts_;
  if (!known(dts) || !known(expected)) return;
  const std::int64_t lack = av_sat_sub64(expected, dts);
  if (may_jump_) {
    const bool steps_back =
        known(next_dts_) && av_sat_add64(dts, kLongestStepBack) < std::max(next_pts_, dts_);
    if (!farther(lack, kLongestJump) && !steps_back) return;
    shift(offset_, lack);
    shift(packet.dts, from_us(lack));
    shift(packet.pts, from_us(lack));
  } else if (known(next_dts_)) {
    if (farther(lack, kAbsurdJump)) packet.dts = AV_NOPTS_VALUE;
    if (known(packet.pts) && farther(av_sat_sub64(to_us(packet.pts), expected), kAbsurdJump)) {
      packet.pts = AV_NOPTS_VALUE;
    }
  }
}

void PacketClock::advance_dts() {
  const std::int64_t step = step_us();
  if (step == 0) next_dts_ = AV_NOPTS_VALUE;
  shift(next_dts_, step);
}

std::int64_t PacketClock::step_us() const {
  if (packet_duration_ != 0) return to_us(packet_duration_);
  const AVRational rate = codec_.framerate;
  return rate.num != 0 && rate.den != 0 ? kSecond * rate.den / rate.num : 0;
}

}  // namespace co2net
