#pragma once

#include <vector>

#include "pipeline/datasets/network_spec.h"
#include "pipeline/formats/array.h"

namespace co2net {

// How likely each class is somewhere in a video: softmax over all C+1 classes of the mean of the
// top ceil(T / 8) values over time of the class activation itself (not weighted by attention). A
// classifier's are probabilities already: the means as they are.
//   cas      [T, C+1], T >= 1, background last; a W-TALC's [T, C], over whose C classes softmax is
//   returns  [C] in [0, 1]
// Errors: Error(kInput) for other shapes or values that are not finite.
std::vector<double> video_class_scores(const Array& cas, NetworkKind kind = NetworkKind::kCo2Net);

// How likely each class is in each video, and whether the video has it: [videos][C].
struct Classification {
  std::vector<std::vector<double>> scores;
  std::vector<std::vector<bool>> labels;
};

// Mean over classes of the average precision with which a class's score ranks the videos that have
// it above the others, in [0, 1]: sum of the precision at each such video / their number. Equal
// scores keep the videos' order.
//   scores  [videos][C]
//   labels  [videos][C]
// Classes that no video has are left out (the authors' code gives NaN as soon as there is one);
// Error(kInput) where no video has any class.
double classification_map(const std::vector<std::vector<double>>& scores,
                          const std::vector<std::vector<bool>>& labels);

}  // namespace co2net
