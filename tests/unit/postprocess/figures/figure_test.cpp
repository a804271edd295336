#include "postprocess/figures/figure.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <sstream>
#include <tuple>

#include "pipeline/base/files.h"
#include "postprocess/figures/svg.h"
#include "tests/unit/expect_error.h"
#include "tests/unit/postprocess/figures/drawn.h"

namespace co2net::test {
namespace {

constexpr const char* kLabel = "<b>&amp; \"a\" 'b'</b>\x01\n\xFF\xEF\xBF\xBF";
constexpr const char* kLabelShown = "<b>&amp; \"a\" 'b'</b>\\x01\\n\\xff\xEF\xBF\xBD";

bool has(const Strings& texts, const std::string& text) {
  return std::ranges::find(texts, text) != texts.end();
}

// "1,2 3,4" as numbers.
std::vector<double> numbers_in(std::string points) {
  std::ranges::replace(points, ',', ' ');
  std::istringstream text(points);
  std::vector<double> numbers;
  for (double value = 0; text >> value;) numbers.push_back(value);
  return numbers;
}

ReportScores scores_of(double step_s, const std::vector<float>& attention) {
  return {.step_s = step_s,
          .classes = {"run"},
          .cas = Array({static_cast<std::int64_t>(attention.size()), 2}),
          .curves = {{"attn", attention}}};
}

TEST(FigureSvg, PutsSegmentsWhereTheirTimesAre) {
  Figure figure = figure_of(20, {{"run", 0.5, 5, 10}});
  figure.video.truth = truth_of({{"run", 6, 12.5}});
  const Drawn drawn(figure);
  const TimeScale scale(drawn, "0", "20");
  for (const auto& [told, start_s, end_s] :
       {std::tuple("run, 5 to 10 s, score 0.50", 5., 10.), {"run, 6 to 12.5 s", 6., 12.5}}) {
    const pugi::xml_node bar = drawn.bar(told);
    EXPECT_NEAR(number(bar, "x"), scale.at(start_s), kRounding);
    EXPECT_NEAR(number(bar, "width"), scale.at(end_s) - scale.at(start_s), 2 * kRounding);
  }
}

TEST(FigureSvg, HasARowOfEachSourceInOrder) {
  Figure figure = figure_of(20, {{"run", 0.5, 5, 10}});
  figure.video.truth = truth_of({{"run", 5, 10}});
  figure.video.other = figure.video.found;
  figure.video.other->final_segments = {{"run", 0.25, 5, 10}};
  figure.other = "W-TALC";
  const Drawn drawn(figure);
  double above = 0;
  for (const auto& [name, told] : {std::pair("Ground truth", "run, 5 to 10 s"),
                                   {"Ours", "run, 5 to 10 s, score 0.50"},
                                   {"W-TALC", "run, 5 to 10 s, score 0.25"}}) {
    const double top = number(drawn.bar(told), "y"), height = number(drawn.bar(told), "height");
    EXPECT_GE(top, above) << name;
    EXPECT_NEAR(number(drawn.text(name), "y"), top + height / 2, height / 2) << name;
    above = top + height;
  }
}

// What a segment of that class is painted with, of the figure of a video that has these.
std::string colour_of(const std::string& label, const Strings& in_video, const Strings& classes) {
  std::vector<Segment> segments;
  for (const std::string& of : in_video) segments.push_back({of, 0.5, 1, 2});
  Figure figure = figure_of(20, segments);
  figure.classes = classes;
  return Drawn(figure).bar(label + ", 1 to 2 s, score 0.50").attribute("fill").value();
}

TEST(FigureSvg, AClassHasTheSameColourWhateverElseAVideoHas) {
  const Strings classes = {"a", "b", "c"};
  EXPECT_EQ(colour_of("b", {"b"}, classes), "#E69F00");
  EXPECT_EQ(colour_of("b", {"c", "b"}, classes), "#E69F00");
  EXPECT_EQ(colour_of("c", {"c", "b"}, classes), "#009E73");
}

TEST(FigureSvg, ClassesOfAVideoHaveDifferentColoursAlsoWhereThereAreMoreClassesThanColours) {
  const Strings classes = {"a", "b", "c", "d", "e", "f", "g", "h"};
  const Strings two = {"a", "h"};
  EXPECT_EQ(colour_of("h", {"h"}, classes), colour_of("a", two, classes));
  EXPECT_NE(colour_of("h", two, classes), colour_of("a", two, classes));
}

TEST(FigureSvg, AClassHasOneColourEverywhereAndIsNamed) {
  Figure figure = figure_of(20, {{"jump", 0.5, 0, 2}, {"run", 0.4, 5, 10}});
  figure.video.truth = truth_of({{"run", 5, 10}});
  const Drawn drawn(figure);
  const std::string run = drawn.bar("run, 5 to 10 s").attribute("fill").value();
  const std::string jump = drawn.bar("jump, 0 to 2 s, score 0.50").attribute("fill").value();
  EXPECT_NE(run, jump);
  EXPECT_EQ(drawn.bar("run, 5 to 10 s, score 0.40").attribute("fill").value(), run);
  for (const auto& [name, colour] : {std::pair("run", run), {"jump", jump}}) {
    EXPECT_EQ(drawn.text(name).previous_sibling("rect").attribute("fill").value(), colour);
  }
}

TEST(FigureSvg, SegmentsThatShareTimeLieInLanesOfTheirRow) {
  const Drawn drawn(figure_of(20, {{"run", 0.5, 0, 10}, {"jump", 0.4, 9, 12}, {"run", 1, 10, 12}}));
  const double lane = number(drawn.bar("run, 0 to 10 s, score 0.50"), "y");
  EXPECT_EQ(number(drawn.bar("run, 10 to 12 s, score 1.00"), "y"), lane);
  EXPECT_GE(number(drawn.bar("jump, 9 to 12 s, score 0.40"), "y"),
            lane + number(drawn.bar("run, 0 to 10 s, score 0.50"), "height"));
}

TEST(FigureSvg, DrawsTheClassesThatAreTrueOrBestAndCountsTheOthers) {
  std::vector<Segment> found;
  for (int i = 0; i < 500; ++i) found.push_back({"class " + std::to_string(i), i / 500., 0, 10});
  Figure figure = figure_of(20, found);
  figure.video.truth = truth_of({{"class 3", 1, 2}});
  const Drawn drawn(figure);
  EXPECT_EQ(drawn.all("//g/title").size(), 1 + kMostFigureClasses);
  for (const char* name : {"class 3", "class 499", "class 494"}) {
    EXPECT_TRUE(has(drawn.texts(), name)) << name;
  }
  EXPECT_FALSE(has(drawn.texts(), "class 493"));
  EXPECT_TRUE(has(drawn.texts(), "and 493 more classes, not drawn"));
  const Strings left_out = classes_not_drawn(figure);
  ASSERT_EQ(left_out.size(), 493u);
  EXPECT_EQ(left_out.front(), "class 493");
}

TEST(FigureSvg, AShortSegmentIsSeen) {
  const Drawn drawn(figure_of(3600, {{"run", 0.5, 1800, 1800.1}}));
  EXPECT_GE(number(drawn.bar("run, 1800 to 1800.1 s, score 0.50"), "width"), 0.5);
}

TEST(FigureSvg, WritesAScoreIntoABarThatHasRoomForIt) {
  const std::vector<Segment> found = {{"run", 0.5, 0, 10}, {"run", 0.75, 12, 12.1}};
  const Strings texts = Drawn(figure_of(20, found)).texts();
  EXPECT_TRUE(has(texts, "0.50"));
  EXPECT_FALSE(has(texts, "0.75"));
}

TEST(FigureSvg, TicksAreRoundAndFew) {
  const auto ticks = [](double duration_s) {
    Strings numbers;
    for (const pugi::xml_node& node : Drawn(figure_of(duration_s, {})).all("//text")) {
      const std::string text = node.text().get();
      if (text.find_first_not_of("0123456789.") == std::string::npos) numbers.push_back(text);
    }
    return numbers;
  };
  EXPECT_EQ(ticks(1), (Strings{"0", "0.2", "0.4", "0.6", "0.8", "1"}));
  EXPECT_EQ(ticks(19.9), (Strings{"0", "5", "10", "15"}));
  EXPECT_EQ(ticks(3600), (Strings{"0", "500", "1000", "1500", "2000", "2500", "3000", "3500"}));
}

TEST(FigureSvg, ATextOfAFileIsTextWhateverItIs) {
  Figure figure = figure_of(20, {{kLabel, 0.5, 5, 10}});
  figure.video.id = kLabel;
  figure.other = kLabel;
  const Drawn drawn(figure);
  const Strings texts = drawn.texts();
  EXPECT_EQ(std::ranges::count(texts, kLabelShown), 2) << "the title and the legend";
  EXPECT_EQ(drawn.all("//b").size(), 0u);

  const TempDir dir;
  write_file(dir.path() / "figure.svg", drawn.svg);
  const std::string parse = "/usr/bin/python3 -c 'import sys, lxml.etree as etree; " +
                            std::string("etree.parse(sys.argv[1])' ") +
                            (dir.path() / "figure.svg").string();
  EXPECT_EQ(std::system(parse.c_str()), 0) << "is no XML: " << drawn.svg;
}

TEST(FigureSvg, CutsWhatHasNoRoom) {
  const std::string wide(500, 'W'), han = "\xE8\xB7\xB3";
  std::string jumps;
  for (int i = 0; i < 100; ++i) jumps += han;
  Figure figure = figure_of(20, {{wide, 0.5, 5, 10}, {jumps, 0.4, 5, 10}});
  figure.video.id = wide;
  figure.other = wide;
  const Drawn drawn(figure);
  int cut = 0;
  for (const pugi::xml_node& node : drawn.all("//text")) {
    const std::string text = node.text().get();
    const double width = text_width(text, number(node, "font-size"));
    const bool is_right_aligned = std::string(node.attribute("text-anchor").value()) == "end";
    if (is_right_aligned) {
      EXPECT_GE(number(node, "x") - width, 0) << text;
    } else if (node.attribute("text-anchor").empty()) {
      EXPECT_LE(number(node, "x") + width, kFigureWidth) << text;
    }
    cut += text.ends_with("\u2026") ? 1 : 0;
  }
  EXPECT_EQ(cut, 4);
}

TEST(FigureSvg, TheLegendGoesOnInANewLineAndTheFigureEndsBelowIt) {
  std::vector<Segment> found;
  for (int i = 0; i < 7; ++i) found.push_back({std::string(20, 'a' + i), 1, i * 2., i * 2. + 1});
  const Drawn drawn(figure_of(20, found));
  double lowest = 0;
  for (const Segment& segment : found) {
    lowest = std::max(lowest, number(drawn.text(segment.label), "y"));
  }
  EXPECT_GT(lowest, number(drawn.text(found[0].label), "y"));
  EXPECT_GT(drawn.height(), lowest);
}

TEST(FigureSvg, SaysWhyARowIsEmpty) {
  Figure figure = figure_of(20, {});
  figure.other = "other";
  figure.video.truth = truth_of({});
  Strings texts = Drawn(figure).texts();
  for (const char* note : {"nothing happens", "nothing found", "not in its file"}) {
    EXPECT_TRUE(has(texts, note)) << note;
  }
  figure.video.truth->labels = {"jump", "run"};
  figure.video.truth->duration_s = 20;
  figure.video.found = VideoPredictions{.id = "clip", .segments = {}, .error = "decode: no frame"};
  texts = Drawn(figure).texts();
  EXPECT_TRUE(has(texts, "somewhere: jump, run"));
  EXPECT_TRUE(has(texts, "failed: decode: no frame"));
}

TEST(FigureSvg, WithoutFinalSegmentsTheBestThatDoNotOverlapStandForThem) {
  Figure figure = figure_of(20, {});
  figure.video.found->final_segments.reset();
  figure.video.found->segments = {{"run", 0.9, 0, 2}, {"run", 0.5, 1, 3}};
  EXPECT_EQ(Drawn(figure).all("//g/title").size(), 1u);
}

TEST(FigureSvg, AttentionStandsAtTheMiddleOfItsSnippet) {
  Figure figure = figure_of(20, {});
  figure.scores = scores_of(2, {0, 1, 0.5});
  const Drawn drawn(figure);
  const std::vector<pugi::xml_node> lines = drawn.all("//polyline");
  ASSERT_EQ(lines.size(), 1u);
  const std::vector<double> points = numbers_in(lines[0].attribute("points").value());
  ASSERT_EQ(points.size(), 6u);
  const TimeScale scale(drawn, "5", "20");
  for (int i = 0; i < 3; ++i) EXPECT_NEAR(points[i * 2], scale.at(i * 2 + 1), kRounding);
  EXPECT_LT(points[3], points[1]) << "up is more";
  EXPECT_NEAR(points[5], (points[1] + points[3]) / 2, kRounding);
  EXPECT_TRUE(has(drawn.texts(), "fused"));
  EXPECT_FALSE(has(drawn.texts(), "RGB")) << "there is none";
}

TEST(FigureSvg, ACurveBreaksWhereItIsNoNumberAndStaysInItsPlace) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  Figure figure = figure_of(20, {});
  figure.scores = scores_of(2, {0, 1, nan, 9, -9});
  const std::vector<pugi::xml_node> lines = Drawn(figure).all("//polyline");
  ASSERT_EQ(lines.size(), 2u);
  const std::vector<double> before = numbers_in(lines[0].attribute("points").value());
  const std::vector<double> after = numbers_in(lines[1].attribute("points").value());
  EXPECT_EQ(after.at(1), before.at(3)) << "1";
  EXPECT_EQ(after.at(3), before.at(1)) << "0";
}

TEST(FigureSvg, ALongCurveIsOfMeans) {
  std::vector<float> values;
  for (int i = 0; i < 5395; ++i) values.push_back(i % 10 < 5 ? 0.F : 1.F);
  Figure figure = figure_of(5400, {});
  figure.scores = scores_of(1, values);
  const Drawn drawn(figure);
  const std::vector<double> points =
      numbers_in(drawn.all("//polyline").at(0).attribute("points").value());
  ASSERT_EQ(points.size(), 2 * 540u);
  const TimeScale scale(drawn, "1000", "5000");
  EXPECT_NEAR(points[0], scale.at(5), kRounding);
  EXPECT_NEAR(points[1078], scale.at(5392.5), kRounding) << "the last is of five";
  EXPECT_EQ(points[1], points[1077]) << "one half everywhere else";
  EXPECT_LT(points[1], points[1079]) << "0";
}

TEST(FigureSvg, ACurveEndsWithTheVideo) {
  Figure figure = figure_of(20, {});
  figure.scores = scores_of(2, std::vector<float>(100, 0.5F));
  const Drawn drawn(figure);
  EXPECT_EQ(numbers_in(drawn.all("//polyline").at(0).attribute("points").value()).size(), 2 * 10u);
}

TEST(FigureSvg, TheStripCoversTheTimeOfItsPictures) {
  Figure figure = figure_of(20, {});
  figure.strip = FigureStrip{.jpeg = "abc", .width = 400, .height = 100, .duration_s = 15};
  const Drawn drawn(figure);
  const TimeScale scale(drawn, "0", "20");
  const pugi::xml_node image = drawn.all("//image").at(0);
  EXPECT_EQ(image.attribute("xlink:href").value(), std::string("data:image/jpeg;base64,YWJj"));
  EXPECT_NEAR(number(image, "x"), scale.at(0), kRounding);
  EXPECT_NEAR(number(image, "width"), scale.at(15) - scale.at(0), 2 * kRounding);
  EXPECT_NEAR(number(image, "height"), number(image, "width") / 4, 2 * kRounding);
}

TEST(FigureSvg, TimeEndsWithTheLastThatIsKnown) {
  Figure figure = figure_of(0, {{"run", 0.5, 5, 10}});
  EXPECT_NEAR(
      number(Drawn(figure).bar("run, 5 to 10 s, score 0.50"), "width"),
      TimeScale(Drawn(figure), "0", "10").at(10) - TimeScale(Drawn(figure), "0", "10").at(5),
      2 * kRounding);
  figure = figure_of(0, {});
  figure.scores = scores_of(2, std::vector<float>(5));
  EXPECT_TRUE(has(Drawn(figure).texts(), "10"));
}

TEST(FigureSvg, AVideoOfUnknownLengthIsAnError) {
  expect_error(ErrorKind::kInput, {"how long"}, [] { figure_svg(figure_of(0, {})); });
  Figure failed = figure_of(0, {});
  failed.video.found->error = "decode: no frame";
  expect_error(ErrorKind::kInput, {"the video failed: decode: no frame"},
               [&] { figure_svg(failed); });
}

TEST(FigureSvg, IsTheSameEveryTime) {
  const Figure figure = figure_of(20, {{"run", 0.5, 5, 10}, {"jump", 0.4, 6, 8}});
  EXPECT_EQ(figure_svg(figure), figure_svg(figure));
}

TEST(PicturesOfAStrip, AreAsManyAsFillItsLength) {
  EXPECT_GT(pictures_of_strip(9. / 16), pictures_of_strip(4. / 3));
  EXPECT_GT(pictures_of_strip(4. / 3), pictures_of_strip(16. / 9));
  EXPECT_EQ(pictures_of_strip(1000), 1);
  EXPECT_EQ(pictures_of_strip(0.001), 24);
}

}  // namespace
}  // namespace co2net::test
