#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "extractors/video/movie_source.h"

namespace co2net {

// What is drawn into a video.
struct Drawing {
  int below = 0;       // rows that are added under the picture; even
  std::string script;  // ASS, whose resolution is that of the picture with these rows; second 0 is
                       // the first frame, kScriptSeconds are a second of the video
};
// `duration_s` is what the container says, 0 if it says nothing.
using DrawingOf = std::function<Drawing(const PictureSize& picture, double duration_s)>;

// Writes a copy of a video with what `drawing_of` says drawn into every frame, upright, with square
// pixels, every frame at its own time, all sound beside it; as MovieWriter writes. Memory does not
// grow with the video's length. `path` ends with .mp4. Returns how the video was decoded; the log
// tells of text that no installed font has. Errors: as FirstLook's, DisplayFilter's and
// MovieWriter's.
DecodeReport write_labelled_copy(const MovieJob& job, const std::filesystem::path& path,
                                 const DrawingOf& drawing_of);

// Whether the file is such a copy, as its metadata say; false for what is no readable video.
bool is_labelled_copy(const std::filesystem::path& path, const VideoLimits& limits,
                      const Deadline& deadline);

}  // namespace co2net
