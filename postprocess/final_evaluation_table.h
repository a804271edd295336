#pragma once

#include <string>

#include "pipeline/base/json.h"
#include "postprocess/final_evaluation.h"

namespace co2net {

// For people, a table a question: how many are right, in percent; how far their boundaries are off;
// false alarms an hour; what is found in the place of what.
std::string to_table(const FinalEvaluation& evaluation);

// {"accuracy": [{"tiou", "hits", "precision", "recall", "f1"}], each of the latter {"value", "low",
// "high"} in fractions; "boundaries": {"pairs", "start", "end"}, {"median", "median_absolute"} in
// seconds; "false_alarms": {"background", "elsewhere"}, {"videos", "segments", "hours",
// "per_hour"}, and "per_hour_below" where there is none; "confusion": [{"found", "truth",
// "segments"}], "truth" null for none; "counts": {...}}. What there is nothing to say of is null.
Json to_json(const FinalEvaluation& evaluation);

}  // namespace co2net
