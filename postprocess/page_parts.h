#pragma once

#include <string_view>

namespace co2net {

// The files of these names, which the build puts into the program.
extern const std::string_view kPageStyle;         // page_style.css, of every page
extern const std::string_view kEvaluationStyle;   // evaluation_page.css
extern const std::string_view kEvaluationBody;    // evaluation_page.html
extern const std::string_view kEvaluationScript;  // evaluation_page.js

}  // namespace co2net
