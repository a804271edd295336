#pragma once

#include <string>
#include <string_view>

#include "pipeline/base/json.h"

namespace co2net {

// The pages that people open: HTML with its style and scripts, UTF-8, made of the files in page/
// when the program is built. They open from the disk and ask no network.

// Their names in a folder; there they link to each other.
inline constexpr const char* kResultsPageName = "index.html";
inline constexpr const char* kEvaluationPageName = "evaluation.html";

// Shows a report's data, which lie in data/ beside it.
extern const std::string_view kResultsPage;

// Shows an evaluation, which evaluation_page() puts into it.
extern const std::string_view kEvaluationPage;

// The page with
//   data  {"predictions": name, "ground_truth": name, "results_page": whether there is one beside
//         it, "evaluation": what eval --report --json prints}
std::string evaluation_page(const Json& data);

// JSON to stand in a page or script: on one line, and nothing in it ends a script or begins a
// comment.
std::string script_text(const Json& json);

}  // namespace co2net
