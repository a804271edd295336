#pragma once

#include <string>
#include <vector>

namespace co2net {

// The libraries that the full program is built on, a line each: the versions that are loaded, of
// those that are headers, or do not tell it, the ones that were compiled with.
std::string library_versions();

// Which of the codecs that matter FFmpeg has here: to read what cameras and websites make, and to
// write what is kept and what browsers play.
struct Codecs {
  std::vector<std::string> decoders, missing_decoders;
  std::vector<std::string> encoders, missing_encoders;
};
Codecs ffmpeg_codecs();

}  // namespace co2net
