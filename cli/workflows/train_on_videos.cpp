#include "cli/workflows/train_on_videos.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "cli/workflows/bundle_training.h"
#include "cli/workflows/each_input.h"
#include "cli/workflows/extraction.h"
#include "cli/workflows/judging.h"
#include "cli/workflows/scaled_settings.h"
#include "cli/workflows/stats.h"
#include "cli/workflows/training_forecast.h"
#include "extractors/video/video_reader.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/statistics.h"
#include "pipeline/base/text.h"
#include "pipeline/datasets/feature_files.h"
#include "pipeline/devices/threads.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

using Strings = std::vector<std::string>;
using Videos = std::vector<LabelledVideo>;

constexpr const char* kSubset = "training";  // that all videos are in

// Calls `work` for each video and takes out those that fail, named in the log. Returns how many
// these are.
int keep_working(Videos& videos, const std::string& what, const Observer& observer,
                 const std::function<void(LabelledVideo&)>& work) {
  std::vector<Input> inputs;
  std::map<std::string, LabelledVideo*> by_id;
  for (LabelledVideo& video : videos) {
    inputs.push_back(video.input);
    by_id[video.input.id] = &video;
  }
  std::set<std::string> failed;
  for_each_input(
      source_of(inputs), EachInput{.what = what}, observer,
      [&](const Input& input) -> Delivery {
        work(*by_id.at(input.id));
        return nullptr;
      },
      [&](const VideoError& error) { failed.insert(error.id); });
  const Strings ids = leave_out(
      videos, [&](const LabelledVideo& video) { return failed.count(video.input.id) > 0; });
  if (!ids.empty()) {
    spdlog::warn("left out, for the errors above: {} (replace or delete them)", joined(ids));
  }
  if (videos.empty()) {
    throw Error(ErrorKind::kInput, ids.empty()
                                       ? "nothing to learn from: no video has a label"
                                       : "nothing to learn from: every video failed, see above");
  }
  return static_cast<int>(ids.size());
}

// Opens every video, so that what cannot be read is known before hours of work, and hashes it.
int keep_readable(Videos& videos, const TrainOnVideosJob& job, const Observer& observer) {
  spdlog::info("looking through {}", counted(videos.size(), "videos"));
  return keep_working(videos, "videos looked through", observer, [&](LabelledVideo& video) {
    const VideoJob opened = make_job(video.input, job.each, job.cache, {});
    in_stage("decode", [&] {
      const VideoReaderOptions first_frame = {
          .fps = "", .stream = opened.stream, .limits = opened.limits, .deadline = opened.deadline};
      VideoReader(opened.file, first_frame).next();
    });
    video.sha256 = opened.sha256;
  });
}

// Makes the features of videos, one file each.
class FeatureFiles {
 public:
  FeatureFiles(const TrainOnVideosJob& job, const Observer& observer)
      : job_(job),
        extractor_(make_extractor(job.extractor, job.extraction, job.cache)),
        observer_(observer) {}

  // Fills in video.snippets.
  void make(LabelledVideo& video) {
    const fs::path file = folder() / (video.input.id + ".npy");
    const Json facts = {{"source_sha256", video.sha256}, {"stream", job_.each.stream}};
    const Json sidecar =
        features_sidecar(job_.extractor, job_.extraction.recipe, job_.extraction.streams, facts);
    const Json kept = video_of_features(file, sidecar);
    if (kept.is_null()) {
      extract(video, file, sidecar);
    } else {
      spdlog::info("{} is there already", file.string());
      observer_.on_reuse();
      if (job_.each.strict) expect_whole(kept);
      video.snippets = kept.at("snippets");
    }
  }

  fs::path folder() const { return job_.settings.directory / "features"; }
  const Stats& stats() const { return stats_; }

 private:
  void extract(LabelledVideo& video, const fs::path& file, Json sidecar) {
    const VideoJob job = make_job(video.input, job_.each, job_.cache, observer_, &stats_);
    const Chain chain = features_chain(*extractor_, job_.extraction, job, job_.cache);
    const ChainResult result = run_chain(chain, job_.cache, subject_of(video.input));
    stats_.add(video.input.id, result.timings);
    if (is_reused(result)) observer_.on_reuse();
    sidecar["video"].update(result.entry.info.at("video"));
    sidecar["video"]["path"] = video.input.path.string();
    if (job_.each.strict) expect_whole(sidecar["video"]);
    write_with_sidecar(file, result.entry.bytes, sidecar);
    video.snippets = sidecar["video"].at("snippets");
  }

  const TrainOnVideosJob& job_;
  std::unique_ptr<Extractor> extractor_;
  const Observer& observer_;
  Stats stats_;
};

int make_features(Videos& videos, const TrainOnVideosJob& job, const Observer& observer) {
  FeatureFiles files(job, observer);
  expect_writable(files.folder() / "any");
  return with_stats_written(files.stats(), job.stats, [&] {
    return keep_working(videos, "videos", observer,
                        [&](LabelledVideo& video) { files.make(video); });
  });
}

TrainingSettings settings_for(const Videos& videos, const TrainOnVideosJob& job) {
  std::vector<std::int64_t> snippets;
  for (const LabelledVideo& video : videos) {
    if (!video.is_background) snippets.push_back(video.snippets);
  }
  const SetSize set{snippets.size(), median(snippets)};
  TrainingSettings settings = job.settings;
  settings.options = training_preset(job.settings.preset, job.changes);
  settings = scaled_to(settings, set);
  settings.options = with_settings(settings.options, job.changes);
  settings.held_out_share = job.held_out_share.value_or(settings.held_out_share);
  expect_valid(settings);
  spdlog::info("{}; --set changes any", in_words(settings, set));
  return settings;
}

void leave_out_short_ones(Videos& videos, int min_snippets) {
  const Strings ids =
      leave_out(videos, [&](const LabelledVideo& video) { return video.snippets < min_snippets; });
  if (ids.empty()) return;
  spdlog::warn("left out, shorter than min_snippets={}: {}", min_snippets, joined(ids));
}

Annotations annotations_of(const Videos& videos, const Strings& classes) {
  Annotations annotations;
  annotations.classes = classes;
  for (const LabelledVideo& video : videos) {
    annotations.videos.push_back({.id = video.input.id,
                                  .subset = kSubset,
                                  .labels = {video.labels.begin(), video.labels.end()},
                                  .segments = {}});
  }
  return annotations;
}

int videos_with(int label, const Dataset& dataset, const std::vector<std::size_t>& videos) {
  return static_cast<int>(std::ranges::count_if(videos, [&](std::size_t video) {
    return std::ranges::count(dataset.labels(video), label) > 0;
  }));
}

std::optional<double> average_precision(const Classification& found, std::size_t label) {
  Classification alone;
  for (std::size_t i = 0; i < found.scores.size(); ++i) {
    alone.scores.push_back({found.scores[i][label]});
    alone.labels.push_back({found.labels[i][label]});
  }
  if (std::ranges::count(alone.labels, std::vector{true}) == 0) return std::nullopt;
  return classification_map(alone.scores, alone.labels);
}

std::vector<ClassFigures> class_figures(const Dataset& dataset, const Split& split,
                                        const TrainingSettings& settings) {
  std::vector<ClassFigures> figures;
  if (split.held_out.empty()) return figures;
  const Classification found =
      classify(load_trained(dataset, settings), dataset, all_held_out(split));
  for (std::size_t label = 0; label < dataset.classes().size(); ++label) {
    const int number = static_cast<int>(label);
    figures.push_back({dataset.classes()[label], average_precision(found, label),
                       videos_with(number, dataset, split.held_out),
                       videos_with(number, dataset, split.training)});
  }
  return figures;
}

}  // namespace

void expect_no_test_videos_needed(const TrainingSettings& settings) {
  if (settings.select != Selection::kTest) return;
  throw Error(ErrorKind::kUsage,
              "--select test needs test videos with segments, which --videos has not; choose "
              "heldout or last");
}

TrainedOnVideos train_on_videos(const TrainOnVideosJob& job, const Observer& observer) {
  expect_valid(job.settings);
  expect_no_test_videos_needed(job.settings);
  expect_place_for_training(job.settings.directory);
  require_averaged_crops(job.extraction.recipe);
  use_threads(job.settings.threads);
  Videos videos = find_labelled_videos(job.folder, job.labels);
  TrainedOnVideos trained;
  trained.failed = keep_readable(videos, job, observer);
  unite_duplicates(videos);
  Strings classes = keep_learnable_classes(videos);
  const std::size_t promising = videos.size();
  trained.failed += make_features(videos, job, observer);
  const TrainingSettings settings = settings_for(videos, job);
  if (settings.options.compat == Compat::kClean) {
    leave_out_short_ones(videos, settings.options.min_snippets);
  }
  if (videos.size() < promising) classes = keep_learnable_classes(videos);

  const Dataset dataset(settings.directory / "features", annotations_of(videos, classes),
                        {.recipe = job.extraction.recipe});
  const Split split =
      with_held_out(split_of(dataset, {.training = kSubset}, settings), dataset, settings);
  spdlog::info("{}, {} held out, {}", counted(split.training.size(), "training videos"),
               split.held_out.size(), counted(classes.size(), "classes"));
  TrainingForecast forecast(observer);
  const Observer heard = forecast.observer();
  heard.on_series("trainings", 1);
  trained.training = train_bundle(dataset, split, settings, job.name, job.extractor, heard);
  trained.held_out = split.held_out.empty() ? 0 : all_held_out(split).size();
  trained.classes = class_figures(dataset, split, settings);
  return trained;
}

}  // namespace co2net
