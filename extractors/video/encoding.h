#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>

#include "extractors/video/av.h"

// What all writers of media share. Included by sources, never by another header.
namespace co2net {

// As check_av(), of what is written: Error(kIo), which meets every output, for what only a disk
// says (no room, no permission, damage), with the remedy; Error(kInput) for everything else.
int check_write(int rc, const std::string& doing);

// Opens an encoder for a container, on one thread, so that equal input gives equal bytes; `set_up`
// says what is encoded. Throws Error(kIo) naming an encoder that libav lacks, Error(kUsage) for
// options that it does not take.
CodecPtr open_encoder(const std::string& name, const AVOutputFormat& container,
                      const std::map<std::string, std::string>& options,
                      const std::function<void(AVCodecContext&)>& set_up);

// Encodes a frame, null for the end, and hands out what comes of it. Throws as check_write().
using PacketTaker = std::function<void(AVPacket&)>;
void encode(AVCodecContext& codec, const AVFrame* frame, const PacketTaker& take);

// A container that is being written; it follows from the path's suffix. It holds no date and no
// program's name.
class Muxer {
 public:
  // Throws Error(kIo) for a suffix that no container has.
  explicit Muxer(const std::filesystem::path& path);

  AVFormatContext& container() { return *container_; }
  const AVOutputFormat& format() const { return *container_->oformat; }

  // A stream of what an encoder makes.
  AVStream& add(const AVCodecContext& codec);
  // A stream that packets of another container are copied to.
  AVStream& add(const AVStream& source);

  // Creates the file; all streams are there. These throw as check_write().
  void begin(const std::map<std::string, std::string>& metadata = {});
  // `packet` counts time in `time_base`, and is taken.
  void write(AVPacket& packet, AVRational time_base, const AVStream& stream);
  // Completes the file; without this call it is cut short.
  void finish();

 private:
  std::string url_;
  OutputPtr container_;
  OutputFilePtr file_;
};

}  // namespace co2net
