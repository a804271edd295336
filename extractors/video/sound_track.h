#pragma once

#include <memory>
#include <optional>

#include "extractors/video/encoding.h"

// Included by sources, never by another header.
namespace co2net {

// Whether MP4 holds sound of that codec, and players take it from there.
bool is_playable_sound(AVCodecID codec);

// One stream of sound on its way into a container: as it is where MP4 holds its codec and players
// take it from there, else as AAC.
class SoundTrack {
 public:
  // With a length, the sound is cut to [0, length_s), to the sample, and hence encoded anew. Null,
  // with a warning that names `name`, for sound that nothing here can decode. Throws Error(kIo).
  static std::unique_ptr<SoundTrack> make(const AVStream& source, Muxer& muxer,
                                          const std::optional<double>& length_s,
                                          const std::string& name);
  // The same for sound that is kept as it is, whatever it is.
  static std::unique_ptr<SoundTrack> copy(const AVStream& source, Muxer& muxer);
  virtual ~SoundTrack() = default;

  // Timestamps count in the source's time base from the beginning of what is written. What does not
  // decode is passed over. Throws Error(kIo).
  virtual void write(const AVPacket& packet) = 0;
  virtual void finish() = 0;
};

}  // namespace co2net
