#pragma once

#include <filesystem>
#include <vector>

#include "extractors/video/movie_source.h"
#include "postprocess/exporters.h"

namespace co2net {

// Replaces the folder, if it holds clips and nothing else, by a clip of each segment, in the order
// of time: "00003.840-00005.760_jump.mp4". Labels lose what file systems do not take. clips.csv has
// the labels, the segments and what each file holds of the video: more than the segment, where it
// begins at a key frame. Segments in which no frame lies are told in the log. Errors:
// Error(kInput), Error(kIo).
void write_clips(const MovieJob& job, const std::vector<Segment>& segments,
                 const std::filesystem::path& folder, bool exact);

}  // namespace co2net
