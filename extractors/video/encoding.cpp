#include "extractors/video/encoding.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <utility>

#include "pipeline/base/remedy.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

OutputPtr allocate_output(const std::string& url) {
  silence_libav();
  AVFormatContext* output = nullptr;
  if (avformat_alloc_output_context2(&output, nullptr, nullptr, url.c_str()) < 0) {
    throw Error(ErrorKind::kIo, "no container has this suffix; use .mkv or .mp4");
  }
  return OutputPtr(output);
}

[[noreturn]] void fail(int rc, const std::string& doing, ErrorKind kind) {
  throw Error(kind, doing + ": " + av_message(rc) + remedy_for_system(AVUNERROR(rc)));
}

OutputFilePtr open_file(const std::string& url) {
  AVIOContext* file = nullptr;
  const int rc = avio_open(&file, url.c_str(), AVIO_FLAG_WRITE);
  if (rc < 0) fail(rc, "create", ErrorKind::kIo);
  return OutputFilePtr(file);
}

// What a disk refuses meets every output; everything else is the fault of what is written.
bool is_of_the_disk(int error) {
  constexpr std::array kOfTheDisk = {ENOSPC, EDQUOT, EIO, EROFS, EACCES, EPERM};
  return std::ranges::find(kOfTheDisk, error) != kOfTheDisk.end();
}

// How a picture is turned, which newer versions of libav keep among the parameters.
void copy_side_data(const AVStream& from, AVStream& to) {
#if LIBAVFORMAT_VERSION_INT < AV_VERSION_INT(60, 15, 100)
  for (int i = 0; i < from.nb_side_data; ++i) {
    const AVPacketSideData& data = from.side_data[i];
    std::uint8_t* copy = allocated(av_stream_new_side_data(&to, data.type, data.size));
    std::copy_n(data.data, data.size, copy);
  }
#else
  static_cast<void>(from);
  static_cast<void>(to);
#endif
}

}  // namespace

int check_write(int rc, const std::string& doing) {
  if (rc < 0) {
    fail(rc, doing, is_of_the_disk(AVUNERROR(rc)) ? ErrorKind::kIo : ErrorKind::kInput);
  }
  return rc;
}

CodecPtr open_encoder(const std::string& name, const AVOutputFormat& container,
                      const std::map<std::string, std::string>& options,
                      const std::function<void(AVCodecContext&)>& set_up) {
  const AVCodec* encoder = avcodec_find_encoder_by_name(name.c_str());
  if (encoder == nullptr) {
    throw Error(ErrorKind::kIo,
                "libav was built without the encoder " + name + "; install one that has it");
  }
  CodecPtr codec(allocated(avcodec_alloc_context3(encoder)));
  set_up(*codec);
  codec->thread_count = 1;
  codec->flags |= AV_CODEC_FLAG_BITEXACT;
  if ((container.flags & AVFMT_GLOBALHEADER) != 0) codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;

  Dictionary encoder_options(options);
  check_av(avcodec_open2(codec.get(), encoder, encoder_options.get()), "open the encoder " + name,
           ErrorKind::kUsage);
  if (const std::string unknown = encoder_options.first_key(); !unknown.empty()) {
    throw Error(ErrorKind::kUsage, "the encoder " + name + " has no option " + unknown);
  }
  return codec;
}

void encode(AVCodecContext& codec, const AVFrame* frame, const PacketTaker& take) {
  check_write(avcodec_send_frame(&codec, frame), "encode");
  const PacketPtr packet(allocated(av_packet_alloc()));
  for (;;) {
    const int rc = avcodec_receive_packet(&codec, packet.get());
    if (rc == AVERROR(EAGAIN) || rc == AVERROR_EOF) return;
    check_write(rc, "encode");
    take(*packet);
  }
}

Muxer::Muxer(const fs::path& path)
    : url_("file:" + path.string()), container_(allocate_output(url_)) {}

AVStream& Muxer::add(const AVCodecContext& codec) {
  AVStream& stream = *allocated(avformat_new_stream(container_.get(), nullptr));
  stream.time_base = codec.time_base;
  stream.avg_frame_rate = codec.framerate;
  check_write(avcodec_parameters_from_context(stream.codecpar, &codec), "set up");
  return stream;
}

AVStream& Muxer::add(const AVStream& source) {
  AVStream& stream = *allocated(avformat_new_stream(container_.get(), nullptr));
  check_write(avcodec_parameters_copy(stream.codecpar, source.codecpar), "set up");
  stream.codecpar->codec_tag = 0;  // containers name codecs differently
  stream.time_base = source.time_base;
  stream.avg_frame_rate = source.avg_frame_rate;
  stream.sample_aspect_ratio = source.sample_aspect_ratio;
  stream.disposition = source.disposition;
  check_write(av_dict_copy(&stream.metadata, source.metadata, 0), "set up");
  copy_side_data(source, stream);
  return stream;
}

void Muxer::begin(const std::map<std::string, std::string>& metadata) {
  file_ = open_file(url_);
  Dictionary entries(metadata);
  std::swap(container_->metadata, *entries.get());
  container_->flags |= AVFMT_FLAG_BITEXACT;
  container_->strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL;  // FLAC in MP4, until FFmpeg 6
  container_->pb = file_.get();
  check_write(avformat_write_header(container_.get(), nullptr), "write the header");
}

void Muxer::write(AVPacket& packet, AVRational time_base, const AVStream& stream) {
  av_packet_rescale_ts(&packet, time_base, stream.time_base);
  packet.stream_index = stream.index;
  packet.pos = -1;
  check_write(av_interleaved_write_frame(container_.get(), &packet), "write");
}

void Muxer::finish() {
  check_write(av_write_trailer(container_.get()), "write the index");
  AVIOContext* file = file_.release();
  check_write(avio_closep(&file), "close");
}

}  // namespace co2net
