#pragma once

#include "pipeline/base/json.h"
#include "postprocess/error_analysis.h"
#include "postprocess/evaluation.h"

namespace co2net {

// What there is to look at behind an mAP.
struct EvaluationReport {
  EvaluationDetails details;
  ErrorAnalysis errors;
};

// {"bounds": {"mAP": [[low, high]], "average": [low, high]}, "segments": {label: n}, "predictions":
// {label: n}, "curves": {"tiou": [...], "per_class": {label: [[precision at recall 0, 0.01, ...,
// 1]]}}, "error_analysis"}; fractions, in the order of thresholds. Curves have four decimals.
Json to_json(const EvaluationReport& report);

// {"segments", "segments_left_out", "kinds": [name], "bins": {characteristic: {"names", "edges"}},
// "false_positives": {"mAP", "average", "predictions", "band_size", "count", "shares",
// "shares_of_all", "gain"}, "sensitivity": {"mAP", "average", "by": {characteristic: [x]}},
// "false_negatives": {"mAP", "average", "by": {characteristic: {"share_of_truths", "missed",
// "missed_at"}}}}; fractions, in the order of thresholds, then bands, then kinds or bins. What
// there is nothing to say of is null, and so is the edge of a bin without end.
Json to_json(const ErrorAnalysis& analysis);

}  // namespace co2net
