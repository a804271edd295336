#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/workflows/observer.h"
#include "postprocess/evaluation.h"
#include "postprocess/evaluation_report.h"
#include "postprocess/final_evaluation.h"

namespace co2net {

struct EvaluateJob {
  // As read_predictions() takes them; several are parts, as read_results() takes these.
  std::vector<std::filesystem::path> predictions;
  std::filesystem::path ground_truth;  // as read_annotations() takes it
  std::filesystem::path ambiguous;     // empty: the ground truth's own
  // Folders of <id>.npz, several as parts; empty: no classification.
  std::vector<std::filesystem::path> scores;
  bool with_report = false;  // also what is behind the figures
  EvaluationOptions options;
};

// How well the scores tell which classes are in a video.
struct ClassificationFigure {
  double mAP = 0;  // a fraction
  std::size_t videos = 0;
  int videos_without_scores = 0;  // left out
};

struct EvaluateResult {
  Evaluation evaluation;
  std::optional<ClassificationFigure> classification;
  std::optional<EvaluationReport> report;
};

// Compares segments with ground truth; the log says what was left out, and what looks wrong.
// Errors: Error(kInput) naming the file; where predictions and ground truth have no video or no
// label in common, or an ambiguous list or scores no video; as evaluate() and, with a report,
// analyze_errors().
EvaluateResult evaluate_files(const EvaluateJob& job, const Observer& observer = {});

struct EvaluateFinalJob {
  std::vector<std::filesystem::path> predictions;  // likewise, co2net's JSON or JSON lines
  std::filesystem::path ground_truth;              // as read_annotations() takes it
  std::string subset;                              // of the ground truth's videos; empty: all
};

// The same of final segments, to a person who acts on each. Errors: likewise.
FinalEvaluation evaluate_final_files(const EvaluateFinalJob& job, const Observer& observer = {});

}  // namespace co2net
