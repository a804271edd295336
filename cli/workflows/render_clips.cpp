#include "cli/workflows/render_clips.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <regex>
#include <set>
#include <string>
#include <string_view>

#include "extractors/video/clips.h"
#include "pipeline/base/digest.h"
#include "pipeline/base/files.h"
#include "pipeline/base/text.h"
#include "pipeline/formats/csv.h"
#include "postprocess/exporters/timeline.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

constexpr const char* kList = "clips.csv";
constexpr const char* kHeader = "file,label,score,start_s,end_s,file_start_s,file_end_s\n";

// As stem_of() names it.
bool is_clip(const std::string& name) {
  static const std::regex kTimes("[0-9]{5,}\\.[0-9]{3}-[0-9]{5,}\\.[0-9]{3}_");
  const bool is_video = name.ends_with(".mp4") || name.ends_with(".mkv");
  return name == kList ||
         (is_video && std::regex_search(name, kTimes, std::regex_constants::match_continuous));
}

// Without what some file system refuses.
std::string as_name(const std::string& label) {
  constexpr std::string_view kRefused = "/\\:*?\"<>|";
  constexpr std::size_t kLongest = 80;  // bytes
  std::string name = one_line(label);
  std::ranges::replace_if(
      name, [&](char c) { return kRefused.find(c) != std::string_view::npos; }, '_');
  return shortened(name, kLongest);
}

// Sorts by time.
std::string stem_of(const Segment& segment) {
  char times[800];
  std::snprintf(times, sizeof times, "%09.3f-%09.3f_", std::max(0.0, segment.start_s),
                std::max(0.0, segment.end_s));
  return times + as_name(segment.label);
}

std::vector<Cut> cuts_of(const std::vector<Segment>& segments, const fs::path& folder) {
  std::vector<Cut> cuts;
  std::set<std::string> taken;
  for (const Segment& segment : segments) {
    const std::string stem = stem_of(segment);
    std::string name = stem;
    for (int number = 2; !taken.insert(name).second; ++number) {
      name = stem + "_" + std::to_string(number);
    }
    cuts.push_back({segment.start_s, segment.end_s, folder / name});
  }
  return cuts;
}

std::string number(double value) { return Json(value).dump(); }

// Made of timestamps, of which a microsecond is more than they tell.
std::string moment(double seconds) { return number(std::round(seconds * 1e6) / 1e6); }

std::string list_row(const Segment& segment, const Clip& clip) {
  return csv_field(clip.path.filename().string()) + ',' + csv_field(segment.label) + ',' +
         number(segment.score) + ',' + number(segment.start_s) + ',' + number(segment.end_s) + ',' +
         moment(clip.start_s) + ',' + moment(clip.end_s) + '\n';
}

}  // namespace

fs::path clips_folder(const fs::path& clips, const std::string& id) {
  constexpr std::size_t kLongest = 255, kKept = 200;  // bytes, of a name and of a shortened one
  static const std::vector<Replacement> kEscapes = {{'%', "%25"}, {'/', "%2F"}};
  const std::string name = replaced(id, kEscapes);
  if (name.size() <= kLongest) return clips / name;
  return clips / (shortened(name, kKept) + "." + sha256(id).substr(0, 16));
}

void expect_clips_place(const fs::path& folder) { expect_only_in(folder, is_clip, "--clips"); }

void write_clips(const MovieJob& job, const std::vector<Segment>& segments, const fs::path& folder,
                 bool exact) {
  const std::vector<Segment> ordered = by_start(segments);
  expect_clips_place(folder);
  write_folder_with(folder, [&](const fs::path& temporary) {
    const std::vector<Cut> cuts = cuts_of(ordered, temporary);
    const std::vector<Clip> clips = exact ? cut_exactly(job, cuts) : cut_at_key_frames(job, cuts);
    std::string list = kHeader;
    std::vector<std::string> empty;
    for (std::size_t i = 0; i < clips.size(); ++i) {
      if (clips[i].path.empty()) {
        empty.push_back(stem_of(ordered[i]));
      } else {
        list += list_row(ordered[i], clips[i]);
      }
    }
    if (!empty.empty()) {
      spdlog::warn("{}: no frame lies in {}", job.file->path().string(),
                   counted("segments", empty));
    }
    write_file(temporary / kList, list);
  });
}

}  // namespace co2net
