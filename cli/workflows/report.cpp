#include "cli/workflows/report.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "cli/workflows/each_input.h"
#include "extractors/video/film_strip.h"
#include "extractors/video/video_reader.h"
#include "pipeline/base/digest.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/text.h"
#include "pipeline/base/unmatched.h"
#include "pipeline/datasets/feature_files.h"
#include "pipeline/formats/npy.h"
#include "postprocess/report/report_data.h"
#include "postprocess/report/report_page.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

using Strings = std::vector<std::string>;

bool is_of_a_report(const std::string& name) {
  return name == "index.html" || name == "data" || name == "videos";
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

std::vector<ReportVideo> read_videos(const ReportJob& job) {
  Videos videos;
  Predictions found = read_input(read_predictions, job.results);
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
  return std::move(videos).all();
}

std::string text_at(const Json& object, const std::string& key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// What results of 'localize' and 'propose' name in the place of a video.
bool is_of_arrays(const fs::path& path) {
  return path.extension() == ".npy" || path.extension() == ".npz";
}

// "videos/clip.mp4" of the facts about a video, where it is now; empty if nowhere.
fs::path video_path(const ReportVideo& video, const ReportJob& job) {
  for (const auto& [predictions, file] :
       {std::pair(&video.found, &job.results), std::pair(&video.other, &job.compare)}) {
    if (!*predictions) continue;
    const fs::path named = text_at((*predictions)->facts, "path");
    if (is_of_arrays(named)) continue;
    for (const fs::path& path : {named, file->parent_path() / named}) {
      std::error_code unreachable;  // as good as absent
      if (!named.empty() && fs::is_regular_file(path, unreachable)) return path;
    }
  }
  return {};
}

// What the browsers of today play, beside what some of them do.
std::string why_unplayable(const SourceInfo& source) {
  constexpr std::array kContainers = {"mp4", "webm", "ogg"};
  constexpr std::array kCodecs = {"h264", "vp8", "vp9", "av1", "theora"};
  const auto has_name = [&](const std::string& name) {
    return source.container.find(name) != std::string::npos;
  };
  const auto is_codec = [&](const std::string& name) { return source.codec == name; };
  if (!std::ranges::any_of(kCodecs, is_codec)) return "its codec, " + source.codec;
  if (!std::ranges::any_of(kContainers, has_name)) return "its container, " + source.container;
  if (source.codec == "h264" && source.pixel_format != "yuv420p") {
    return "its pixels, " + source.pixel_format;
  }
  return "";
}

class ReportWriter {
 public:
  ReportWriter(const ReportJob& job, const std::vector<ReportVideo>& videos, fs::path folder)
      : job_(job), videos_(videos), folder_(std::move(folder)), strips_(videos.size()) {}

  void write(const Observer& observer) {
    std::vector<Input> inputs;
    for (const ReportVideo& video : videos_) inputs.push_back({video_path(video, job_), video.id});
    std::map<std::string, std::size_t> places;
    for (std::size_t i = 0; i < videos_.size(); ++i) places[videos_[i].id] = i;
    const auto work = [&](const Input& input) -> Delivery {
      write_video(places.at(input.id), input.path);
      return [] {};
    };
    for_each_input(
        source_of(inputs), {.fail_fast = false, .at_once = job_.threads}, observer, work,
        [](const VideoError& error) { throw Error(ErrorKind::kInternal, error.message); });
    write_file(folder_ / kListScript, list_script(facts(), videos_, strips_));
    write_file(folder_ / "index.html", report_page());
  }

 private:
  ReportFacts facts() const {
    return {.key = sha256_file(job_.results),
            .results = job_.results.filename().string(),
            .other = job_.compare.filename().string(),
            .has_truth = !job_.ground_truth.empty()};
  }

  void write_video(std::size_t index, const fs::path& path) {
    const ReportMedia media = media_of(index, path);
    strips_[index] = media.strip;
    write_file(folder_ / video_script_name(index),
               video_script(index, videos_[index], media, scores_of(videos_[index])));
  }

  // What is wrong with a video, or its scores, is no reason to show nothing of it.
  ReportMedia media_of(std::size_t index, const fs::path& path) const {
    ReportMedia media;
    if (path.empty()) return media;
    try {
      media.video = as_link(linked(index, path).generic_string());
      look_at(index, path, media);
    } catch (const Error& e) {
      if (e.kind() != ErrorKind::kInput) throw;
      spdlog::warn("{}", e.what());
      media.problem = e.what();
    }
    return media;
  }

  void look_at(std::size_t index, const fs::path& path, ReportMedia& media) const {
    const Deadline deadline = job_.each.deadline();
    const auto file = std::make_shared<const OpenedFile>(path);
    const Probe probe = probe_video(file, job_.each.limits, deadline);
    const SourceInfo& source = probe.streams.at(probe.chosen);
    media.problem = why_unplayable(source);
    if (source.duration_s <= 0) return;
    const std::string strip = "data/" + std::to_string(index) + ".jpg";
    write_file(folder_ / strip, film_strip(file, {.duration_s = source.duration_s,
                                                  .limits = job_.each.limits,
                                                  .deadline = deadline}));
    media.strip = strip;
  }

  // From the page to the video, copied if it is to be.
  fs::path linked(std::size_t index, const fs::path& path) const {
    if (!job_.copy_videos) return from_output(path);
    fs::path copy = fs::path("videos") / (std::to_string(index) + path.extension().string());
    make_directories(folder_ / "videos");
    fs::copy_file(path, folder_ / copy);
    return copy;
  }

  // A browser takes ".." by the letters, wherever links of the file system lead.
  fs::path from_output(const fs::path& path) const {
    const auto in_full = [](const fs::path& p) { return fs::absolute(p).lexically_normal(); };
    return in_full(path).lexically_relative(in_full(job_.output));
  }

  std::optional<ReportScores> scores_of(const ReportVideo& video) const {
    const fs::path file = job_.scores / (video.id + ".npz");
    if (job_.scores.empty() || !fs::exists(file)) return std::nullopt;
    try {
      return read_input([&](const fs::path& path) { return read_scores(path, video); }, file);
    } catch (const Error& e) {
      if (e.kind() != ErrorKind::kInput) throw;
      spdlog::warn("{}", e.what());
      return std::nullopt;
    }
  }

  static ReportScores read_scores(const fs::path& file, const ReportVideo& video) {
    const Arrays arrays = read_npz(file);
    return within(file.string(), [&] {
      ReportScores scores;
      for (const auto& [name, array] : arrays) {
        if (name == "cas") scores.cas = array;
        if (name.starts_with("attn")) scores.curves[name] = array.values;
      }
      expect_shape(scores.cas, {-1, -1}, "cas");
      for (const auto& [name, values] : scores.curves) {
        expect_shape(arrays.at(name), {scores.cas.dim(0)}, name);
      }
      scores.classes = score_classes(file, scores.cas.dim(1));
      scores.step_s = step_of(video, scores.cas.dim(0));
      return scores;
    });
  }

  static Strings score_classes(const fs::path& file, std::int64_t columns) {
    Strings classes;
    for (std::int64_t i = 0; i + 1 < columns; ++i) classes.push_back("class " + std::to_string(i));
    Strings known = read_score_classes(file).value_or(classes);
    if (known.size() == classes.size()) return known;
    throw Error(ErrorKind::kInput, "scores of " + std::to_string(classes.size()) +
                                       " classes, but names of " + std::to_string(known.size()));
  }

  // Where the results do not say it, the snippets share the video evenly.
  static double step_of(const ReportVideo& video, std::int64_t snippets) {
    for (const auto* predictions : {&video.found, &video.other}) {
      if (*predictions && !(*predictions)->rate_is_assumed) {
        return 1 / (*predictions)->snippets_per_second;
      }
    }
    const double duration_s = video.truth ? video.truth->duration_s : 0;
    return duration_s > 0 && snippets > 0 ? duration_s / static_cast<double>(snippets)
                                          : 1 / kSnippetsPerSecond;
  }

  const ReportJob& job_;
  const std::vector<ReportVideo>& videos_;
  const fs::path folder_;
  Strings strips_;
};

void warn_of_absent(const std::vector<ReportVideo>& videos, const ReportJob& job) {
  Strings absent;
  for (const ReportVideo& video : videos) {
    if (video_path(video, job).empty()) absent.push_back(video.id);
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
  const std::vector<ReportVideo> videos = read_videos(job);
  warn_of_absent(videos, job);
  write_folder_with(job.output, [&](const fs::path& folder) {
    ReportWriter(job, videos, folder).write(observer);
  });
  return videos.size();
}

}  // namespace co2net
