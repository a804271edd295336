#pragma once

#include <string>
#include <string_view>

#include "pipeline/base/json.h"

namespace co2net {

// The pages that people open: HTML with its style and scripts, UTF-8, made of the files in page/
// when the program is built. They open from the disk and ask no network.

// Their names in a folder. The first two link to each other there; the third lies in the folder of
// a training.
inline constexpr const char* kResultsPageName = "index.html";
inline constexpr const char* kEvaluationPageName = "evaluation.html";
inline constexpr const char* kTrainingPageName = "training.html";

// Shows a report's data, which lie in data/ beside it.
extern const std::string_view kResultsPage;

// Whether a file is that page, of this version or another.
bool is_results_page(std::string_view html);

// Shows an evaluation, which evaluation_page() puts into it.
extern const std::string_view kEvaluationPage;

// Shows a training by kTrainingScript beside it, which it loads again and again while that runs.
extern const std::string_view kTrainingPage;

// The name of that script, relative to the page.
inline constexpr const char* kTrainingScript = "training/progress.js";

// The script.
//   data  {"name": of the bundle, "network": "co2net" or "wtalc", "state": "running", "stopped" or
//         "finished", "iterations": most that there will be, "judged_by": what scores are,
//         "weights": of the losses' terms, by their keys in settings, ...what TrainingCourse
//         tells}, and of one that runs, when that is known, "seconds_each" of an iteration and
//         "seconds_left"
std::string training_script(const Json& data);

// The page with
//   data  {"predictions": name, "ground_truth": name, "results_page": whether there is one beside
//         it, "evaluation": what eval --report --json prints}
std::string evaluation_page(const Json& data);

// JSON to stand in a page or script: on one line, and nothing in it ends a script or begins a
// comment.
std::string script_text(const Json& json);

}  // namespace co2net
