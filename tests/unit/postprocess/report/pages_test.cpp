#include "postprocess/report/pages.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <sstream>

#include "postprocess/palette.h"

namespace co2net {
namespace {

constexpr const char* kHostile =
    "</script><script>alert(1)</script><!-- &amp; \"quoted\" \\ \n \xE2\x80\xA8";

// What lies between two texts, of which the first is there once.
std::string between(const std::string& text, const std::string& before, const std::string& after) {
  const std::size_t begin = text.find(before) + before.size();
  EXPECT_EQ(text.find(before, begin), std::string::npos);
  return text.substr(begin, text.find(after, begin) - begin);
}

TEST(ScriptText, IsOneLineOfJsonThatEndsNoScriptWhateverIsInIt) {
  const std::string text = script_text({{kHostile, kHostile}});
  for (const char* ending : {"<", "\n", "\xE2\x80\xA8"}) {
    EXPECT_EQ(text.find(ending), std::string::npos) << ending;
  }
  EXPECT_EQ(parse_json(text, "script", ErrorKind::kInternal), Json({{kHostile, kHostile}}));
}

TEST(EvaluationPage, HasItsDataAsData) {
  const Json data = {{"predictions", kHostile}, {"evaluation", {{"average", 0.1}}}};
  const std::string text =
      between(evaluation_page(data), "<script id=\"data\" type=\"application/json\">", "</script>");
  EXPECT_EQ(parse_json(text, "page", ErrorKind::kInternal), data);
}

TEST(EvaluationPage, AsksForNothingElse) {
  const std::string page = evaluation_page(Json::object());
  EXPECT_NE(page.find("default-src 'none'"), std::string::npos);
  for (const char* asking : {" src=", "@import", "url(", "<link", "fetch(", "XMLHttpRequest"}) {
    EXPECT_EQ(page.find(asking), std::string::npos) << asking;
  }
}

TEST(ResultsPage, AsksForNothingButItsData) {
  std::string page(kResultsPage);
  EXPECT_NE(page.find("src=\"data/videos.js\""), std::string::npos);
  const std::string svg = "http://www.w3.org/2000/svg";  // a name, which nobody opens
  page.erase(page.find(svg), svg.size());
  EXPECT_EQ(page.find("://"), std::string::npos);
}

TEST(TrainingPage, AsksForNothingButItsProgress) {
  std::string page(kTrainingPage);
  EXPECT_NE(page.find("default-src 'none'"), std::string::npos);
  const std::string svg = "http://www.w3.org/2000/svg";  // a name, which nobody opens
  page.erase(page.find(svg), svg.size());
  EXPECT_EQ(page.find("://"), std::string::npos);
  between(page, "{src: `" + std::string(kTrainingScript), "`}");
}

TEST(TrainingScript, CallsThePage) {
  const Json data = {{"name", kHostile}};
  const std::string text = between(training_script(data), "showTraining(", ");\n");
  EXPECT_EQ(parse_json(text, "script", ErrorKind::kInternal), data);
}

TEST(Pages, HaveTheColoursOfClassesThatVideosHave) {
  const std::string page(kResultsPage);
  std::string names = between(page, "const palette = [", "]");
  std::erase_if(names, [](char c) { return c == '\'' || c == ' '; });
  std::istringstream list(names);
  std::size_t count = 0;
  for (std::string name; std::getline(list, name, ','); ++count) {
    const Colour colour = class_colour(count);
    char text[8];
    std::snprintf(text, sizeof text, "#%02X%02X%02X", colour.red, colour.green, colour.blue);
    EXPECT_NE(page.find("--" + name + ": " + text + ";"), std::string::npos) << name << text;
  }
  EXPECT_EQ(count, kClassColours.size());
}

TEST(Pages, AreWholeAndOfOneStyle) {
  for (const std::string& page :
       {std::string(kResultsPage), evaluation_page(Json::object()), std::string(kTrainingPage)}) {
    EXPECT_TRUE(page.starts_with("<!doctype html>"));
    EXPECT_TRUE(page.ends_with("</html>\n"));
    between(page, "--accent: #0072B2;", "</style>");
    between(page, "function element(", "</script>");
    for (const char* place : {"/* style */", "/* script */", "/* data */"}) {
      EXPECT_EQ(page.find(place), std::string::npos) << place;
    }
  }
}

}  // namespace
}  // namespace co2net
