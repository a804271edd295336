#include "extractors/video/video_writer.h"

extern "C" {
#include <libavutil/pixdesc.h>
}

#include "extractors/video/encoding.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

AVPixelFormat encoder_format(const VideoWriterOptions& options) {
  const AVPixelFormat format = av_get_pix_fmt(options.pixel_format.c_str());
  if (format == AV_PIX_FMT_NONE) {
    throw Error(ErrorKind::kUsage, "pixel format '" + options.pixel_format + "' is unknown");
  }
  return format;
}

CodecPtr open_encoder_for(const VideoWriterOptions& options, const AVOutputFormat& container) {
  const auto set_up = [&](AVCodecContext& codec) {
    codec.width = options.width;
    codec.height = options.height;
    codec.framerate = parse_fps(options.fps);
    codec.time_base = av_inv_q(codec.framerate);
    codec.pix_fmt = encoder_format(options);
    codec.sample_aspect_ratio = {1, 1};
  };
  return open_encoder(options.encoder, container, options.encoder_options, set_up);
}

ScalerPtr make_scaler(const VideoWriterOptions& options, AVPixelFormat to) {
  return ScalerPtr(allocated(sws_getContext(
      options.width, options.height, to_av(options.input), options.width, options.height, to,
      SWS_BICUBIC | SWS_ACCURATE_RND | SWS_BITEXACT, nullptr, nullptr, nullptr)));
}

AvFramePtr make_frame(const AVCodecContext& codec) {
  AvFramePtr frame(allocated(av_frame_alloc()));
  frame->width = codec.width;
  frame->height = codec.height;
  frame->format = codec.pix_fmt;
  check_av(av_frame_get_buffer(frame.get(), 0), "allocate a frame", ErrorKind::kInternal);
  return frame;
}

}  // namespace

VideoWriterOptions playable_video(int width, int height, const std::string& fps) {
  return {.width = width,
          .height = height,
          .fps = fps,
          .encoder = "libx264",
          .pixel_format = "yuv420p",
          .encoder_options = {{"preset", "veryfast"}, {"crf", "23"}}};
}

class VideoWriter::Encoder {
 public:
  Encoder(const fs::path& path, const VideoWriterOptions& options)
      : muxer_(path),
        codec_(open_encoder_for(options, muxer_.format())),
        scaler_(make_scaler(options, codec_->pix_fmt)),
        frame_(make_frame(*codec_)),
        stream_(muxer_.add(*codec_)) {
    muxer_.begin(options.metadata);
  }

  void write(const std::uint8_t* pixels, std::ptrdiff_t stride) {
    check_write(av_frame_make_writable(frame_.get()), "write");
    const std::uint8_t* const planes[4] = {pixels};  // libswscale reads four of each
    const int strides[4] = {static_cast<int>(stride)};
    sws_scale(scaler_.get(), planes, strides, 0, codec_->height, frame_->data, frame_->linesize);
    frame_->pts = next_pts_++;
    put(frame_.get());
  }

  void finish() {
    put(nullptr);
    muxer_.finish();
  }

 private:
  // Null drains the encoder.
  void put(const AVFrame* frame) {
    encode(*codec_, frame, [this](AVPacket& packet) {
      packet.duration = 1;
      muxer_.write(packet, codec_->time_base, stream_);
    });
  }

  Muxer muxer_;
  CodecPtr codec_;
  ScalerPtr scaler_;
  AvFramePtr frame_;
  AVStream& stream_;
  std::int64_t next_pts_ = 0;
};

VideoWriter::VideoWriter(const fs::path& path, const VideoWriterOptions& options) try
    : name_(path.string()), encoder_(std::make_unique<Encoder>(path, options)) {
} catch (const Error& e) {
  throw e.within(path.string());
}

VideoWriter::~VideoWriter() = default;

void VideoWriter::write(const std::uint8_t* pixels, std::ptrdiff_t stride) try {
  encoder_->write(pixels, stride);
} catch (const Error& e) {
  throw e.within(name_);
}

void VideoWriter::finish() try { encoder_->finish(); } catch (const Error& e) {
  throw e.within(name_);
}

}  // namespace co2net
