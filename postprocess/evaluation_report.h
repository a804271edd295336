#pragma once

#include "pipeline/base/json.h"
#include "postprocess/error_analysis.h"

namespace co2net {

// {"tiou": [...], "kinds": [name], "bins": {characteristic: {"names", "edges"}}, "false_positives":
// {"mAP", "average", "predictions", "band_size", "count", "shares", "shares_of_all", "gain"},
// "sensitivity": {"mAP", "average", "by": {characteristic: [x]}}, "false_negatives": {"mAP",
// "average", "by": {characteristic: {"share_of_truths", "missed", "missed_at"}}}}; fractions, in
// the order of thresholds, then bands, then kinds or bins. What there is nothing to say of is null,
// and so is the edge of a bin without end.
Json to_json(const ErrorAnalysis& analysis);

}  // namespace co2net
