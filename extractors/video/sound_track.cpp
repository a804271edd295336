#include "extractors/video/sound_track.h"

extern "C" {
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <libavutil/channel_layout.h>
}

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <utility>

namespace co2net {
namespace {

constexpr const char* kEncoder = "aac";
constexpr int kBitsASecondAChannel = 96'000;

class CopiedTrack : public SoundTrack {
 public:
  CopiedTrack(const AVStream& source, Muxer& muxer)
      : time_base_(source.time_base), muxer_(muxer), stream_(muxer.add(source)) {}

  // What goes back in time, as damaged files do, no container takes.
  void write(const AVPacket& packet) override {
    const PacketPtr copy(allocated(av_packet_clone(&packet)));
    if (copy->pts == AV_NOPTS_VALUE) copy->pts = copy->dts;
    if (copy->dts == AV_NOPTS_VALUE) copy->dts = copy->pts;
    if (copy->dts == AV_NOPTS_VALUE || copy->pts < copy->dts) return;
    const std::int64_t dts = av_rescale_q(copy->dts, time_base_, stream_.time_base);
    if (dts <= last_dts_) return;
    last_dts_ = dts;
    muxer_.write(*copy, time_base_, stream_);
  }

  void finish() override {}

 private:
  AVRational time_base_;
  Muxer& muxer_;
  AVStream& stream_;
  std::int64_t last_dts_ = AV_NOPTS_VALUE;  // the least of all
};

int rate_for(const AVCodecParameters& sound) {
  constexpr std::array kRates = {96000, 88200, 64000, 48000, 44100, 32000,
                                 24000, 22050, 16000, 12000, 11025, 8000};
  constexpr int kUsual = 48000;
  return std::ranges::find(kRates, sound.sample_rate) != kRates.end() ? sound.sample_rate : kUsual;
}

int channels_for(const AVCodecParameters& sound) {
  constexpr int kSurround = 6;
  const int channels = sound.ch_layout.nb_channels;
  return channels >= kSurround ? kSurround : std::min(channels, 2);
}

CodecPtr open_aac(const AVCodecParameters& sound, const AVOutputFormat& container) {
  return open_encoder(kEncoder, container, {}, [&](AVCodecContext& codec) {
    const int channels = channels_for(sound);
    codec.sample_rate = rate_for(sound);
    codec.sample_fmt = AV_SAMPLE_FMT_FLTP;
    codec.time_base = {1, codec.sample_rate};
    codec.bit_rate = std::int64_t{kBitsASecondAChannel} * channels;
    av_channel_layout_default(&codec.ch_layout, channels);
  });
}

// Null where nothing can decode it.
CodecPtr open_sound_decoder(const AVStream& source) {
  const AVCodec* decoder = avcodec_find_decoder(source.codecpar->codec_id);
  if (decoder == nullptr || source.codecpar->sample_rate <= 0 ||
      source.codecpar->ch_layout.nb_channels <= 0) {
    return nullptr;
  }
  CodecPtr codec(allocated(avcodec_alloc_context3(decoder)));
  codec->pkt_timebase = source.time_base;
  codec->thread_count = 1;
  if (avcodec_parameters_to_context(codec.get(), source.codecpar) < 0) return nullptr;
  return avcodec_open2(codec.get(), decoder, nullptr) < 0 ? nullptr : std::move(codec);
}

std::string layout_name(const AVChannelLayout& layout) {
  AVChannelLayout known = {};
  if (layout.order == AV_CHANNEL_ORDER_UNSPEC) {
    av_channel_layout_default(&known, layout.nb_channels);
  } else {
    check_av(av_channel_layout_copy(&known, &layout), "sound");
  }
  std::array<char, 256> name = {};
  const int rc = av_channel_layout_describe(&known, name.data(), name.size());
  av_channel_layout_uninit(&known);
  check_av(rc, "sound");
  return name.data();
}

// Decodes, brings to the encoder's form, fills holes with silence, cuts, encodes.
class EncodedTrack : public SoundTrack {
 public:
  EncodedTrack(const AVStream& source, CodecPtr decoder, Muxer& muxer,
               const std::optional<double>& length_s)
      : time_base_(source.time_base),
        decoder_(std::move(decoder)),
        encoder_(open_aac(*source.codecpar, muxer.format())),
        muxer_(muxer),
        stream_(muxer.add(*encoder_)),
        cut_(length_s ? ",atrim=end=" + std::to_string(*length_s) : ""),
        frame_(allocated(av_frame_alloc())) {}

  void write(const AVPacket& packet) override {
    if (packet.size == 0 || avcodec_send_packet(decoder_.get(), &packet) < 0) return;
    take_decoded();
  }

  void finish() override {
    avcodec_send_packet(decoder_.get(), nullptr);
    take_decoded();
    close_graph();
    put(nullptr);
  }

 private:
  void take_decoded() {
    while (avcodec_receive_frame(decoder_.get(), frame_.get()) >= 0) {
      frame_->pts = frame_->best_effort_timestamp;
      if (frame_->pts == AV_NOPTS_VALUE) frame_->pts = next_pts_;
      next_pts_ =
          frame_->pts + av_rescale_q(frame_->nb_samples, {1, frame_->sample_rate}, time_base_);
      filter();
    }
  }

  void filter() {
    if (const std::string description = source_description(); description != source_) {
      close_graph();
      build_graph(description);
    }
    if (av_buffersrc_add_frame(from_, frame_.get()) < 0) return;
    drain_graph();
  }

  std::string source_description() const {
    return "abuffer@in=time_base=" + to_string(time_base_) +
           ":sample_rate=" + std::to_string(frame_->sample_rate) +
           ":sample_fmt=" + std::to_string(frame_->format) +
           ":channel_layout=" + layout_name(frame_->ch_layout);
  }

  // Sound that changes its form goes on where the one before ended.
  void build_graph(const std::string& source) {
    source_ = source;
    graph_.reset(allocated(avfilter_graph_alloc()));
    const std::string rate = std::to_string(encoder_->sample_rate);
    const std::string description =
        source + ",aresample=" + rate + ":async=1:first_pts=" + std::to_string(written_) +
        ",aformat=sample_fmts=fltp:sample_rates=" + rate +
        ":channel_layouts=" + layout_name(encoder_->ch_layout) + cut_ + ",abuffersink@out";
    check_av(avfilter_graph_parse_ptr(graph_.get(), description.c_str(), nullptr, nullptr, nullptr),
             "filter sound");
    check_av(avfilter_graph_config(graph_.get(), nullptr), "filter sound");
    from_ = avfilter_graph_get_filter(graph_.get(), "abuffer@in");
    to_ = avfilter_graph_get_filter(graph_.get(), "abuffersink@out");
    av_buffersink_set_frame_size(to_, static_cast<unsigned>(encoder_->frame_size));
  }

  void close_graph() {
    if (graph_ == nullptr) return;
    check_av(av_buffersrc_add_frame(from_, nullptr), "filter sound");
    drain_graph();
    graph_.reset();
  }

  void drain_graph() {
    const AvFramePtr filtered(allocated(av_frame_alloc()));
    while (av_buffersink_get_frame(to_, filtered.get()) >= 0) {
      filtered->pts = written_;
      written_ += filtered->nb_samples;
      put(filtered.get());
      av_frame_unref(filtered.get());
    }
  }

  void put(const AVFrame* frame) {
    encode(*encoder_, frame,
           [this](AVPacket& packet) { muxer_.write(packet, encoder_->time_base, stream_); });
  }

  AVRational time_base_;
  CodecPtr decoder_;
  CodecPtr encoder_;
  Muxer& muxer_;
  AVStream& stream_;
  std::string cut_;
  AvFramePtr frame_;
  std::string source_;  // what the graph was built for
  GraphPtr graph_;
  AVFilterContext* from_ = nullptr;
  AVFilterContext* to_ = nullptr;
  std::int64_t next_pts_ = 0;  // expected of the next frame
  std::int64_t written_ = 0;   // samples
};

}  // namespace

bool is_playable_sound(AVCodecID codec) {
  constexpr std::array kPlayable = {AV_CODEC_ID_AAC,  AV_CODEC_ID_MP3,  AV_CODEC_ID_AC3,
                                    AV_CODEC_ID_EAC3, AV_CODEC_ID_OPUS, AV_CODEC_ID_FLAC,
                                    AV_CODEC_ID_ALAC};
  return std::ranges::find(kPlayable, codec) != kPlayable.end();
}

std::unique_ptr<SoundTrack> SoundTrack::copy(const AVStream& source, Muxer& muxer) {
  return std::make_unique<CopiedTrack>(source, muxer);
}

std::unique_ptr<SoundTrack> SoundTrack::make(const AVStream& source, Muxer& muxer,
                                             const std::optional<double>& length_s,
                                             const std::string& name) {
  const AVCodecParameters& sound = *source.codecpar;
  if (!length_s && sound.sample_rate > 0 && is_playable_sound(sound.codec_id)) {
    return copy(source, muxer);
  }
  CodecPtr decoder = open_sound_decoder(source);
  if (decoder == nullptr) {
    spdlog::warn("{}: the sound of stream {} ({}) cannot be decoded and is left out", name,
                 source.index, avcodec_get_name(sound.codec_id));
    return nullptr;
  }
  return std::make_unique<EncodedTrack>(source, std::move(decoder), muxer, length_s);
}

}  // namespace co2net
