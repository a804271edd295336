#include "cli/workflows/report.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "cli/workflows/each_input.h"
#include "cli/workflows/report_scores.h"
#include "pipeline/base/digest.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/text.h"
#include "pipeline/base/unmatched.h"
#include "postprocess/report/pages.h"
#include "postprocess/report/report_data.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

using Strings = std::vector<std::string>;

bool is_of_a_report(const std::string& name) {
  return name == kResultsPageName || name == kEvaluationPageName || name == "data" ||
         name == "videos";
}

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

struct Found {
  std::string key;  // of the results, by their content
  std::vector<ReportVideo> videos;
};

Found read_files(const ReportJob& job) {
  Videos videos;
  const std::string bytes = read_input(read_file, job.results);
  Predictions found = parse_predictions(bytes, job.results.string());
  const NamesOf ids = {"videos of " + job.results.string(), ids_of(found)};
  videos.add_found(std::move(found));
  if (!job.compare.empty()) {
    Predictions other = read_input(read_predictions, job.compare);
    expect_in_common(ids, {"videos of " + job.compare.string(), ids_of(other)});
    videos.add_other(std::move(other));
  }
  if (!job.ground_truth.empty()) {
    const Annotations truth = read_input(read_annotations, job.ground_truth);
    expect_in_common(ids, {"videos of the ground truth", ids_of(truth)});
    videos.add_truth(truth);
  }
  return {sha256(bytes), std::move(videos).all()};
}

// Where the video is; empty if nowhere.
fs::path path_of(const ReportVideo& video, const ReportJob& job) {
  fs::path path;
  if (video.found) path = named_video(*video.found, job.results);
  if (path.empty() && video.other) path = named_video(*video.other, job.compare);
  return path;
}

std::optional<ReportScores> scores_of(const ReportVideo& video, const fs::path& folder) {
  const fs::path file = folder / (video.id + ".npz");
  if (folder.empty() || !fs::exists(file)) return std::nullopt;
  try {
    return read_input([&](const fs::path& path) { return read_report_scores(path, video); }, file);
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::kInput) throw;
    spdlog::warn("{}", e.what());
    return std::nullopt;
  }
}

// Writes a report into a folder.
class ReportWriter {
 public:
  // `paths` are where the videos are.
  ReportWriter(const ReportJob& job, const Found& found, const std::vector<fs::path>& paths,
               const fs::path& folder)
      : job_(job),
        found_(found),
        paths_(paths),
        place_{folder, job.output},
        strips_(found.videos.size()) {}

  void write(const Observer& observer) {
    std::vector<Input> inputs;
    std::map<std::string, std::size_t> places;
    for (std::size_t i = 0; i < paths_.size(); ++i) {
      const std::string& id = found_.videos[i].id;
      inputs.push_back({paths_[i].empty() ? fs::path(id) : paths_[i], id});
      places[id] = i;
    }
    const auto work = [&](const Input& input) -> Delivery {
      write_video(places.at(input.id));
      return [] {};
    };
    for_each_input(
        source_of(inputs), {.fail_fast = false, .at_once = job_.threads}, observer, work,
        [](const VideoError& error) { throw Error(ErrorKind::kInternal, error.message); });
    keep_evaluation();
    write_file(place_.folder / kListScript, list_script(facts(), found_.videos, strips_));
    write_file(place_.folder / kResultsPageName, kResultsPage);
  }

 private:
  ReportFacts facts() const {
    return {.key = found_.key,
            .results = job_.results.filename().string(),
            .other = job_.compare.filename().string(),
            .has_truth = !job_.ground_truth.empty(),
            .has_evaluation = fs::exists(place_.folder / kEvaluationPageName)};
  }

  // That of 'eval --report', from the folder that is replaced.
  void keep_evaluation() const {
    const fs::path page = place_.output / kEvaluationPageName;
    if (fs::exists(page)) write_file(place_.folder / kEvaluationPageName, read_file(page));
  }

  void write_video(std::size_t index) {
    ReportMedia media;
    if (!paths_[index].empty()) media = write_media(paths_[index], index, place_, job_.media);
    strips_[index] = media.strip;
    const ReportVideo& video = found_.videos[index];
    write_file(place_.folder / video_script_name(index),
               video_script(index, video, media, scores_of(video, job_.scores)));
  }

  const ReportJob& job_;
  const Found& found_;
  const std::vector<fs::path>& paths_;
  const ReportPlace place_;
  Strings strips_;
};

void warn_of_absent(const std::vector<ReportVideo>& videos, const std::vector<fs::path>& paths) {
  Strings absent;
  for (std::size_t i = 0; i < videos.size(); ++i) {
    if (paths[i].empty()) absent.push_back(videos[i].id);
  }
  if (absent.empty()) return;
  spdlog::warn("shown without pictures, since the results name no file that is there: {}",
               counted("videos", absent));
}

}  // namespace

void expect_report_place(const fs::path& folder) {
  expect_only_in(folder, is_of_a_report);
  expect_writable(folder);
}

std::size_t write_report(const ReportJob& job, const Observer& observer) {
  expect_report_place(job.output);
  const Found found = read_files(job);
  std::vector<fs::path> paths;
  for (const ReportVideo& video : found.videos) paths.push_back(path_of(video, job));
  warn_of_absent(found.videos, paths);
  write_folder_with(job.output, [&](const fs::path& folder) {
    ReportWriter(job, found, paths, folder).write(observer);
  });
  return found.videos.size();
}

}  // namespace co2net
