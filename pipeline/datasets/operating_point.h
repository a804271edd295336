#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/base/json.h"

namespace co2net {

// The least video score that keeps a class.
struct ClassThresholds {
  double all = 0;                  // classes' but for those with one of their own
  std::map<int, double> own = {};  // by class index

  double of(int label) const;
  bool operator==(const ClassThresholds&) const = default;
};

// What a model says of a video that it has not learned from.
struct HeldOutVideo {
  std::vector<int> labels;         // class indices; none: nothing happens in it
  std::vector<double> scores;      // [C] in [0, 1], by which the video's classes are kept
  std::vector<int> segments = {};  // [C], of background: each class's final ones where it is kept
  double hours = 0;

  bool operator==(const HeldOutVideo&) const = default;
};

// From which video scores on a model's classes are kept, and what that was chosen from.
struct OperatingPoint {
  std::optional<ClassThresholds> thresholds = {};  // none: too few videos are held out
  std::optional<double> false_alarms = {};         // at most so many an hour; none: of largest F1
  bool videos_chose_iteration = false;             // which model of the training is kept
  std::vector<HeldOutVideo> videos = {};

  bool operator==(const OperatingPoint&) const = default;
};

// The JSON names classes.
Json to_json(const OperatingPoint& point, const std::vector<std::string>& classes);
// Errors: Error(kModel) naming the key.
OperatingPoint operating_point_from_json(const Json& json, const std::vector<std::string>& classes);

}  // namespace co2net
