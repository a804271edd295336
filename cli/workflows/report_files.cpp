#include "cli/workflows/report_files.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "cli/workflows/merge.h"
#include "cli/workflows/report_media.h"
#include "cli/workflows/report_scores.h"
#include "pipeline/base/digest.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/inputs.h"
#include "pipeline/base/text.h"
#include "pipeline/base/unmatched.h"
#include "postprocess/palette.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

using Strings = std::vector<std::string>;

// By id, in the order of the results; then those that only the other file has.
class Videos {
 public:
  void add_found(Predictions predictions) {
    for (VideoPredictions& video : predictions) at(video.id).found = std::move(video);
  }
  void add_other(Predictions predictions) {
    for (VideoPredictions& video : predictions) at(video.id).other = std::move(video);
  }
  // Ground truth of videos without results is not shown: it may be of a whole dataset.
  void add_truth(const Annotations& annotations) {
    for (const AnnotatedVideo& video : annotations.videos) {
      if (places_.contains(video.id)) at(video.id).truth = video;
    }
  }
  std::vector<ReportVideo> all() && { return std::move(videos_); }

 private:
  ReportVideo& at(const std::string& id) {
    const auto [place, is_new] = places_.emplace(id, videos_.size());
    if (is_new) videos_.push_back({.id = id, .found = {}, .other = {}, .truth = {}});
    return videos_[place->second];
  }

  std::vector<ReportVideo> videos_;
  std::map<std::string, std::size_t> places_;
};

Strings ids_of(const Predictions& predictions) {
  Strings ids;
  for (const VideoPredictions& video : predictions) ids.push_back(video.id);
  return ids;
}

Strings ids_of(const Annotations& annotations) {
  Strings ids;
  for (const AnnotatedVideo& video : annotations.videos) ids.push_back(video.id);
  return ids;
}

void expect_in_common(const NamesOf& these, const NamesOf& those) {
  const std::set<std::string> known(those.names.begin(), those.names.end());
  const auto is_known = [&](const std::string& name) { return known.contains(name); };
  if (these.names.empty() || std::ranges::any_of(these.names, is_known)) return;
  throw nothing_matches(these, those);
}

// Those of the ids, in the order of the results.
std::vector<ReportVideo> chosen(std::vector<ReportVideo> videos, const ReportFiles& files) {
  if (files.ids.empty()) return videos;
  std::set<std::string> unknown(files.ids.begin(), files.ids.end());
  Strings known;
  for (const ReportVideo& video : videos) {
    unknown.erase(video.id);
    known.push_back(video.id);
  }
  if (!unknown.empty()) {
    throw Error(ErrorKind::kUsage,
                "--id: " + not_among(name_of(files.results), *unknown.begin(), known));
  }
  std::erase_if(videos, [&](const ReportVideo& video) {
    return std::ranges::find(files.ids, video.id) == files.ids.end();
  });
  return videos;
}

// Where the video is; empty if nowhere.
fs::path path_of(const ReportVideo& video, const ReportFiles& files) {
  fs::path path;
  for (const fs::path& results : files.results) {
    if (video.found && path.empty()) path = named_video(*video.found, results);
  }
  if (path.empty() && video.other) path = named_video(*video.other, files.compare);
  return path;
}

void warn_of_absent(const std::vector<ReportVideo>& videos, const std::vector<fs::path>& paths) {
  Strings absent;
  for (std::size_t i = 0; i < videos.size(); ++i) {
    if (paths[i].empty()) absent.push_back(videos[i].id);
  }
  if (absent.empty()) return;
  spdlog::warn(
      "shown without pictures, since the results name no file that is there, from the working "
      "folder or their own: {}",
      counted("videos", absent));
}

}  // namespace

ReportContents read_report_files(const ReportFiles& files) {
  Videos videos;
  const std::string bytes = read_results(files.results);
  Predictions found = parse_predictions(bytes, name_of(files.results));
  const NamesOf ids = {"videos of " + name_of(files.results), ids_of(found)};
  Predictions other;
  if (!files.compare.empty()) {
    other = read_input(read_predictions, files.compare);
    expect_in_common(ids, {"videos of " + files.compare.string(), ids_of(other)});
  }
  Annotations truth;
  if (!files.ground_truth.empty()) {
    truth = read_input(read_annotations, files.ground_truth);
    expect_in_common(ids, {"videos of the ground truth", ids_of(truth)});
  }
  if (!files.scores.empty()) {
    expect_in_common(ids, {"scores in " + name_of(files.scores), ScoreFiles(files.scores).ids()});
  }
  std::vector<std::string> classes = coloured_classes(found, truth, other);
  videos.add_found(std::move(found));
  videos.add_other(std::move(other));
  videos.add_truth(truth);
  return {sha256(bytes), chosen(std::move(videos).all(), files), std::move(classes)};
}

std::vector<fs::path> named_videos(const std::vector<ReportVideo>& videos,
                                   const ReportFiles& files) {
  std::vector<fs::path> paths;
  for (const ReportVideo& video : videos) paths.push_back(path_of(video, files));
  warn_of_absent(videos, paths);
  return paths;
}

std::optional<ReportScores> scores_of(const ReportVideo& video, const ScoreFiles& files) {
  const fs::path file = files.of(video.id);
  if (file.empty()) return std::nullopt;
  try {
    return read_input([&](const fs::path& path) { return read_report_scores(path, video); }, file);
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::kInput) throw;
    spdlog::warn("{}", e.what());
    return std::nullopt;
  }
}

int for_each_video(const std::vector<ReportVideo>& videos, const std::vector<fs::path>& paths,
                   int at_once, const Observer& observer,
                   const std::function<void(std::size_t)>& work,
                   const std::function<void(const VideoError&)>& on_error) {
  std::vector<Input> inputs;
  std::map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < videos.size(); ++i) {
    const std::string& id = videos[i].id;
    inputs.push_back({paths.at(i).empty() ? fs::path(id) : paths.at(i), id});
    places[id] = i;
  }
  const auto work_on = [&](const Input& input) -> Delivery {
    work(places.at(input.id));
    return [] {};
  };
  return for_each_input(source_of(inputs), {.fail_fast = false, .at_once = at_once}, observer,
                        work_on, on_error);
}

}  // namespace co2net
