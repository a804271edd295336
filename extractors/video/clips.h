#pragma once

#include <filesystem>
#include <vector>

#include "extractors/video/movie_source.h"

namespace co2net {

// A part of a video that gets a file of its own.
struct Cut {
  double start_s = 0;  // [start_s, end_s), from the first frame on
  double end_s = 0;
  std::filesystem::path stem;  // of the file: its suffix is added
};

struct Clip {
  std::filesystem::path path;  // empty: no frame lies within, and there is no file
  double start_s = 0;          // [start_s, end_s) of the video is what the file holds
  double end_s = 0;
};

// Cut in one pass through the video, or a few where many overlap, in memory that does not grow with
// its length; one clip a cut, in their order. Errors: as FirstLook's; Error(kIo).

// Encoded anew as MovieWriter does: exactly the frames within, upright and with square pixels, and
// the sound cut to the sample.
std::vector<Clip> cut_exactly(const MovieJob& job, const std::vector<Cut>& cuts);

// Packets as they are: from the key frame at or before the start on, so that it can be decoded, to
// the end or a few frames beyond, where frames refer to these. As MP4 where that holds the codecs
// and players take them from there, else as Matroska. Throws Error(kInput) for a video whose
// packets do not tell their times.
std::vector<Clip> cut_at_key_frames(const MovieJob& job, const std::vector<Cut>& cuts);

// Cuts by index in groups such that in none of them more than `most` are at work at a time, each
// from `margin_s` before its start to as long after its end.
std::vector<std::vector<std::size_t>> passes_over(const std::vector<Cut>& cuts, std::size_t most,
                                                  double margin_s);

}  // namespace co2net
