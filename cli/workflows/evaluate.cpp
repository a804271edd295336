#include "cli/workflows/evaluate.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include "cli/workflows/merge.h"
#include "cli/workflows/merged_folders.h"
#include "pipeline/base/error.h"
#include "pipeline/base/inputs.h"
#include "pipeline/base/interrupt.h"
#include "pipeline/base/text.h"
#include "pipeline/base/unmatched.h"
#include "pipeline/datasets/annotations.h"
#include "pipeline/datasets/feature_files.h"
#include "pipeline/datasets/subsets.h"
#include "pipeline/formats/npy.h"
#include "postprocess/classification.h"
#include "postprocess/proposals.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

using Strings = std::vector<std::string>;

Annotations read_subset(const fs::path& ground_truth, const std::string& subset) {
  Annotations annotations = read_input(read_annotations, ground_truth);
  if (!subset.empty()) expect_subset(annotations, subset, "--subset");
  return annotations;
}

Annotations read_ground_truth(const EvaluateJob& job) {
  Annotations annotations = read_subset(job.ground_truth, job.options.subset);
  if (!job.ambiguous.empty()) {
    annotations.ambiguous = read_input(read_ambiguous, job.ambiguous);
  }
  if (job.options.protocol == Protocol::kThumos && annotations.ambiguous.empty()) {
    spdlog::warn(
        "no ambiguous intervals: what lies in them counts against the predictions; give "
        "--ambiguous FILE");
  }
  return annotations;
}

Strings ids_of(const Annotations& annotations, const std::string& subset) {
  Strings ids;
  for (const AnnotatedVideo& video : annotations.videos) {
    if (subset.empty() || video.subset == subset) ids.push_back(video.id);
  }
  return ids;
}

Strings ids_of(const AmbiguousIntervals& intervals) {
  Strings ids;
  for (const auto& [id, of_video] : intervals) ids.push_back(id);
  return ids;
}

Strings ids_of(const Predictions& predictions) {
  Strings ids;
  for (const VideoPredictions& video : predictions) ids.push_back(video.id);
  return ids;
}

Strings labels_of(const Predictions& predictions) {
  std::set<std::string> labels;
  for (const VideoPredictions& video : predictions) {
    for (const Segment& segment : video.segments) labels.insert(segment.label);
  }
  return {labels.begin(), labels.end()};
}

// Where no name is one of those, the two were made for different data, or names are written
// otherwise: any figure would be wrong.
void expect_some_of(const NamesOf& those, const NamesOf& these) {
  const std::set<std::string> known(those.names.begin(), those.names.end());
  const auto is_known = [&](const std::string& name) { return known.contains(name); };
  if (these.names.empty() || known.empty() || std::ranges::any_of(these.names, is_known)) return;
  throw nothing_matches(these, those);
}

void expect_common_names(const Predictions& predictions, const Annotations& truth,
                         const std::string& subset) {
  expect_some_of({"videos of the ground truth" + (subset.empty() ? "" : ", subset " + subset),
                  ids_of(truth, subset)},
                 {"videos of the predictions", ids_of(predictions)});
  expect_some_of({"labels of the ground truth", truth.classes},
                 {"labels of the predictions", labels_of(predictions)});
}

// Lines and rows do not say what the recipe was.
void warn_of_assumed_rates(const Predictions& predictions) {
  Strings ids;
  for (const VideoPredictions& video : predictions) {
    if (video.rate_is_assumed && !video.segments.empty()) ids.push_back(video.id);
  }
  if (ids.empty()) return;
  spdlog::warn(
      "taken to have {} snippets a second, since the file does not say it: {}; for those of "
      "another rate give co2net's results of --format activitynet, which do",
      kSnippetsPerSecond, counted("videos", ids));
}

// What the official script treats in a way of its own.
void warn_of_unusual(const Evaluation& evaluation, const EvaluationOptions& options) {
  if (evaluation.videos_without_predictions > 0) {
    spdlog::warn("without predictions: {}; their segments count as not found",
                 counted(evaluation.videos_without_predictions, "videos"));
  }
  if (evaluation.foreign_predictions > 0) {
    spdlog::warn(
        "{} of {} that the evaluated ground truth does not have: {}",
        counted(evaluation.foreign_predictions, "predictions"),
        counted("videos", {evaluation.foreign_videos.begin(), evaluation.foreign_videos.end()}),
        options.ignore_unknown_videos
            ? "left out, as --ignore-unknown-videos says"
            : "counted as false positives, as the official script counts them; "
              "--ignore-unknown-videos leaves them out");
  }
  if (evaluation.unknown_label_predictions > 0) {
    spdlog::warn(
        "left out: {}, since the evaluated ground truth has nothing of {}",
        counted(evaluation.unknown_label_predictions, "predictions"),
        counted("labels", {evaluation.unknown_labels.begin(), evaluation.unknown_labels.end()}));
  }
  if (evaluation.segments_without_length > 0) {
    const bool may_be_found =
        options.protocol != Protocol::kThumos && evaluation.predictions_without_length > 0;
    spdlog::warn("in the ground truth {} without length{}: counted as not found{}",
                 counted(evaluation.segments_without_length, "segments"),
                 options.protocol == Protocol::kCo2Net ? " in whole snippets" : "",
                 may_be_found ? ", unless by a prediction without length anywhere in the same "
                                "video, as in the official script"
                              : "");
  }
}

void log_counts(const Evaluation& evaluation, const EvaluationOptions& options) {
  spdlog::info("{}, {} of {} in {}", counted(evaluation.predictions, "predictions"),
               counted(evaluation.segments, "segments"),
               counted(evaluation.per_class.size(), "classes"),
               counted(evaluation.videos, "videos"));
  warn_of_unusual(evaluation, options);
  if (evaluation.ambiguous_predictions > 0) {
    spdlog::info("{} removed: in ambiguous intervals",
                 counted(evaluation.ambiguous_predictions, "predictions"));
  }
}

void log_counts(const FinalEvaluation& evaluation) {
  spdlog::info("{}, {} of the ground truth in {}", counted(evaluation.segments, "final segments"),
               evaluation.truths, counted(evaluation.videos, "videos"));
  if (evaluation.videos_without_final > 0) {
    spdlog::warn("without results: {}; their segments count as not found",
                 counted(evaluation.videos_without_final, "videos"));
  }
  if (evaluation.foreign_segments > 0) {
    spdlog::warn(
        "left out: {} of {}, which the evaluated ground truth does not have",
        counted(evaluation.foreign_segments, "final segments"),
        counted("videos", {evaluation.foreign_videos.begin(), evaluation.foreign_videos.end()}));
  }
  if (!evaluation.unmarked_videos.empty()) {
    spdlog::warn(
        "left out: {}, which the ground truth gives labels but no segments",
        counted("videos", {evaluation.unmarked_videos.begin(), evaluation.unmarked_videos.end()}));
  }
  if (evaluation.videos_without_duration > 0) {
    spdlog::warn("left out of the false alarms, since nothing says how long they are: {}",
                 counted(evaluation.videos_without_duration, "videos"));
  }
}

// Scores of a video for `classes`, from a file of 'localize --save-scores'.
std::vector<double> class_scores(const fs::path& file, const Strings& classes) {
  const Arrays arrays = read_npz(file);
  const ScoredClasses scored = read_scored_classes(file).value_or(ScoredClasses{classes});
  const auto cas = arrays.find("cas");
  if (cas == arrays.end()) throw Error(ErrorKind::kInput, "no array 'cas'");
  const std::int64_t background = scored.kind == NetworkKind::kWtalc ? 0 : 1;
  expect_shape(cas->second, {-1, static_cast<std::int64_t>(scored.classes.size()) + background},
               "cas");
  const std::vector<double> scores = video_class_scores(cas->second, scored.kind);
  std::vector<double> wanted;
  for (const std::string& label : classes) {
    const auto found = std::ranges::find(scored.classes, label);
    if (found == scored.classes.end()) {
      throw Error(ErrorKind::kInput, "no scores for class '" + label + "'");
    }
    wanted.push_back(scores[static_cast<std::size_t>(found - scored.classes.begin())]);
  }
  return wanted;
}

std::vector<bool> which_of(const Strings& classes, const Strings& labels) {
  std::vector<bool> has;
  for (const std::string& label : classes) {
    has.push_back(std::ranges::find(labels, label) != labels.end());
  }
  return has;
}

void warn_of_classes_without_videos(const Strings& classes,
                                    const std::vector<std::vector<bool>>& labels) {
  Strings without;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const auto has = [&](const std::vector<bool>& of_video) { return of_video[i]; };
    if (std::ranges::none_of(labels, has)) without.push_back(classes[i]);
  }
  if (without.empty()) return;
  spdlog::warn(
      "{} that no scored video has are left out of the classification mAP, which the "
      "authors' code has none for",
      counted("classes", without));
}

ClassificationFigure classification_of(const std::vector<fs::path>& folders,
                                       const Annotations& annotations, const std::string& subset,
                                       const Observer& observer) {
  const ScoreFiles files(folders);
  ClassificationFigure figure;
  Classification found;
  observer.on_start("scores");
  const auto count = static_cast<std::int64_t>(annotations.videos.size());
  std::int64_t done = 0;
  for (const AnnotatedVideo& video : annotations.videos) {
    throw_if_interrupted();
    observer.on_progress("videos", done++, count);
    if (!subset.empty() && video.subset != subset) continue;
    const fs::path file = files.of(video.id);
    if (file.empty()) {
      ++figure.videos_without_scores;
      continue;
    }
    found.scores.push_back(read_input(
        [&](const fs::path& path) {
          return within(path.string(), [&] { return class_scores(path, annotations.classes); });
        },
        file));
    found.labels.push_back(which_of(annotations.classes, video.labels));
  }
  observer.on_end();
  if (found.scores.empty()) {
    throw nothing_matches({"scores in " + name_of(folders), files.ids()},
                          {"videos of the ground truth", ids_of(annotations, subset)});
  }
  warn_of_classes_without_videos(annotations.classes, found.labels);
  figure.videos = found.scores.size();
  figure.mAP = classification_map(found.scores, found.labels);
  if (figure.videos_without_scores > 0) {
    spdlog::warn("left out of the classification mAP, without scores in {}: {}", name_of(folders),
                 counted(figure.videos_without_scores, "videos"));
  }
  return figure;
}

// Counts the sets of videos that are drawn.
std::function<void()> drawn_sets_to(const Observer& observer) {
  return [&observer, drawn = 0]() mutable {
    throw_if_interrupted();
    observer.on_progress("sets of videos", drawn++, kDrawnSets);
  };
}

EvaluationReport report_of(const Predictions& predictions, const Annotations& annotations,
                           const EvaluationOptions& options, const Observer& observer) {
  observer.on_start("bounds of mAP");
  EvaluationDetails details =
      evaluate_in_detail(predictions, annotations, options, drawn_sets_to(observer));
  observer.on_end();
  return {std::move(details),
          analyze_errors(predictions, annotations,
                         {options.subset, compared_tiou(options), options.ignore_unknown_videos,
                          usual_bins(annotations, options.subset)})};
}

Predictions read_all(const std::vector<fs::path>& files) {
  return parse_predictions(read_results(files), name_of(files));
}

}  // namespace

EvaluateResult evaluate_files(const EvaluateJob& job, const Observer& observer) {
  const Annotations annotations = read_ground_truth(job);
  const Predictions predictions = read_all(job.predictions);
  expect_common_names(predictions, annotations, job.options.subset);
  if (!job.ambiguous.empty()) {
    expect_some_of({"videos of the ground truth", ids_of(annotations, "")},
                   {"videos of " + job.ambiguous.string(), ids_of(annotations.ambiguous)});
  }
  if (job.options.protocol == Protocol::kCo2Net) warn_of_assumed_rates(predictions);
  EvaluateResult result;
  result.evaluation = evaluate(predictions, annotations, job.options);
  log_counts(result.evaluation, job.options);
  if (!job.scores.empty()) {
    result.classification =
        classification_of(job.scores, annotations, job.options.subset, observer);
  }
  if (job.with_report) result.report = report_of(predictions, annotations, job.options, observer);
  return result;
}

FinalEvaluation evaluate_final_files(const EvaluateFinalJob& job, const Observer& observer) {
  const Annotations annotations = read_subset(job.ground_truth, job.subset);
  const Predictions predictions = read_all(job.predictions);
  expect_common_names(predictions, annotations, job.subset);
  observer.on_start("bounds");
  FinalEvaluation evaluation = within(name_of(job.predictions), [&] {
    return evaluate_final(predictions, annotations, job.subset, drawn_sets_to(observer));
  });
  observer.on_end();
  log_counts(evaluation);
  return evaluation;
}

}  // namespace co2net
