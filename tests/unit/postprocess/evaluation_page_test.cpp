#include "postprocess/evaluation_page.h"

#include <gtest/gtest.h>

namespace co2net {
namespace {

constexpr const char* kHostile = "</script><script>alert(1)</script><!-- &amp; \"quoted\"";

// What lies between two texts that are there once.
std::string between(const std::string& text, const std::string& before, const std::string& after) {
  const std::size_t begin = text.find(before) + before.size();
  EXPECT_EQ(text.find(before, begin), std::string::npos);
  return text.substr(begin, text.find(after, begin) - begin);
}

TEST(EvaluationPage, HasItsDataAsDataWhateverIsInThem) {
  const Json data = {{"predictions", kHostile}, {"evaluation", {{"average", 0.1}}}};
  const std::string page = evaluation_page(data);
  const std::string text =
      between(page, "<script id=\"data\" type=\"application/json\">", "</script>");
  EXPECT_EQ(text.find('<'), std::string::npos);
  EXPECT_EQ(parse_json(text, "page", ErrorKind::kInternal), data);
  EXPECT_EQ(page.find("alert(1)</script>"), std::string::npos);
}

TEST(EvaluationPage, AsksForNothingElse) {
  const std::string page = evaluation_page(Json::object());
  EXPECT_NE(page.find("default-src 'none'"), std::string::npos);
  for (const char* asking : {" src=", "@import", "url(", "<link", "fetch(", "XMLHttpRequest"}) {
    EXPECT_EQ(page.find(asking), std::string::npos) << asking;
  }
}

}  // namespace
}  // namespace co2net
