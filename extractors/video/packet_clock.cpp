#include "extractors/video/packet_clock.h"

extern "C" {
#include <libavutil/common.h>
}

#include <algorithm>

#include "extractors/video/av.h"

namespace co2net {
namespace {

constexpr bool kByDurations = LIBAVFORMAT_VERSION_INT >= AV_VERSION_INT(60, 16, 100);  // FFmpeg 6.1

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

}  // namespace

PacketClock::PacketClock(const AVFormatContext& input, const AVStream& stream,
                         const AVCodecContext& codec)
    : stream_(stream),
      codec_(codec),
      may_jump_((input.iformat->flags & AVFMT_TS_DISCONT) != 0),
      has_timestamps_((input.iformat->flags & AVFMT_NOTIMESTAMPS) == 0),
      last_dts_(AV_NOPTS_VALUE),
      last_pts_(AV_NOPTS_VALUE) {
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
  if (!kByDurations) packet.dts = from_us(dts_);
  packet_duration_ = packet.duration;
  packet_frames_ = 0;
  in_packet_ = true;
}

bool PacketClock::shift_along(AVPacket& packet, const AVStream& stream) const {
  const std::int64_t by = av_rescale_q(offset_, kMicroseconds, stream.time_base);
  shift(packet.dts, by);
  shift(packet.pts, by);
  if (!may_jump_ || !known(packet.dts) || !known(next_dts_)) return true;
  const std::int64_t dts = av_rescale_q(packet.dts, stream.time_base, kMicroseconds);
  return !farther(av_sat_sub64(dts, next_dts_), kLongestJump);
}

void PacketClock::drain() {
  finish_packet();
  packet_duration_ = 0;
  draining_ = true;
}

void PacketClock::stamp(AVFrame& frame) {
  if (kByDurations) {
    stamp_by_durations(frame);
  } else {
    stamp_by_packets(frame);
  }
}

void PacketClock::stamp_by_durations(AVFrame& frame) {
  frame.pts = frame.best_effort_timestamp;
  if (!known(frame.pts)) frame.pts = known(last_pts_) ? end_pts() : 0;
  last_duration_ = duration_estimate(frame);
  last_pts_ = frame.pts;
}

std::int64_t PacketClock::duration_estimate(const AVFrame& frame) const {
  const std::int64_t since_last = known(last_pts_) ? av_sat_sub64(frame.pts, last_pts_) : -1;
  const std::int64_t own = duration_of(frame);
  const bool is_made_up = own == 1 && since_last > 2;
  if (own > 0 && has_timestamps_ && !is_made_up) return own;
  const AVRational rate = codec_.framerate;
  const std::int64_t of_codec =
      rate.num != 0 && rate.den != 0
          ? av_rescale_q(frame.repeat_pict + 2, {rate.den, 2 * rate.num}, stream_.time_base)
          : 0;
  if (of_codec > 0 && !has_timestamps_) return of_codec;
  if (since_last > 0) return since_last;
  if (own > 0) return own;
  if (of_codec > 0) return of_codec;
  const AVRational average = stream_.avg_frame_rate;
  const std::int64_t usual = average.num != 0 && average.den != 0
                                 ? av_rescale_q(1, av_inv_q(average), stream_.time_base)
                                 : 0;
  return usual > 0 ? usual : std::max<std::int64_t>(last_duration_, 1);
}

void PacketClock::stamp_by_packets(AVFrame& frame) {
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

std::int64_t PacketClock::end_pts() const {
  return kByDurations ? av_sat_add64(last_pts_, last_duration_) : from_us(next_pts_);
}

std::int64_t PacketClock::to_us(std::int64_t ts) const {
  return known(ts) ? av_rescale_q(ts, stream_.time_base, kMicroseconds) : ts;
}

std::int64_t PacketClock::from_us(std::int64_t us) const {
  return known(us) ? av_rescale_q(us, kMicroseconds, stream_.time_base) : us;
}

void PacketClock::finish_packet() {
  if (!in_packet_) return;
  in_packet_ = false;
  const int steps = kByDurations ? 1 : std::max(1, packet_frames_);
  for (int step = 0; step < steps; ++step) advance_dts();
  if (!kByDurations && packet_frames_ > 0) dts_ = next_dts_;
}

void PacketClock::undo_jump(AVPacket& packet) {
  const std::int64_t dts = to_us(packet.dts);
  const std::int64_t expected = known(next_dts_) ? next_dts_ : last_dts_;
  if (!known(dts) || !known(expected)) return;
  const std::int64_t lack = av_sat_sub64(expected, dts);
  if (may_jump_) {
    const bool steps_back =
        known(next_dts_) &&
        av_sat_add64(dts, kLongestStepBack) < (kByDurations ? dts_ : std::max(next_pts_, dts_));
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
