#include "postprocess/classification.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "pipeline/base/error.h"
#include "pipeline/base/statistics.h"
#include "postprocess/pooling.h"

namespace co2net {
namespace {

std::vector<double> activation_of(const Array& cas, std::int64_t label) {
  std::vector<double> activation;
  for (std::int64_t t = 0; t < cas.dim(0); ++t) {
    activation.push_back(static_cast<double>(cas.row(t)[label]));
  }
  return activation;
}

// Videos, the best of the class first.
std::vector<std::size_t> ranked(const std::vector<std::vector<double>>& scores, std::size_t label) {
  std::vector<std::size_t> videos(scores.size());
  std::iota(videos.begin(), videos.end(), std::size_t{0});
  std::ranges::stable_sort(videos, [&](std::size_t a, std::size_t b) {
    return scores[a].at(label) > scores[b].at(label);
  });
  return videos;
}

}  // namespace

std::vector<double> video_class_scores(const Array& cas, NetworkKind kind) {
  expect_shape(cas, {-1, -1}, "cas");
  const bool has_background = kind != NetworkKind::kWtalc;
  if (cas.dim(0) < 1 || cas.dim(1) < (has_background ? 2 : 1)) {
    throw Error(ErrorKind::kInput,
                std::string("cas: want a snippet") +
                    (has_background ? ", a class and the background" : " and a class") + ", got " +
                    to_string(cas.shape));
  }
  if (!std::ranges::all_of(cas.values, [](float value) { return std::isfinite(value); })) {
    throw Error(ErrorKind::kInput, "cas: NaN or infinity; localize the video again");
  }
  const std::size_t k = (static_cast<std::size_t>(cas.dim(0)) + 7) / 8;
  std::vector<double> scores;
  for (std::int64_t label = 0; label < cas.dim(1); ++label) {
    scores.push_back(top_mean(activation_of(cas, label), k));
  }
  if (kind != NetworkKind::kClassifier) scores = softmax(scores);
  if (has_background) scores.pop_back();
  return scores;
}

double classification_map(const std::vector<std::vector<double>>& scores,
                          const std::vector<std::vector<bool>>& labels) {
  const std::size_t classes = labels.empty() ? 0 : labels.front().size();
  double sum = 0;
  int evaluated = 0;
  for (std::size_t label = 0; label < classes; ++label) {
    double hits = 0, seen = 0, precisions = 0;
    for (const std::size_t video : ranked(scores, label)) {
      ++seen;
      if (labels.at(video).at(label)) precisions += ++hits / seen;
    }
    if (hits == 0) continue;
    sum += precisions / hits;
    ++evaluated;
  }
  if (evaluated == 0) throw Error(ErrorKind::kInput, "none of the scored videos has a label");
  return sum / evaluated;
}

}  // namespace co2net
