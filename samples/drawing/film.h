#pragma once

#include <filesystem>
#include <string>

#include "samples/drawing/scene.h"
#include "samples/drawing/script.h"

namespace co2net {

// Draws every frame of a script, and writes them as H.264, an .mp4. Returns the SHA-256 of the
// frames' own SHA-256, in hex, one after the other: of what is drawn, whatever the encoder makes of
// it. Errors: as VideoWriter.
std::string write_film(const std::filesystem::path& path, const Scene& scene, const Script& script);

// The same hash, of a film that nobody sees.
std::string hash_film(const Scene& scene, const Script& script);

}  // namespace co2net
