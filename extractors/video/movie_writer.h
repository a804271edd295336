#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

struct AVFrame;
struct AVPacket;
struct AVStream;

namespace co2net {

struct MovieOptions {
  std::string time_base;                    // that frames count in, "1/90000"
  std::string fps;                          // on average; for nothing but the encoder's planning
  std::vector<const AVStream*> sound = {};  // whose packets will come
  std::optional<double> length_s = {};      // that sound is cut to; then it is encoded anew
  std::string comment = {};                 // in the container's metadata
};

// Encodes frames with their own timestamps, and the sound beside them, as MP4 that every browser
// plays (playable_video()). Equal input gives equal bytes with the same libav. Not thread-safe.
class MovieWriter {
 public:
  // `first` has the size and colours of all frames: yuv420p, even sides. Errors: as VideoWriter's.
  MovieWriter(const std::filesystem::path& path, const AVFrame& first, const MovieOptions& options);
  ~MovieWriter();

  // A frame's pts is not before the last one's; one that is shares its moment, so it is set to the
  // next. Throws Error(kIo).
  void write(const AVFrame& frame);

  // Timestamps count in the stream's time base from the movie's beginning, and of other streams
  // nothing is written. Throws Error(kIo).
  void write_sound(const AVStream& stream, const AVPacket& packet);

  // Completes the file; without this call it is cut short. Throws Error(kIo).
  void finish();

 private:
  class Parts;
  std::string name_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace co2net
