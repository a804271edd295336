#include "postprocess/evaluation_page.h"

#include "postprocess/page_parts.h"

namespace co2net {
namespace {

// The policy keeps a browser from loading anything, whatever might get into the page.
constexpr std::string_view kHead =
    "<!doctype html>\n"
    "<html lang=\"en\">\n"
    "<head>\n"
    "<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
    "script-src 'unsafe-inline'; style-src 'unsafe-inline'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<title>Evaluation</title>\n";

// JSON in which no browser finds the end of its script.
std::string script_data(const Json& data) {
  std::string text;
  for (const char letter : to_text(data)) {
    if (letter == '<') {
      text += "\\u003c";
    } else {
      text += letter;
    }
  }
  return text;
}

std::string element(std::string_view tag, std::string_view content) {
  const std::string name(tag.substr(0, tag.find(' ')));
  return "<" + std::string(tag) + ">\n" + std::string(content) + "</" + name + ">\n";
}

}  // namespace

std::string evaluation_page(const Json& data) {
  return std::string(kHead) +
         element("style", std::string(kPageStyle) + std::string(kEvaluationStyle)) + "</head>\n" +
         element("body", std::string(kEvaluationBody) +
                             element("script id=\"data\" type=\"application/json\"",
                                     script_data(data) + "\n") +
                             element("script", kEvaluationScript)) +
         "</html>\n";
}

}  // namespace co2net
