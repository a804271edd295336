#include "postprocess/exporters/overlay.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "postprocess/palette.h"
#include "postprocess/text_table.h"

namespace co2net {
namespace {

using Strings = std::vector<std::string>;

struct Box {
  int left = 0, top = 0, width = 0, height = 0;
};

constexpr Colour kWhite = {0xFF, 0xFF, 0xFF}, kTrack = {0x40, 0x40, 0x40}, kBlack = {};

// A drawing goes on for as long as a video may.
constexpr double kForever_s = 1e6;

// A label as ASS takes it: braces are escaped, and a word joiner, which nobody sees, keeps a
// backslash from beginning anything.
std::string ass_text(const std::string& label) {
  static const std::vector<Replacement> kEscapes = {{'\\', "\\\u2060"}, {'{', "\\{"}, {'}', "\\}"}};
  return replaced(one_line(label), kEscapes);
}

std::string colour_tag(const Colour& colour) {
  char text[24];
  std::snprintf(text, sizeof text, "\\1c&H%02X%02X%02X&", colour.blue, colour.green, colour.red);
  return text;
}

std::string rectangle(const Box& box) {
  const auto point = [](int x, int y) { return std::to_string(x) + " " + std::to_string(y); };
  const int right = box.left + box.width, bottom = box.top + box.height;
  return "m " + point(box.left, box.top) + " l " + point(right, box.top) + " " +
         point(right, bottom) + " " + point(box.left, bottom);
}

// "12.8 s", "1:02", "1:00:02"
std::string length_text(double seconds) {
  char text[64];
  if (seconds < 60) {
    std::snprintf(text, sizeof text, "%.1f s", seconds);
    return text;
  }
  const auto whole = static_cast<long long>(std::llround(std::min(seconds, kForever_s)));
  const long long hours = whole / 3600, minutes = whole / 60 % 60, rest = whole % 60;
  if (hours > 0) {
    std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", hours, minutes, rest);
  } else {
    std::snprintf(text, sizeof text, "%lld:%02lld", minutes, rest);
  }
  return text;
}

// Of one video, by their scores, then in the video's order.
struct BestFirst {
  bool operator()(const Segment* a, const Segment* b) const {
    return a->score != b->score ? a->score > b->score : std::less<>()(a, b);
  }
};
using SegmentsOfClasses = std::map<std::string, std::set<const Segment*, BestFirst>>;

// The best of each class, best first.
std::vector<const Segment*> best_of_classes(const SegmentsOfClasses& classes) {
  std::vector<const Segment*> ranked;
  for (const auto& [label, segments] : classes) {
    if (!segments.empty()) ranked.push_back(*segments.begin());
  }
  std::ranges::stable_sort(ranked, std::greater(), &Segment::score);
  return ranked;
}

// Classes as rows take them: by their best scores, then those that are only true.
Strings ranked_classes(const OverlayVideo& video) {
  SegmentsOfClasses all;
  for (const Segment& segment : video.segments) all[segment.label].insert(&segment);
  Strings classes;
  for (const Segment* segment : best_of_classes(all)) classes.push_back(segment->label);
  std::set<std::string> others;
  if (video.truth) {
    for (const AnnotatedSegment& segment : *video.truth) others.insert(segment.label);
  }
  for (const std::string& label : classes) others.erase(label);
  classes.insert(classes.end(), others.begin(), others.end());
  return classes;
}

double length_of(const OverlayVideo& video) {
  if (video.duration_s > 0) return video.duration_s;
  double end_s = 0;
  for (const Segment& segment : video.segments) end_s = std::max(end_s, segment.end_s);
  return end_s > 0 ? end_s : 1;
}

class OverlayScript {
 public:
  OverlayScript(const OverlayVideo& video, const OverlaySettings& settings)
      : video_(video),
        settings_(settings),
        duration_s_(length_of(video)),
        rows_(ranked_classes(video)),
        letter_(std::max(8, std::min(settings.height, settings.width * 3 / 4) / 18)),
        small_(std::max(8, letter_ * 3 / 4)),
        margin_(letter_ / 2),
        row_(small_ + small_ / 3) {
    const std::vector<Colour> colours = colours_within(rows_, settings.classes);
    for (std::size_t i = 0; i < rows_.size(); ++i) colours_[rows_[i]] = colours[i];
    if (rows_.size() > kMostOverlayRows) {
      overlay_.without_row.assign(rows_.begin() + kMostOverlayRows, rows_.end());
      rows_.resize(kMostOverlayRows);
    }
    const int rows = static_cast<int>(rows_.size()) + 1;  // and the axis
    overlay_.below = (rows * row_ + margin_ + 1) / 2 * 2;
  }

  Overlay made() && {
    overlay_.script = header();
    for (std::size_t i = 0; i < rows_.size(); ++i) add_row(rows_[i], static_cast<int>(i));
    add_axis();
    add_playhead();
    add_labels();
    return std::move(overlay_);
  }

 private:
  std::string header() const {
    const std::string size = std::to_string(letter_);
    const std::string outline = std::to_string(std::max(1, letter_ / 12));
    return "[Script Info]\nScriptType: v4.00+\nWrapStyle: 2\nScaledBorderAndShadow: yes\n"
           "YCbCr Matrix: None\nPlayResX: " +
           std::to_string(settings_.width) +
           "\nPlayResY: " + std::to_string(settings_.height + overlay_.below) +
           "\n\n[V4+ Styles]\n"
           "Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, "
           "BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, "
           "BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding\n"
           "Style: Default,Sans," +
           size + ",&H00FFFFFF,&H00FFFFFF,&H00000000,&H00000000,0,0,0,0,100,100,0,0,1," + outline +
           ",0,7,0,0,0,1\n\n[Events]\n"
           "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n";
  }

  // Hundredths of the script's seconds; frames are shown from a moment on, which their time, being
  // a fraction, may miss by a hair.
  std::string script_time(double seconds) const {
    const double hundredths = std::clamp(seconds, 0.0, kForever_s) * settings_.script_seconds * 100;
    const std::int64_t all = std::max<std::int64_t>(0, std::llround(hundredths) - 1);
    char text[64];
    std::snprintf(text, sizeof text, "%lld:%02lld:%02lld.%02lld",
                  static_cast<long long>(all / 360'000), static_cast<long long>(all / 6000 % 60),
                  static_cast<long long>(all / 100 % 60), static_cast<long long>(all % 100));
    return text;
  }

  void add(int layer, double start_s, double end_s, const std::string& text) {
    overlay_.script += "Dialogue: " + std::to_string(layer) + "," + script_time(start_s) + "," +
                       script_time(end_s) + ",Default,,0,0,0,," + text + "\n";
  }
  void add_always(int layer, const std::string& text) { add(layer, 0, kForever_s, text); }

  static std::string position(int x, int y) {
    return "\\pos(" + std::to_string(x) + "," + std::to_string(y) + ")";
  }
  // A shape whose coordinates are those of the picture.
  static std::string shape(const std::string& path, const Colour& colour) {
    return "{" + position(0, 0) + "\\bord0" + colour_tag(colour) + "\\p1}m 0 0 " + path;
  }

  int track_left() const { return settings_.width * 3 / 10; }
  int track_right() const { return settings_.width - margin_; }
  int row_top(int row) const { return settings_.height + margin_ / 2 + row * row_; }

  int place_of(double time_s) const {
    const double share = std::clamp(time_s / duration_s_, 0.0, 1.0);
    return track_left() + static_cast<int>(std::lround(share * (track_right() - track_left())));
  }

  // From start to end on the timeline, two pixels at least; empty beyond the video.
  std::string bar(double start_s, double end_s, int top, int height) const {
    if (start_s >= duration_s_ && start_s > 0) return "";
    const int left = std::min(place_of(start_s), track_right() - 2);
    return rectangle({left, top, std::max(2, place_of(end_s) - left), height}) + " ";
  }

  Colour colour_of(const std::string& label) const { return colours_.at(label); }

  std::string small() const { return "\\bord0\\fs" + std::to_string(small_); }

  std::string gutter_text(const std::string& text, int top) const {
    return "{" + position(margin_, top) + small() + "\\clip(0," + std::to_string(top) + "," +
           std::to_string(track_left() - margin_ / 2) + "," + std::to_string(top + row_) + ")}" +
           text;
  }

  void add_row(const std::string& label, int row) {
    const int top = row_top(row), space = std::max(1, row_ / 8);
    const int height = row_ - 2 * space;
    add_always(0, gutter_text(ass_text(label), top));
    add_always(0,
               shape(rectangle({track_left(), top + space, track_right() - track_left(), height}),
                     kTrack));
    const int truth_height = video_.truth ? height * 2 / 5 : 0;
    std::string found, truth;
    for (const Segment& segment : video_.segments) {
      if (segment.label != label) continue;
      found +=
          bar(segment.start_s, segment.end_s, top + space + truth_height, height - truth_height);
    }
    if (video_.truth) {
      for (const AnnotatedSegment& segment : *video_.truth) {
        if (segment.label != label) continue;
        truth += bar(segment.start_s, segment.end_s, top + space, std::max(1, truth_height - 1));
      }
    }
    if (!found.empty()) add_always(1, shape(found, colour_of(label)));
    if (!truth.empty()) add_always(1, shape(truth, kWhite));
  }

  void add_axis() {
    const int top = row_top(static_cast<int>(rows_.size()));
    std::string words;
    if (rows_.empty()) {
      words = "nothing found";
    } else if (!overlay_.without_row.empty()) {
      words = "+ " + std::to_string(overlay_.without_row.size()) + " more";
    } else if (video_.truth) {
      words = "white: true";
    }
    if (!words.empty()) add_always(0, gutter_text(words, top));
    add_always(0, "{" + position(track_left(), top) + small() + "}0");
    add_always(0,
               "{\\an9" + position(track_right(), top) + small() + "}" + length_text(duration_s_));
  }

  // A longer one than libass counts to would be in the wrong place.
  void add_playhead() {
    const double until = duration_s_ * settings_.script_seconds * 1000;
    if (rows_.empty() || until > std::numeric_limits<std::int32_t>::max()) return;
    const int top = row_top(0), bottom = row_top(static_cast<int>(rows_.size()));
    const std::string y = std::to_string(top);
    add_always(2, "{\\move(" + std::to_string(track_left()) + "," + y + "," +
                      std::to_string(track_right()) + "," + y + ",0," +
                      std::to_string(std::llround(until)) + ")\\bord0" + colour_tag(kWhite) +
                      "\\p1}" + rectangle({0, 0, std::max(2, letter_ / 8), bottom - top}));
  }

  // Between two moments at which something begins or ends, the same labels are shown.
  void add_labels() {
    struct Moment {
      std::vector<const Segment*> begin, end;
    };
    std::map<double, Moment> moments;
    double best = 1;
    for (const Segment& segment : video_.segments) {
      best = std::max(best, segment.score);
      if (segment.start_s >= segment.end_s) continue;
      moments[segment.start_s].begin.push_back(&segment);
      moments[segment.end_s].end.push_back(&segment);
    }
    SegmentsOfClasses playing;
    for (auto moment = moments.begin(); moment != moments.end(); ++moment) {
      const auto& [from_s, changes] = *moment;
      for (const Segment* segment : changes.end) playing[segment->label].erase(segment);
      for (const Segment* segment : changes.begin) playing[segment->label].insert(segment);
      int line = 0;
      for (const Segment* segment : best_of_classes(playing)) {
        if (line == static_cast<int>(kMostOverlayLabels)) break;
        add_label(*segment, line++, from_s, std::next(moment)->first, best);
      }
    }
  }

  void add_label(const Segment& segment, int line, double from_s, double until_s, double best) {
    const int top = margin_ + line * (letter_ + letter_ / 3);
    const int width = 4 * letter_, height = letter_ * 3 / 5;
    const Box bar = {margin_, top + (letter_ - height) / 2, width, height};
    int left = bar.left + width + margin_;
    if (2 * left > settings_.width) {  // a small picture has room for words or a bar
      left = margin_;
    } else {
      const double share = std::clamp(segment.score / best, 0.0, 1.0);
      add_score_bar(bar, share, colour_of(segment.label), from_s, until_s);
    }
    add(4, from_s, until_s,
        "{" + position(left, top) + "}" + score_text(segment.score) + "  " +
            ass_text(segment.label));
  }

  void add_score_bar(const Box& whole, double share, const Colour& colour, double from_s,
                     double until_s) {
    Box filled = whole;
    filled.width = static_cast<int>(std::lround(share * whole.width));
    const Box frame = {whole.left - 1, whole.top - 1, whole.width + 2, whole.height + 2};
    add(3, from_s, until_s, shape(rectangle(frame), kBlack));
    if (filled.width > 0) add(4, from_s, until_s, shape(rectangle(filled), colour));
  }

  const OverlayVideo& video_;
  const OverlaySettings& settings_;
  double duration_s_;
  Strings rows_;  // their classes
  std::map<std::string, Colour> colours_;
  int letter_;  // pixels: a line of text, one of the timeline, space around, a row of it
  int small_;
  int margin_;
  int row_;
  Overlay overlay_;
};

}  // namespace

Overlay overlay_of(const OverlayVideo& video, const OverlaySettings& settings) {
  return OverlayScript(video, settings).made();
}

}  // namespace co2net
