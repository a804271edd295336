#include "postprocess/report/pages.h"

namespace co2net {

bool is_results_page(std::string_view html) {
  return html.find("<title>co2net report</title>") != std::string_view::npos;
}

std::string evaluation_page(const Json& data) {
  constexpr std::string_view kPlace = "/* data */";
  std::string page(kEvaluationPage);
  return page.replace(page.find(kPlace), kPlace.size(), script_text(data));
}

std::string training_script(const Json& data) {
  return "showTraining(" + script_text(data) + ");\n";
}

std::string script_text(const Json& json) {
  std::string text;
  for (const char c : to_text(json)) {
    if (c == '<') {
      text += "\\u003c";
    } else {
      text += c;
    }
  }
  return text;
}

}  // namespace co2net
