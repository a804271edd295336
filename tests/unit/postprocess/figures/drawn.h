#pragma once

#include <gtest/gtest.h>

#include <pugixml.hpp>
#include <string>
#include <vector>

#include "postprocess/figures/figure.h"

namespace co2net::test {

using Strings = std::vector<std::string>;

// A video of that length in which these final segments are found.
inline Figure figure_of(double duration_s, const std::vector<Segment>& found) {
  VideoPredictions predictions;
  predictions.id = "clip";
  predictions.final_segments = found;
  predictions.duration_s = duration_s;
  return {.video = {.id = "clip", .found = predictions, .other = {}, .truth = {}}, .other = ""};
}

inline AnnotatedVideo truth_of(const std::vector<AnnotatedSegment>& segments) {
  return {.id = "clip", .subset = "test", .duration_s = 0, .labels = {}, .segments = segments};
}

// A figure as who shows it reads it.
class Drawn {
 public:
  explicit Drawn(const Figure& figure) : svg(figure_svg(figure)) {
    EXPECT_TRUE(file_.load_string(svg.c_str(), pugi::parse_default | pugi::parse_ws_pcdata_single));
  }

  std::vector<pugi::xml_node> all(const std::string& path) const {
    std::vector<pugi::xml_node> nodes;
    for (const pugi::xpath_node& node : file_.select_nodes(path.c_str())) {
      nodes.push_back(node.node());
    }
    return nodes;
  }
  Strings texts() const {
    Strings texts;
    for (const pugi::xml_node& node : all("//text")) texts.emplace_back(node.text().get());
    return texts;
  }
  pugi::xml_node text(const std::string& content) const {
    for (const pugi::xml_node& node : all("//text")) {
      if (node.text().get() == content) return node;
    }
    ADD_FAILURE() << "no text '" << content << "' in " << svg;
    return {};
  }
  // The boxes of segments that are told so: "run, 5 to 10 s".
  std::vector<pugi::xml_node> bars(const std::string& told) const {
    std::vector<pugi::xml_node> boxes;
    for (const pugi::xml_node& title : all("//g/title")) {
      if (title.text().get() == told) boxes.push_back(title.parent().child("rect"));
    }
    return boxes;
  }
  pugi::xml_node bar(const std::string& told) const {
    const std::vector<pugi::xml_node> boxes = bars(told);
    EXPECT_EQ(boxes.size(), 1u) << told << " in " << svg;
    return boxes.empty() ? pugi::xml_node() : boxes.front();
  }
  double height() const { return file_.child("svg").attribute("height").as_double(); }

  const std::string svg;

 private:
  pugi::xml_document file_;
};

inline double number(const pugi::xml_node& node, const char* attribute) {
  return node.attribute(attribute).as_double();
}

// Where a time is that two ticks tell, by their texts.
struct TimeScale {
  TimeScale(const Drawn& drawn, const std::string& first, const std::string& last)
      : first_s(std::stod(first)),
        first_x(number(drawn.text(first), "x")),
        points_per_s((number(drawn.text(last), "x") - first_x) / (std::stod(last) - first_s)) {}

  double at(double time_s) const { return first_x + (time_s - first_s) * points_per_s; }

  double first_s, first_x, points_per_s;
};

inline constexpr double kRounding = 0.011;  // of coordinates

}  // namespace co2net::test
