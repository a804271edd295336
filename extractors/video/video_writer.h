#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "extractors/video/pixel_format.h"

namespace co2net {

struct VideoWriterOptions {
  int width = 0;  // pixels
  int height = 0;
  std::string fps = "25";  // "25", "30000/1001"
  PixelFormat input = PixelFormat::kBgr24;
  std::string encoder = "ffv1";       // by libav's name
  std::string pixel_format = "bgr0";  // the encoder's, by libav's name; bgr0 and gray lose nothing
  std::map<std::string, std::string> encoder_options = {};  // libav's, {"crf", "23"}
  std::map<std::string, std::string> metadata = {};         // of the container
};

// H.264 that every browser plays, for an .mp4. Width and height are even, since its colours are
// stored by twos.
VideoWriterOptions playable_video(int width, int height, const std::string& fps);

// Encodes frames to a video file; the container follows from the path's suffix. Equal frames and
// options give equal bytes with the same libav: one thread, no date, no name of a program.
// Not thread-safe; several writers may work at once.
class VideoWriter {
 public:
  // Throws Error(kIo) naming an encoder that libav lacks, a suffix that no container has, or a
  // path that cannot be written; Error(kUsage) for options that the encoder does not take.
  VideoWriter(const std::filesystem::path& path, const VideoWriterOptions& options);
  ~VideoWriter();

  // Adds a frame: `height` rows of `width` pixels, `stride` bytes from row to row. Throws
  // Error(kIo).
  void write(const std::uint8_t* pixels, std::ptrdiff_t stride);

  // Completes the file; without this call it is cut short. Nothing may follow. Throws Error(kIo).
  void finish();

 private:
  class Encoder;
  std::string name_;
  std::unique_ptr<Encoder> encoder_;
};

}  // namespace co2net
