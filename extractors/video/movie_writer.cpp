#include "extractors/video/movie_writer.h"

#include <algorithm>
#include <cstdint>
#include <map>

#include "extractors/video/encoding.h"
#include "extractors/video/sound_track.h"
#include "extractors/video/video_writer.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

// What stands for colours in RGB is none of pictures that are stored otherwise.
AVColorSpace colours_of(const AVFrame& frame) {
  return frame.colorspace == AVCOL_SPC_RGB ? AVCOL_SPC_SMPTE170M : frame.colorspace;
}

CodecPtr open_encoder_for(const AVFrame& first, const MovieOptions& options,
                          const AVOutputFormat& container) {
  const VideoWriterOptions playable = playable_video(first.width, first.height, options.fps);
  const auto set_up = [&](AVCodecContext& codec) {
    codec.width = playable.width;
    codec.height = playable.height;
    codec.framerate = parse_fps(playable.fps);
    codec.time_base = parse_ratio(options.time_base);
    codec.pix_fmt = static_cast<AVPixelFormat>(first.format);
    codec.sample_aspect_ratio = {1, 1};
    codec.color_range = first.color_range;
    codec.colorspace = colours_of(first);
    codec.color_primaries = first.color_primaries;
    codec.color_trc = first.color_trc;
    codec.chroma_sample_location = first.chroma_location;
  };
  return open_encoder(playable.encoder, container, playable.encoder_options, set_up);
}

}  // namespace

class MovieWriter::Parts {
 public:
  Parts(const fs::path& path, const AVFrame& first, const MovieOptions& options)
      : muxer_(path),
        codec_(open_encoder_for(first, options, muxer_.format())),
        pictures_(muxer_.add(*codec_)) {
    for (const AVStream* stream : options.sound) {
      auto track = SoundTrack::make(*stream, muxer_, options.length_s, path.string());
      if (track) tracks_.emplace(stream->index, std::move(track));
    }
    if (options.comment.empty()) {
      muxer_.begin();
    } else {
      muxer_.begin({{"comment", options.comment}});
    }
  }

  void write(const AVFrame& frame) {
    const AvFramePtr own(allocated(av_frame_clone(&frame)));
    if (own->pts == AV_NOPTS_VALUE || own->pts < next_pts_) own->pts = next_pts_;
    next_pts_ = own->pts + 1;
    own->pict_type = AV_PICTURE_TYPE_NONE;  // the source's key frames are not ours
    durations_[own->pts] = duration_of(*own);
    put(own.get());
  }

  void write_sound(const AVStream& stream, const AVPacket& packet) {
    const auto track = tracks_.find(stream.index);
    if (track != tracks_.end()) track->second->write(packet);
  }

  void finish() {
    put(nullptr);
    for (const auto& [index, track] : tracks_) track->finish();
    muxer_.finish();
  }

 private:
  void put(const AVFrame* frame) {
    encode(*codec_, frame, [this](AVPacket& packet) {
      const auto duration = durations_.find(packet.pts);
      if (duration != durations_.end()) {
        packet.duration = duration->second;
        durations_.erase(duration);
      }
      muxer_.write(packet, codec_->time_base, pictures_);
    });
  }

  Muxer muxer_;
  CodecPtr codec_;
  AVStream& pictures_;
  std::map<int, std::unique_ptr<SoundTrack>> tracks_;  // by the source's index
  std::int64_t next_pts_ = 0;                          // the least that may come
  std::map<std::int64_t, std::int64_t> durations_;     // of frames in the encoder, by pts
};

MovieWriter::MovieWriter(const fs::path& path, const AVFrame& first,
                         const MovieOptions& options) try
    : name_(path.string()), parts_(std::make_unique<Parts>(path, first, options)) {
} catch (const Error& e) {
  throw e.within(path.string());
}

MovieWriter::~MovieWriter() = default;

void MovieWriter::write(const AVFrame& frame) try { parts_->write(frame); } catch (const Error& e) {
  throw e.within(name_);
}

void MovieWriter::write_sound(const AVStream& stream, const AVPacket& packet) try {
  parts_->write_sound(stream, packet);
} catch (const Error& e) {
  throw e.within(name_);
}

void MovieWriter::finish() try { parts_->finish(); } catch (const Error& e) {
  throw e.within(name_);
}

}  // namespace co2net
