#pragma once

#include <optional>
#include <vector>

#include "pipeline/datasets/operating_point.h"

namespace co2net {

// How class thresholds are chosen from what a model says of held-out videos: those of largest F1,
// unless one of these is said.
struct OperatingChoice {
  std::optional<double> false_alarms = {};  // at most so many an hour
  std::optional<double> threshold = {};     // this, of all classes
};

bool has_background(const std::vector<HeldOutVideo>& videos);

// Nothing where fewer than kLeastPositives pairs of video and class are positive, which F1 is
// chosen by. Errors: as thresholds_by_false_alarms().
std::optional<ClassThresholds> chosen_thresholds(const std::vector<HeldOutVideo>& videos,
                                                 const OperatingChoice& choice);

// Pairs that F1 is chosen by, and videos with and without a class that has a threshold of its own.
inline constexpr int kLeastPositives = 10;

// Of largest F1 over all pairs of video and class, and of each class with so many examples for and
// against over its own pairs. Of equal F1 that in the widest gap between neighbouring scores, at
// its middle, both in logits. Not below 1 / (C + 1), which each class scores without attention;
// where no background video shows what is scored there, not below 1.5 / (C + 1).
std::optional<ClassThresholds> thresholds_by_f1(const std::vector<HeldOutVideo>& videos);

// The lowest threshold at which the background videos have at most `per_hour` final segments an
// hour; at least 1.5 / (C + 1). Errors: as expect_enough_background().
ClassThresholds thresholds_by_false_alarms(const std::vector<HeldOutVideo>& videos,
                                           double per_hour);

// Throws Error(kUsage) where so few false alarms an hour cannot be shown: that there is none in
// some hours says, at 95%, that there are fewer than 3 / hours.
void expect_enough_background(double hours, double per_hour);

}  // namespace co2net
