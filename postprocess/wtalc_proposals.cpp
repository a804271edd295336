#include "postprocess/wtalc_proposals.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "pipeline/base/error.h"
#include "postprocess/pooling.h"

namespace co2net {
namespace {

constexpr std::int64_t kPooledShare = 8;
constexpr int kShortestRun = 2;
constexpr double kClassWeight = 0.7;

void check_scores(const Array& cas) {
  expect_shape(cas, {-1, -1}, "cas");
  if (cas.dim(1) < 1) throw Error(ErrorKind::kInput, "cas: want a class, got none");
  if (!std::ranges::all_of(cas.values, [](float value) { return std::isfinite(value); })) {
    throw Error(ErrorKind::kInput, "scores: NaN or infinity; localize the video again");
  }
}

std::vector<float> column(const Array& cas, std::int64_t label) {
  std::vector<float> values;
  for (std::int64_t t = 0; t < cas.dim(0); ++t) values.push_back(cas.row(t)[label]);
  return values;
}

// Compares in float32, as the reference does.
void append_runs(const std::vector<float>& activation, int label, double class_score,
                 std::vector<Proposal>& proposals) {
  const auto [low, high] = std::ranges::minmax(activation);
  const float threshold = high - 0.5f * (high - low);
  const int snippets = static_cast<int>(activation.size());
  for (int start = 0, end = 0; start < snippets; start = std::max(end, start + 1)) {
    float highest = threshold;
    for (end = start; end < snippets; ++end) {
      const float value = activation[static_cast<std::size_t>(end)];
      if (value <= threshold) break;
      highest = std::max(highest, value);
    }
    if (end - start < kShortestRun) continue;
    proposals.push_back(
        {start, end, label, static_cast<double>(highest) + kClassWeight * class_score});
  }
}

}  // namespace

std::vector<Proposal> wtalc_proposals(const Array& cas, int min_snippets, Compat compat) {
  check_scores(cas);
  const std::int64_t snippets = cas.dim(0);
  const std::int64_t least = compat == Compat::kAuthors ? kPooledShare : 1;
  if (snippets < std::max<std::int64_t>(least, min_snippets)) return {};
  const auto k = static_cast<std::size_t>(std::max<std::int64_t>(1, snippets / kPooledShare));
  std::vector<Proposal> proposals;
  for (std::int64_t label = 0; label < cas.dim(1); ++label) {
    const std::vector<float> activation = column(cas, label);
    const double class_score = top_mean({activation.begin(), activation.end()}, k);
    if (class_score <= 0) continue;
    append_runs(activation, static_cast<int>(label), class_score, proposals);
  }
  return proposals;
}

}  // namespace co2net
