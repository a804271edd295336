#include "extractors/video/clips.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <utility>

#include "extractors/video/av.h"
#include "extractors/video/broken_off.h"
#include "extractors/video/encoding.h"
#include "extractors/video/media_input.h"
#include "extractors/video/movie_writer.h"
#include "extractors/video/packet_clock.h"
#include "extractors/video/sound_track.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

constexpr std::size_t kAtOnce = 8;  // encoders take memory
constexpr double kMargin_s = 5;     // by which sound and pictures may be apart in a container

// Seconds of a video as its timestamps count. Where these are coarse, so are seconds made of them:
// half a tick, or a millisecond, is no difference.
class Ticks {
 public:
  explicit Ticks(const FirstLook& look)
      : origin_(look.origin()),
        tick_s_(look.tick_s()),
        base_(parse_ratio(look.source().time_base)),
        slack_s_(std::min(look.tick_s() / 2, 0.0005)) {}

  AVRational base() const { return base_; }
  double seconds(std::int64_t pts) const { return static_cast<double>(pts - origin_) * tick_s_; }
  double seconds(std::int64_t pts, AVRational base) const {
    return static_cast<double>(pts) * av_q2d(base) - static_cast<double>(origin_) * tick_s_;
  }
  bool is_before(std::int64_t pts, double time_s) const { return seconds(pts) < time_s - slack_s_; }
  bool is_after(std::int64_t pts, double time_s) const { return seconds(pts) > time_s + slack_s_; }
  bool is_within(std::int64_t pts, const Cut& cut) const {
    return !is_before(pts, cut.start_s) && is_before(pts, cut.end_s);
  }
  // The timestamp of a moment.
  std::int64_t at(double time_s) const { return origin_ + std::llround(time_s / tick_s_); }

 private:
  std::int64_t origin_;
  double tick_s_;
  AVRational base_;
  double slack_s_;
};

PacketPtr moved(const AVPacket& packet, std::int64_t by, AVRational from, AVRational to) {
  PacketPtr copy(allocated(av_packet_clone(&packet)));
  const std::int64_t ticks = av_rescale_q(by, from, to);
  if (copy->pts != AV_NOPTS_VALUE) copy->pts -= ticks;
  if (copy->dts != AV_NOPTS_VALUE) copy->dts -= ticks;
  return copy;
}

// When a packet is due; nothing where it does not say.
std::optional<double> time_of(const AVPacket& packet, const AVStream& stream, const Ticks& ticks) {
  const std::int64_t pts = packet.pts != AV_NOPTS_VALUE ? packet.pts : packet.dts;
  if (pts == AV_NOPTS_VALUE) return std::nullopt;
  return ticks.seconds(pts, stream.time_base);
}

// The cuts of a pass: those that are waited for, at work, and done.
template <class Work>
class Pass {
 public:
  // `cuts` say when each is at work.
  Pass(const std::vector<Cut>& cuts, std::vector<std::size_t> indices)
      : cuts_(cuts), waiting_(std::move(indices)) {}

  // Calls start(index) for each cut that is due.
  template <class Start>
  void open_until(double time_s, const Start& start) {
    while (next_ < waiting_.size() && cuts_[waiting_[next_]].start_s - kMargin_s <= time_s) {
      const std::size_t index = waiting_[next_++];
      at_work_.emplace_back(index, start(index));
    }
  }
  // Calls finish(index, work) for each cut that is over.
  template <class Finish>
  void close_until(double time_s, const Finish& finish) {
    std::erase_if(at_work_, [&](auto& item) {
      if (cuts_[item.first].end_s + kMargin_s > time_s) return false;
      finish(item.first, *item.second);
      return true;
    });
  }
  template <class Each>
  void for_each(const Each& each) {
    for (auto& [index, work] : at_work_) each(*work);
  }

 private:
  const std::vector<Cut>& cuts_;
  std::vector<std::size_t> waiting_;  // by start
  std::size_t next_ = 0;
  std::vector<std::pair<std::size_t, std::unique_ptr<Work>>> at_work_;
};

constexpr double kForever_s = 1e300;

// One clip that is encoded.
class EncodedClip {
 public:
  EncodedClip(const Cut& cut, const FirstLook& look, const Ticks& ticks, const AVFrame& shown,
              const std::vector<const AVStream*>& sound)
      : cut_(cut), ticks_(ticks), path_(cut.stem.string() + ".mp4"), zero_(ticks.at(cut.start_s)) {
    writer_ = std::make_unique<MovieWriter>(
        path_, shown,
        MovieOptions{.time_base = look.source().time_base,
                     .fps = look.fps(),
                     .sound = sound,
                     .length_s = std::max(0.0, cut.end_s - cut.start_s)});
  }

  bool wants(std::int64_t pts) const { return ticks_.is_within(pts, cut_); }

  // A frame that is shown; the source's pts.
  void write(AVFrame& frame) {
    if (!first_) first_ = frame.pts;
    end_ = frame.pts + std::max<std::int64_t>(duration_of(frame), 1);
    const std::int64_t pts = std::exchange(frame.pts, frame.pts - zero_);
    writer_->write(frame);
    frame.pts = pts;
  }

  void write_sound(const AVStream& stream, const AVPacket& packet) {
    const auto time_s = time_of(packet, stream, ticks_);
    if (!time_s || *time_s < cut_.start_s - kMargin_s || *time_s >= cut_.end_s) return;
    writer_->write_sound(stream, *moved(packet, zero_, ticks_.base(), stream.time_base));
  }

  Clip finish() {
    if (first_) {
      writer_->finish();
      return {path_, ticks_.seconds(*first_), ticks_.seconds(end_)};
    }
    writer_.reset();
    fs::remove(path_);
    return {};
  }

 private:
  const Cut& cut_;
  const Ticks& ticks_;
  fs::path path_;
  std::int64_t zero_;  // the clip's beginning
  std::unique_ptr<MovieWriter> writer_;
  std::optional<std::int64_t> first_;
  std::int64_t end_ = 0;
};

DecodeReport encode_pass(const MovieJob& job, const FirstLook& look, const std::vector<Cut>& cuts,
                         const std::vector<std::size_t>& indices, std::vector<Clip>& clips) {
  const Ticks ticks(look);
  DisplayFilter filter(look.frame(), look.source().time_base, {.size = look.size()});
  const AvFramePtr shown(allocated(av_frame_clone(&look.frame())));
  filter.apply(*shown);
  const AvFramePtr form(allocated(av_frame_clone(shown.get())));

  Pass<EncodedClip> pass(cuts, indices);
  std::vector<const AVStream*> sound;
  const auto start = [&](std::size_t index) {
    return std::make_unique<EncodedClip>(cuts[index], look, ticks, *form, sound);
  };
  const auto finish = [&](std::size_t index, EncodedClip& clip) { clips[index] = clip.finish(); };
  VideoReaderOptions options = reader_options(job);
  options.on_sound = [&](const AVStream& stream, const AVPacket& packet) {
    if (const auto time_s = time_of(packet, stream, ticks)) pass.open_until(*time_s, start);
    pass.for_each([&](EncodedClip& clip) { clip.write_sound(stream, packet); });
  };
  VideoReader reader(job.file, options);
  sound = reader.sound();
  while (const AVFrame* frame = reader.next()) {
    job.on_progress(reader.report().frames, look.expected_frames());
    if (frame->pts == AV_NOPTS_VALUE) continue;
    pass.open_until(ticks.seconds(frame->pts), start);
    bool is_wanted = false;
    pass.for_each([&](const EncodedClip& clip) { is_wanted |= clip.wants(frame->pts); });
    if (is_wanted) {
      av_frame_unref(shown.get());
      check_av(av_frame_ref(shown.get(), frame), "filter");
      filter.apply(*shown);
      pass.for_each([&](EncodedClip& clip) {
        if (clip.wants(shown->pts)) clip.write(*shown);
      });
    }
    pass.close_until(ticks.seconds(frame->pts), finish);
  }
  pass.close_until(kForever_s, finish);
  return reader.report();
}

// The packets of one video stream and of all sound, on the clock of frames.
class PacketSource {
 public:
  PacketSource(const MovieJob& job, const FirstLook& look)
      : input_(job.file, job.limits, job.deadline),
        stream_(*input_.container().streams[look.source().stream]),
        codec_(allocated(avcodec_alloc_context3(nullptr))),
        clock_(input_.container(), stream_, set_up(*codec_, stream_)),
        packet_(allocated(av_packet_alloc())) {}

  const AVStream& pictures() const { return stream_; }
  const MediaInput& input() const { return input_; }

  std::vector<const AVStream*> sound() const {
    std::vector<const AVStream*> streams;
    const AVFormatContext& container = input_.container();
    for (unsigned i = 0; i < container.nb_streams; ++i) {
      if (is_sound(*container.streams[i])) streams.push_back(container.streams[i]);
    }
    return streams;
  }

  // Null at the end; valid until the next call.
  AVPacket* next() {
    for (;;) {
      av_packet_unref(packet_.get());
      const int rc = input_.read(*packet_);
      if (rc == AVERROR(EAGAIN)) continue;
      if (rc < 0) return nullptr;
      const AVStream& stream = stream_of(*packet_);
      if (&stream == &stream_) {
        clock_.begin(*packet_);
        if (packet_->size > 0) return packet_.get();
      } else if (is_sound(stream) && clock_.shift_along(*packet_, stream)) {
        return packet_.get();
      }
    }
  }

  const AVStream& stream_of(const AVPacket& packet) const {
    return *input_.container().streams[packet.stream_index];
  }

 private:
  static bool is_sound(const AVStream& stream) {
    return stream.codecpar->codec_type == AVMEDIA_TYPE_AUDIO;
  }

  // Opened for nothing but what the clock asks.
  static const AVCodecContext& set_up(AVCodecContext& codec, const AVStream& stream) {
    check_av(avcodec_parameters_to_context(&codec, stream.codecpar), "read");
    codec.framerate = stream.avg_frame_rate;
    return codec;
  }

  MediaInput input_;
  AVStream& stream_;
  CodecPtr codec_;
  PacketClock clock_;
  PacketPtr packet_;
};

// The times of key frames, ascending.
std::vector<std::int64_t> key_frames(const MovieJob& job, const FirstLook& look) {
  std::vector<std::int64_t> keys;
  std::int64_t end = 0;
  PacketSource source(job, look);
  while (const AVPacket* packet = source.next()) {
    if (packet->stream_index != source.pictures().index) continue;
    if (packet->pts == AV_NOPTS_VALUE || packet->dts == AV_NOPTS_VALUE) {
      throw Error(ErrorKind::kInput,
                  job.file->path().string() +
                      ": its packets do not tell when their pictures are shown, so that it cannot "
                      "be cut as it is; use --exact");
    }
    if ((packet->flags & AV_PKT_FLAG_KEY) != 0) keys.push_back(packet->pts);
    end = std::max(end, av_sat_add64(packet->pts, packet->duration));
  }
  const double end_s = static_cast<double>(end) * av_q2d(source.pictures().time_base);
  const std::string why = broken_off(source.input(), source.pictures(), end_s);
  if (!why.empty()) job.on_incomplete(why);
  std::ranges::sort(keys);
  if (keys.empty()) {
    throw Error(ErrorKind::kInput,
                job.file->path().string() + ": no key frame to cut at; use --exact");
  }
  return keys;
}

const char* suffix_for(const PacketSource& source) {
  constexpr std::array kPlayable = {AV_CODEC_ID_H264, AV_CODEC_ID_HEVC, AV_CODEC_ID_AV1,
                                    AV_CODEC_ID_VP9, AV_CODEC_ID_MPEG4};
  const auto sound = source.sound();
  const bool is_playable =
      std::ranges::find(kPlayable, source.pictures().codecpar->codec_id) != kPlayable.end() &&
      std::ranges::all_of(sound, [](const AVStream* stream) {
        return is_playable_sound(stream->codecpar->codec_id);
      });
  return is_playable ? ".mp4" : ".mkv";
}

// One clip that is copied.
class CopiedClip {
 public:
  CopiedClip(const Cut& cut, std::int64_t key, const Ticks& ticks, const PacketSource& source)
      : cut_(cut),
        ticks_(ticks),
        key_(key),
        path_(cut.stem.string() + suffix_for(source)),
        muxer_(path_),
        pictures_(muxer_.add(source.pictures())),
        end_(key) {
    for (const AVStream* stream : source.sound()) {
      sound_[stream->index] = SoundTrack::copy(*stream, muxer_);
    }
    begin();
  }

  // Pictures between a key frame and one before it that they refer to are shown before it.
  void write(const AVPacket& packet) {
    if (!has_begun_ && packet.pts == key_) has_begun_ = true;
    if (!ticks_.is_before(packet.dts, cut_.end_s)) is_over_ = true;
    if (!has_begun_ || is_over_ || packet.pts < key_) return;
    const PacketPtr copy = moved(packet, key_, ticks_.base(), ticks_.base());
    end_ = std::max(end_, packet.pts + std::max<std::int64_t>(packet.duration, 1));
    muxer_.write(*copy, ticks_.base(), pictures_);
    if (ticks_.is_within(packet.pts, cut_)) is_empty_ = false;
  }

  void write_sound(const AVStream& stream, const AVPacket& packet) {
    const auto track = sound_.find(stream.index);
    const auto time_s = time_of(packet, stream, ticks_);
    if (track == sound_.end() || !time_s) return;
    if (*time_s < ticks_.seconds(key_) || *time_s >= cut_.end_s) return;
    track->second->write(*moved(packet, key_, ticks_.base(), stream.time_base));
  }

  Clip finish() {
    muxer_.finish();
    if (!is_empty_) return {path_, ticks_.seconds(key_), ticks_.seconds(end_)};
    fs::remove(path_);
    return {};
  }

 private:
  void begin() {
    try {
      muxer_.begin();
    } catch (const Error& e) {
      const char* remedy = e.kind() == ErrorKind::kInput ? "; use --exact" : "";
      throw Error(e.kind(), path_.string() + ": " + e.what() + remedy);
    }
  }

  const Cut& cut_;
  const Ticks& ticks_;
  std::int64_t key_;
  fs::path path_;
  Muxer muxer_;
  AVStream& pictures_;
  std::map<int, std::unique_ptr<SoundTrack>> sound_;  // by the source's index
  std::int64_t end_;
  bool has_begun_ = false;
  bool is_over_ = false;
  bool is_empty_ = true;
};

// A cut, and the key frame that its copy begins with.
struct KeyedCut {
  Cut cut;
  std::int64_t key = 0;
};

// `wider` are the same cuts from their key frames on.
void copy_pass(const MovieJob& job, const FirstLook& look, const std::vector<KeyedCut>& cuts,
               const std::vector<Cut>& wider, const std::vector<std::size_t>& indices,
               std::vector<Clip>& clips) {
  const Ticks ticks(look);
  PacketSource source(job, look);
  Pass<CopiedClip> pass(wider, indices);
  const auto start = [&](std::size_t index) {
    return std::make_unique<CopiedClip>(cuts[index].cut, cuts[index].key, ticks, source);
  };
  const auto finish = [&](std::size_t index, CopiedClip& clip) { clips[index] = clip.finish(); };
  std::int64_t done = 0;
  while (const AVPacket* packet = source.next()) {
    const AVStream& stream = source.stream_of(*packet);
    const auto time_s = time_of(*packet, stream, ticks);
    if (time_s) pass.open_until(*time_s, start);
    if (&stream != &source.pictures()) {
      pass.for_each([&](CopiedClip& clip) { clip.write_sound(stream, *packet); });
      continue;
    }
    job.on_progress(++done, look.expected_frames());
    pass.for_each([&](CopiedClip& clip) { clip.write(*packet); });
    pass.close_until(*time_s, finish);
  }
  pass.close_until(kForever_s, finish);
}

}  // namespace

std::vector<std::vector<std::size_t>> passes_over(const std::vector<Cut>& cuts, std::size_t most,
                                                  double margin_s) {
  std::vector<std::size_t> order(cuts.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, {}, [&](std::size_t i) { return cuts[i].start_s; });
  std::vector<std::vector<std::size_t>> passes;
  for (const std::size_t index : order) {
    const auto has_room = [&](const std::vector<std::size_t>& pass) {
      const auto is_at_work = [&](std::size_t other) {
        return cuts[other].end_s + margin_s > cuts[index].start_s - margin_s;
      };
      return static_cast<std::size_t>(std::ranges::count_if(pass, is_at_work)) < most;
    };
    const auto pass = std::ranges::find_if(passes, has_room);
    if (pass == passes.end()) {
      passes.push_back({index});
    } else {
      pass->push_back(index);
    }
  }
  return passes;
}

std::vector<Clip> cut_exactly(const MovieJob& job, const std::vector<Cut>& cuts) {
  std::vector<Clip> clips(cuts.size());
  const FirstLook look(job);
  DecodeReport report;
  for (const auto& pass : passes_over(cuts, kAtOnce, kMargin_s)) {
    report = encode_pass(job, look, cuts, pass, clips);
  }
  if (!report.complete) job.on_incomplete(report.first_error);
  return clips;
}

std::vector<Clip> cut_at_key_frames(const MovieJob& job, const std::vector<Cut>& cuts) {
  std::vector<Clip> clips(cuts.size());
  const FirstLook look(job);
  const Ticks ticks(look);
  const std::vector<std::int64_t> keys = key_frames(job, look);
  std::vector<KeyedCut> keyed;
  std::vector<Cut> wider;
  for (const Cut& cut : cuts) {
    const auto is_in_time = [&](std::int64_t key) { return !ticks.is_after(key, cut.start_s); };
    const auto late = std::ranges::partition_point(keys, is_in_time);
    const std::int64_t key = late == keys.begin() ? keys.front() : *(late - 1);
    keyed.push_back({cut, key});
    wider.push_back({std::min(cut.start_s, ticks.seconds(key)), cut.end_s, cut.stem});
  }
  for (const auto& pass : passes_over(wider, kAtOnce, kMargin_s)) {
    copy_pass(job, look, keyed, wider, pass, clips);
  }
  return clips;
}

}  // namespace co2net
