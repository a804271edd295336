#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "extractors/video/movie_source.h"
#include "postprocess/exporters.h"

namespace co2net {

// The folder of a video's clips: the id, of which a slash becomes "%2F" (and "%" becomes "%25"), so
// that no video's folder lies in another's; a name that is too long for a file system is cut, with
// a hash of the id behind it.
std::filesystem::path clips_folder(const std::filesystem::path& clips, const std::string& id);

// Throws Error(kInput) for a folder that holds anything but clips.
void expect_clips_place(const std::filesystem::path& folder);

// Replaces the folder, if it passes expect_clips_place(), by a clip of each segment, in the order
// of time: "00003.840-00005.760_jump.mp4". Labels lose what file systems do not take. clips.csv has
// the labels, the segments and what each file holds of the video: more than the segment, where it
// begins at a key frame. Segments in which no frame lies are told in the log. Errors:
// Error(kInput), Error(kIo).
void write_clips(const MovieJob& job, const std::vector<Segment>& segments,
                 const std::filesystem::path& folder, bool exact);

}  // namespace co2net
