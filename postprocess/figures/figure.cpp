#include "postprocess/figures/figure.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <iterator>
#include <numeric>
#include <set>
#include <sstream>
#include <vector>

#include "pipeline/base/error.h"
#include "pipeline/base/text.h"
#include "postprocess/figures/svg.h"
#include "postprocess/palette.h"
#include "postprocess/span.h"
#include "postprocess/text_table.h"

namespace co2net {
namespace {

using pugi::xml_node;
using Strings = std::vector<std::string>;
using Segments = std::vector<Segment>;

constexpr double kMargin = 6, kLeft = 76, kRight = 346;  // from kLeft to kRight goes time
constexpr double kTitleSize = 10, kTextSize = 9, kNumberSize = 8, kScoreSize = 7;
constexpr double kStripHeight = 38;  // about
constexpr double kLane = 11, kLaneGap = 1.5, kRowGap = 6;
constexpr double kCurves = 40;
constexpr double kShortest = 0.5;  // of a bar
constexpr int kMostTicks = 8;
constexpr std::size_t kMostPoints = 540;  // of a curve: two a point of width
constexpr double kLeastEnd_s = 0.001;     // a shorter video is none

constexpr const char* kInk = "#1b1b1b";
constexpr const char* kQuiet = "#5c5c5c";
constexpr const char* kTrack = "#f1f1f1";
constexpr const char* kGrid = "#d0d0d0";

struct Paint {
  std::string fill;
  const char* on_fill;  // what can be read on it
};

struct Curve {
  const char* array;
  const char* name;
  const char* colour;
  const char* dash;
};
constexpr std::array<Curve, 3> kCurveStyles = {{{"attn_flow", "flow", "#009E73", "1 1.5"},
                                                {"attn_rgb", "RGB", "#D55E00", "4 1.5"},
                                                {"attn", "fused", kInk, "none"}}};

// What one source says of the video.
struct Row {
  std::string name;
  Segments segments;  // the more important ones first
  bool has_scores = false;
  std::string note;  // why there are none
};

struct Axis {
  double end_s;
  double at(double time_s) const {
    return kLeft + std::clamp(time_s / end_s, 0., 1.) * (kRight - kLeft);
  }
};

// What is drawn over what.
struct Layers {
  xml_node tracks, grid, front;
};

struct ColouredClass {
  std::string label;
  Paint paint;
};
using Colours = std::vector<ColouredClass>;  // of what is drawn, the more important ones first

Paint paint_of(Colour colour) {
  char fill[8];
  std::snprintf(fill, sizeof fill, "#%02X%02X%02X", colour.red, colour.green, colour.blue);
  const int brightness = 3 * colour.red + 6 * colour.green + colour.blue;
  return {fill, brightness < 900 ? "#ffffff" : kInk};
}

const Paint* paint_of(const std::string& label, const Colours& colours) {
  const auto found = std::ranges::find(colours, label, &ColouredClass::label);
  return found == colours.end() ? nullptr : &found->paint;
}

Row row_of(const AnnotatedVideo& truth) {
  Row row = {.name = "Ground truth", .segments = {}, .note = {}};
  for (const AnnotatedSegment& segment : truth.segments) {
    row.segments.push_back({segment.label, 1, segment.start_s, segment.end_s});
  }
  std::ranges::stable_sort(row.segments, {}, &Segment::start_s);
  row.note = truth.labels.empty() ? "nothing happens" : "somewhere: " + joined(truth.labels);
  return row;
}

Row row_of(const std::string& name, const std::optional<VideoPredictions>& video) {
  Row row = {.name = name, .segments = {}, .has_scores = true, .note = "nothing found"};
  if (!video) {
    row.note = "not in its file";
  } else if (!video->error.empty()) {
    row.note = "failed: " + video->error;
  } else {
    row.segments = shown_segments(*video);
  }
  return row;
}

std::vector<Row> rows_of(const Figure& figure) {
  std::vector<Row> rows;
  if (figure.video.truth) rows.push_back(row_of(*figure.video.truth));
  rows.push_back(row_of("Ours", figure.video.found));
  if (!figure.other.empty()) rows.push_back(row_of(figure.other, figure.video.other));
  return rows;
}

// In the order of importance.
Strings classes_of(const std::vector<Row>& rows) {
  Strings classes;
  std::set<std::string> seen;
  for (const Row& row : rows) {
    for (const Segment& segment : row.segments) {
      if (seen.insert(segment.label).second) classes.push_back(segment.label);
    }
  }
  return classes;
}

// As many as there are colours.
Colours coloured(Strings classes, const Strings& all) {
  if (classes.size() > kMostFigureClasses) classes.resize(kMostFigureClasses);
  const std::vector<Colour> own = colours_within(classes, all);
  Colours colours;
  for (std::size_t i = 0; i < classes.size(); ++i) {
    colours.push_back({classes[i], paint_of(own[i])});
  }
  return colours;
}

// Where time ends, in seconds; 0 where nothing says.
double end_of(const Figure& figure, const std::vector<Row>& rows) {
  double end_s = duration_of(figure.video);
  for (const Row& row : rows) {
    for (const Segment& segment : row.segments) end_s = std::max(end_s, segment.end_s);
  }
  if (figure.strip) end_s = std::max(end_s, figure.strip->duration_s);
  if (end_s > 0 || !figure.scores) return end_s;
  return static_cast<double>(figure.scores->cas.dim(0)) * figure.scores->step_s;
}

std::string base64(const std::string& bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // and the zero that ends it
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

void add_box(xml_node parent, double left, double right, double top, double height,
             SvgAttributes attributes) {
  xml_node box = add_element(parent, "rect",
                             {{"x", coordinate(left)},
                              {"y", coordinate(top)},
                              {"width", coordinate(right - left)},
                              {"height", coordinate(height)}});
  add_attributes(box, attributes);
}

void add_line(xml_node parent, double x1, double y1, double x2, double y2,
              SvgAttributes attributes) {
  xml_node line = add_element(parent, "line",
                              {{"x1", coordinate(x1)},
                               {"y1", coordinate(y1)},
                               {"x2", coordinate(x2)},
                               {"y2", coordinate(y2)}});
  add_attributes(line, attributes);
}

// What stands left of the time axis.
void add_name(xml_node parent, const std::string& name, double y, double right = kLeft - 6) {
  add_text(parent, fitted(name, kTextSize, right - kMargin), right, y, kTextSize,
           {{"text-anchor", "end"}});
}

// Each of these draws from `y` downwards and returns where it ends.

double add_title(xml_node svg, const std::string& id, double y) {
  constexpr double kBold = 1.15;  // wider
  add_text(svg, fitted(id, kTitleSize * kBold, kRight - kMargin), kMargin, y + kTitleSize / 2,
           kTitleSize, {{"font-weight", "bold"}});
  return y + kTitleSize + kRowGap;
}

double add_strip(xml_node svg, const Axis& axis, const FigureStrip& strip, double y) {
  const double width = axis.at(strip.duration_s) - kLeft;
  const double height = width * strip.height / strip.width;
  add_element(svg, "image",
              {{"x", coordinate(kLeft)},
               {"y", coordinate(y)},
               {"width", coordinate(width)},
               {"height", coordinate(height)},
               {"preserveAspectRatio", "none"},
               {"xlink:href", "data:image/jpeg;base64," + base64(strip.jpeg)}});
  return y + height + kRowGap;
}

// The lane of each: the first in which it shares no time with those before it.
std::vector<std::size_t> lanes_of(const Segments& segments) {
  std::vector<Segments> lanes;
  std::vector<std::size_t> places;
  for (const Segment& segment : segments) {
    const auto has_room = [&](const Segments& lane) {
      return std::ranges::none_of(lane, [&](const Segment& other) {
        return shared_length({segment.start_s, segment.end_s}, {other.start_s, other.end_s}) > 0;
      });
    };
    const auto lane = std::ranges::find_if(lanes, has_room);
    places.push_back(static_cast<std::size_t>(lane - lanes.begin()));
    (lane == lanes.end() ? lanes.emplace_back() : *lane).push_back(segment);
  }
  return places;
}

std::string told(const Segment& segment, bool has_score) {
  return segment.label + ", " + coordinate(segment.start_s) + " to " + coordinate(segment.end_s) +
         " s" + (has_score ? ", score " + score_text(segment.score) : "");
}

void add_bar(xml_node parent, const Axis& axis, const Paint& paint, const Segment& segment,
             bool has_score, double y) {
  const double left = axis.at(segment.start_s);
  const double right = std::max(axis.at(segment.end_s), left + kShortest);
  xml_node bar = add_element(parent, "g");
  add_element(bar, "title").text() = fitted(told(segment, has_score), 1, HUGE_VAL).c_str();
  add_box(bar, left, right, y, kLane, {{"fill", paint.fill}});
  const std::string score = score_text(segment.score);
  if (!has_score || text_width(score, kScoreSize) > right - left) return;
  add_text(bar, score, (left + right) / 2, y + kLane / 2, kScoreSize,
           {{"text-anchor", "middle"}, {"fill", paint.on_fill}});
}

double add_row(const Layers& layers, const Axis& axis, const Row& row, const Colours& colours,
               double y) {
  Segments drawn;
  for (const ColouredClass& of : colours) {  // so that a class stays in its lane
    std::ranges::copy_if(row.segments, std::back_inserter(drawn),
                         [&](const Segment& segment) { return segment.label == of.label; });
  }
  const std::vector<std::size_t> lanes = lanes_of(drawn);
  const std::size_t count = lanes.empty() ? 1 : *std::ranges::max_element(lanes) + 1;
  const double height = static_cast<double>(count) * (kLane + kLaneGap) - kLaneGap;
  add_box(layers.tracks, kLeft, kRight, y, height, {{"fill", kTrack}});
  add_name(layers.front, row.name, y + height / 2);
  for (std::size_t i = 0; i < drawn.size(); ++i) {
    add_bar(layers.front, axis, *paint_of(drawn[i].label, colours), drawn[i], row.has_scores,
            y + static_cast<double>(lanes[i]) * (kLane + kLaneGap));
  }
  if (row.segments.empty()) {
    add_text(layers.front, fitted(row.note, kNumberSize, kRight - kLeft - 6), kLeft + 3,
             y + kLane / 2, kNumberSize, {{"fill", kQuiet}});
  }
  return y + height + kRowGap;
}

// Of the snippets whose values are numbers, the points of each run of them: the mean of so many
// neighbours at their middle, up to the end of time.
Strings points_of(const std::vector<float>& values, double step_s, std::size_t neighbours,
                  const Axis& axis, double y) {
  Strings runs = {""};
  for (std::size_t begin = 0; begin < values.size(); begin += neighbours) {
    const std::size_t end = std::min(begin + neighbours, values.size());
    const float sum = std::accumulate(&values[begin], values.data() + end, 0.F);
    const float mean = sum / static_cast<float>(end - begin);
    if (static_cast<double>(begin) * step_s >= axis.end_s) break;
    if (!std::isfinite(mean)) {
      runs.emplace_back();
      continue;
    }
    const double middle_s = static_cast<double>(begin + end) / 2 * step_s;
    const double height = std::clamp(mean, 0.F, 1.F) * kCurves;
    runs.back() += (runs.back().empty() ? "" : " ") + coordinate(axis.at(middle_s)) + "," +
                   coordinate(y + kCurves - height);
  }
  std::erase(runs, "");
  return runs;
}

void add_curve(xml_node parent, const Curve& style, const ReportScores& scores, const Axis& axis,
               double y) {
  const auto curve = scores.curves.find(style.array);
  if (curve == scores.curves.end()) return;
  const std::vector<float>& values = curve->second;
  const std::size_t neighbours = (values.size() + kMostPoints - 1) / kMostPoints;
  for (const std::string& points : points_of(values, scores.step_s, neighbours, axis, y)) {
    add_element(parent, "polyline",
                {{"points", points},
                 {"fill", "none"},
                 {"stroke", style.colour},
                 {"stroke-width", "0.9"},
                 {"stroke-linejoin", "round"},
                 {"stroke-dasharray", style.dash}});
  }
}

// Behind the curves, what is true.
void add_shades(xml_node parent, const Axis& axis, const Figure& figure, const Colours& colours,
                double y) {
  if (!figure.video.truth) return;
  for (const AnnotatedSegment& segment : figure.video.truth->segments) {
    const Paint* paint = paint_of(segment.label, colours);
    if (paint == nullptr) continue;
    add_box(parent, axis.at(segment.start_s), axis.at(segment.end_s), y, kCurves,
            {{"fill", paint->fill}, {"fill-opacity", "0.3"}});
  }
}

double add_curves(const Layers& layers, const Axis& axis, const Figure& figure,
                  const Colours& colours, double y) {
  add_box(layers.tracks, kLeft, kRight, y, kCurves, {{"fill", kTrack}});
  add_shades(layers.tracks, axis, figure, colours, y);
  for (const Curve& style : kCurveStyles) {
    add_curve(layers.front, style, *figure.scores, axis, y);
  }
  add_name(layers.front, "Attention", y + kCurves / 2, kLeft - 14);
  for (const int value : {0, 1}) {
    const double height = kNumberSize / 2 + value * (kCurves - kNumberSize);
    add_text(layers.front, std::to_string(value), kLeft - 4, y + kCurves - height, kNumberSize,
             {{"text-anchor", "end"}, {"fill", kQuiet}});
  }
  return y + kCurves + kRowGap;
}

// The least of 1, 2 and 5 times a power of ten that gives few enough.
double tick_step(double end_s) {
  const double least = end_s / kMostTicks;
  const double power = std::pow(10, std::floor(std::log10(least)));
  for (const double factor : {1, 2, 5}) {
    if (factor * power >= least) return factor * power;
  }
  return 10 * power;
}

std::string tick_text(double time_s) {
  std::ostringstream text;
  text.precision(10);
  text << time_s;
  return text.str();
}

double add_ticks(const Layers& layers, const Axis& axis, double top, double y) {
  constexpr double kTick = 3;
  add_line(layers.front, kLeft, y, kRight, y, {{"stroke", kInk}, {"stroke-width", "0.6"}});
  const double step = tick_step(axis.end_s);
  for (int i = 0; i * step <= axis.end_s * (1 + 1e-9); ++i) {
    const double x = axis.at(i * step);
    add_line(layers.grid, x, top, x, y, {{"stroke", kGrid}, {"stroke-width", "0.4"}});
    add_line(layers.front, x, y, x, y + kTick, {{"stroke", kInk}, {"stroke-width", "0.6"}});
    add_text(layers.front, tick_text(i * step), x, y + kTick + 2 + kNumberSize / 2, kNumberSize,
             {{"text-anchor", "middle"}});
  }
  const double middle = y + kTick + 2 + kNumberSize / 2;
  add_text(layers.front, "Time (s)", kLeft - 8, middle, kNumberSize, {{"text-anchor", "end"}});
  return middle + kNumberSize / 2 + kRowGap;
}

struct Key {
  std::string text;
  std::string colour = {};  // of a line where it has a dash, else of a box; empty: neither
  const char* dash = nullptr;
};
using Keys = std::vector<Key>;

Keys keys_of_classes(const Strings& classes, const Colours& colours) {
  Keys keys;
  for (const ColouredClass& of : colours) keys.push_back({of.label, of.paint.fill});
  const std::size_t more = classes.size() - colours.size();
  if (more > 0) keys.push_back({"and " + std::to_string(more) + " more classes, not drawn"});
  return keys;
}

Keys keys_of_curves(const ReportScores& scores) {
  Keys keys;
  for (const Curve& style : kCurveStyles) {
    if (!scores.curves.contains(style.array)) continue;
    keys.insert(keys.begin(), {style.name, style.colour, style.dash});
  }
  return keys;
}

void add_sample(xml_node svg, const Key& key, double x, double y, double width) {
  if (key.dash != nullptr) {
    add_line(svg, x, y, x + width, y,
             {{"stroke", key.colour}, {"stroke-width", "1.2"}, {"stroke-dasharray", key.dash}});
  } else if (!key.colour.empty()) {
    add_box(svg, x, x + width, y - kNumberSize / 2, kNumberSize, {{"fill", key.colour}});
  }
}

double add_legend(xml_node svg, const Keys& keys, double y) {
  constexpr double kSample = 12, kAfterSample = 3, kAfterKey = 9, kLine = 13;
  double x = kLeft, middle = y + kLine / 2;
  for (const Key& key : keys) {
    const double indent = key.colour.empty() ? 0 : kSample + kAfterSample;
    const std::string text = fitted(key.text, kTextSize, kRight - kLeft - indent);
    const double width = indent + text_width(text, kTextSize);
    if (x > kLeft && x + width > kRight) {
      x = kLeft;
      middle += kLine;
    }
    add_sample(svg, key, x, middle, kSample);
    add_text(svg, text, x + indent, middle, kTextSize);
    x += width + kAfterKey;
  }
  return keys.empty() ? y : middle + kLine / 2;
}

bool has_curves(const Figure& figure) {
  return figure.scores && std::ranges::any_of(kCurveStyles, [&](const Curve& style) {
           return figure.scores->curves.contains(style.array);
         });
}

std::string why_no_length(const ReportVideo& video) {
  const bool has_failed = video.found && !video.found->error.empty();
  return has_failed ? "the video failed: " + video.found->error
                    : "nothing says how long the video is";
}

double draw(xml_node svg, const Figure& figure) {
  const std::vector<Row> rows = rows_of(figure);
  const Axis axis = {end_of(figure, rows)};
  if (!(axis.end_s >= kLeastEnd_s)) {
    throw Error(ErrorKind::kInput, "no figure, since " + why_no_length(figure.video));
  }
  const Strings classes = classes_of(rows);
  const Colours colours = coloured(classes, figure.classes);
  const Layers layers = {add_element(svg, "g"), add_element(svg, "g"), add_element(svg, "g")};
  double y = add_title(layers.front, figure.video.id, kMargin);
  if (figure.strip) y = add_strip(layers.front, axis, *figure.strip, y);
  const double top = y;
  for (const Row& row : rows) y = add_row(layers, axis, row, colours, y);
  if (has_curves(figure)) y = add_curves(layers, axis, figure, colours, y);
  y = add_ticks(layers, axis, top, y - kRowGap / 2);
  y = add_legend(layers.front, keys_of_classes(classes, colours), y);
  if (has_curves(figure)) y = add_legend(layers.front, keys_of_curves(*figure.scores), y);
  return y + kMargin;
}

}  // namespace

int pictures_of_strip(double aspect) {
  const double count = (kRight - kLeft) / (kStripHeight * aspect);
  return static_cast<int>(std::lround(std::clamp(count, 1., 24.)));
}

Strings classes_not_drawn(const Figure& figure) {
  Strings classes = classes_of(rows_of(figure));
  classes.erase(classes.begin(), classes.begin() + static_cast<std::ptrdiff_t>(std::min(
                                                       classes.size(), kMostFigureClasses)));
  return classes;
}

std::string figure_svg(const Figure& figure) {
  const std::string width = std::to_string(kFigureWidth);
  pugi::xml_document file;
  xml_node svg = file.append_child("svg");
  add_attributes(svg, {{"xmlns", "http://www.w3.org/2000/svg"},
                       {"xmlns:xlink", "http://www.w3.org/1999/xlink"},
                       {"version", "1.1"},
                       {"font-family", kFigureFonts},
                       {"fill", kInk}});
  add_element(svg, "title").text() = fitted(figure.video.id, 1, HUGE_VAL).c_str();
  xml_node paper = add_element(svg, "rect", {{"width", width}, {"fill", "#ffffff"}});
  const std::string height = coordinate(draw(svg, figure));
  paper.append_attribute("height") = height.c_str();
  svg.append_attribute("width") = (width + "pt").c_str();
  svg.append_attribute("height") = (height + "pt").c_str();
  svg.append_attribute("viewBox") = ("0 0 " + width + " " + height).c_str();
  std::ostringstream text;
  file.save(text, " ", pugi::format_default, pugi::encoding_utf8);
  return text.str();
}

}  // namespace co2net
