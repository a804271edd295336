#pragma once

#include "pipeline/datasets/annotations.h"

namespace co2net::test {

// Has what formats differ in: an order of its own, labels that no segment has, a video without
// segments, segments of several classes in the order of time, times that need every digit.
inline Annotations rich_annotations() {
  Annotations annotations;
  annotations.classes = {"Jump", "Bow", "Wave"};
  annotations.videos = {
      {"v_b", "validation", 12.5, {"Jump", "Wave"}, {{"Jump", 0.1, 1.0 / 3}, {"Jump", 2, 2}}},
      {"v_a", "test", 0, {"Bow"}, {}},
      {"v_c",
       "test",
       7,
       {"Bow", "Jump"},
       {{"Bow", 1, 3.25}, {"Jump", 1e-7, 123456.789}, {"Bow", 5, 6}}},
  };
  annotations.ambiguous = {{"v_c", {{0, 1.5}, {4, 5}}}, {"v_d", {{2.25, 3}}}};
  return annotations;
}

}  // namespace co2net::test
