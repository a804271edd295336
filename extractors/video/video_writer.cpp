#include "extractors/video/video_writer.h"

extern "C" {
#include <libavutil/pixdesc.h>
}

#include <utility>

#include "extractors/video/av.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

int check_write(int rc, const std::string& doing) { return check_av(rc, doing, ErrorKind::kIo); }

OutputPtr allocate_output(const std::string& url) {
  silence_libav();
  AVFormatContext* output = nullptr;
  if (avformat_alloc_output_context2(&output, nullptr, nullptr, url.c_str()) < 0) {
    throw Error(ErrorKind::kIo, "no container has this suffix; use .mkv or .mp4");
  }
  return OutputPtr(output);
}

OutputFilePtr open_file(const std::string& url) {
  AVIOContext* file = nullptr;
  check_write(avio_open(&file, url.c_str(), AVIO_FLAG_WRITE), "create");
  return OutputFilePtr(file);
}

AVPixelFormat encoder_format(const VideoWriterOptions& options) {
  const AVPixelFormat format = av_get_pix_fmt(options.pixel_format.c_str());
  if (format == AV_PIX_FMT_NONE) {
    throw Error(ErrorKind::kUsage, "pixel format '" + options.pixel_format + "' is unknown");
  }
  return format;
}

CodecPtr open_encoder(const VideoWriterOptions& options, const AVOutputFormat& container) {
  const AVCodec* encoder = avcodec_find_encoder_by_name(options.encoder.c_str());
  if (encoder == nullptr) {
    throw Error(ErrorKind::kIo, "libav was built without the encoder " + options.encoder +
                                    "; install one that has it");
  }
  CodecPtr codec(allocated(avcodec_alloc_context3(encoder)));
  codec->width = options.width;
  codec->height = options.height;
  codec->framerate = parse_fps(options.fps);
  codec->time_base = av_inv_q(codec->framerate);
  codec->pix_fmt = encoder_format(options);
  codec->sample_aspect_ratio = {1, 1};
  codec->thread_count = 1;
  codec->flags |= AV_CODEC_FLAG_BITEXACT;
  if ((container.flags & AVFMT_GLOBALHEADER) != 0) codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;

  Dictionary encoder_options(options.encoder_options);
  check_av(avcodec_open2(codec.get(), encoder, encoder_options.get()),
           "open the encoder " + options.encoder, ErrorKind::kUsage);
  if (const std::string unknown = encoder_options.first_key(); !unknown.empty()) {
    throw Error(ErrorKind::kUsage, "the encoder " + options.encoder + " has no option " + unknown);
  }
  return codec;
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

class VideoWriter::Encoder {
 public:
  Encoder(const fs::path& path, const VideoWriterOptions& options)
      : url_("file:" + path.string()),
        output_(allocate_output(url_)),
        codec_(open_encoder(options, *output_->oformat)),
        scaler_(make_scaler(options, codec_->pix_fmt)),
        frame_(make_frame(*codec_)),
        packet_(allocated(av_packet_alloc())),
        file_(open_file(url_)) {
    stream_ = allocated(avformat_new_stream(output_.get(), nullptr));
    stream_->time_base = codec_->time_base;
    stream_->avg_frame_rate = codec_->framerate;
    check_write(avcodec_parameters_from_context(stream_->codecpar, codec_.get()), "set up");
    Dictionary metadata(options.metadata);
    std::swap(output_->metadata, *metadata.get());
    output_->flags |= AVFMT_FLAG_BITEXACT;
    output_->pb = file_.get();
    check_write(avformat_write_header(output_.get(), nullptr), "write the header");
  }

  void write(const std::uint8_t* pixels, std::ptrdiff_t stride) {
    check_write(av_frame_make_writable(frame_.get()), "write");
    const std::uint8_t* const planes[4] = {pixels};  // libswscale reads four of each
    const int strides[4] = {static_cast<int>(stride)};
    sws_scale(scaler_.get(), planes, strides, 0, codec_->height, frame_->data, frame_->linesize);
    frame_->pts = next_pts_++;
    encode(frame_.get());
  }

  void finish() {
    encode(nullptr);
    check_write(av_write_trailer(output_.get()), "write the index");
    AVIOContext* file = file_.release();
    check_write(avio_closep(&file), "close");
  }

 private:
  // Null drains the encoder.
  void encode(const AVFrame* frame) {
    check_write(avcodec_send_frame(codec_.get(), frame), "encode");
    for (;;) {
      const int rc = avcodec_receive_packet(codec_.get(), packet_.get());
      if (rc == AVERROR(EAGAIN) || rc == AVERROR_EOF) return;
      check_write(rc, "encode");
      packet_->duration = 1;
      av_packet_rescale_ts(packet_.get(), codec_->time_base, stream_->time_base);
      packet_->stream_index = stream_->index;
      check_write(av_interleaved_write_frame(output_.get(), packet_.get()), "write");
    }
  }

  std::string url_;
  OutputPtr output_;
  AVStream* stream_ = nullptr;  // owned by output_
  CodecPtr codec_;
  ScalerPtr scaler_;
  AvFramePtr frame_;
  PacketPtr packet_;
  OutputFilePtr file_;
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
