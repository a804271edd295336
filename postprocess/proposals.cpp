#include "postprocess/proposals.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <string>

#include "pipeline/base/error.h"
#include "pipeline/base/statistics.h"
#include "postprocess/nms.h"
#include "postprocess/pooling.h"
#include "postprocess/wtalc_proposals.h"

namespace co2net {
namespace {

constexpr double kLeastContrast = 0.2;  // of a final segment, relative to its class's highest

// Snippets [start, end), the longest that exceed the threshold.
struct Run {
  int start;
  int end;
  float threshold;
};

struct ContrastedRun {
  Run run;
  double contrast;
};

void check_scores(const Array& cas, const Array& attn) {
  expect_shape(attn, {-1}, "attn");
  expect_shape(cas, {attn.dim(0), -1}, "cas");
  if (cas.dim(1) < 2) {
    throw Error(ErrorKind::kInput, "cas: want a class and the background, got " +
                                       std::to_string(cas.dim(1)) + " columns");
  }
  const auto is_finite = [](float value) { return std::isfinite(value); };
  if (!std::ranges::all_of(cas.values, is_finite) || !std::ranges::all_of(attn.values, is_finite)) {
    throw Error(ErrorKind::kInput, "scores: NaN or infinity; localize the video again");
  }
}

std::vector<float> column(const Array& cas, std::int64_t label) {
  std::vector<float> values;
  for (std::int64_t t = 0; t < cas.dim(0); ++t) values.push_back(cas.row(t)[label]);
  return values;
}

// Activation of one class over time, weighted by attention where there is one.
std::vector<double> activation_of(const Array& cas, const Array& attn, std::int64_t label,
                                  NetworkKind kind) {
  const std::vector<float> own = column(cas, label);
  std::vector<double> activation(own.begin(), own.end());
  if (kind == NetworkKind::kClassifier) return activation;
  for (std::size_t t = 0; t < activation.size(); ++t) {
    activation[t] *= static_cast<double>(attn.values[t]);
  }
  return activation;
}

// Probability of each class in the whole video, background left out.
std::vector<double> pooled_scores(const Array& cas, const Array& attn,
                                  const ProposalOptions& options) {
  const std::size_t k =
      std::max<std::size_t>(1, attn.values.size() / static_cast<std::size_t>(options.top_k_ratio));
  std::vector<double> scores;
  for (std::int64_t label = 0; label < cas.dim(1); ++label) {
    scores.push_back(top_mean(activation_of(cas, attn, label, options.kind), k));
  }
  if (options.kind == NetworkKind::kCo2Net) scores = softmax(scores);
  scores.pop_back();
  return scores;
}

std::vector<int> kept_classes(const std::vector<double>& scores, const ProposalOptions& options) {
  std::vector<int> kept;
  for (std::size_t label = 0; label < scores.size(); ++label) {
    if (scores[label] >= options.class_threshold) kept.push_back(static_cast<int>(label));
  }
  if (kept.empty() && options.kind == NetworkKind::kCo2Net) {
    kept.push_back(static_cast<int>(std::ranges::max_element(scores) - scores.begin()));
  }
  return kept;
}

// Compares in float32, as the reference does.
std::vector<Run> runs_above(const std::vector<float>& attn, float threshold) {
  std::vector<Run> runs;
  bool inside = false;
  for (int t = 0; t < static_cast<int>(attn.size()); ++t) {
    const bool above = attn[static_cast<std::size_t>(t)] > threshold;
    if (above && !inside) runs.push_back({t, t, threshold});
    if (above) runs.back().end = t + 1;
    inside = above;
  }
  return runs;
}

std::vector<float> attention_of(const Array& cas, const Array& attn, std::int64_t label,
                                NetworkKind kind) {
  return kind == NetworkKind::kClassifier ? column(cas, label) : attn.values;
}

std::vector<Run> candidate_runs(const std::vector<float>& attention,
                                const ProposalOptions& options) {
  std::vector<Run> candidates;
  for (const double threshold : options.attention_thresholds) {
    const std::vector<Run> runs = runs_above(attention, static_cast<float>(threshold));
    const bool only_snippet_0 = runs.size() == 1 && runs[0].end == 1;
    if (only_snippet_0 && options.compat == Compat::kAuthors) continue;
    candidates.insert(candidates.end(), runs.begin(), runs.end());
  }
  return candidates;
}

// Mean activation inside the run minus the mean in its context.
double contrast(const std::vector<double>& activation, const Run& run, double outer_ratio) {
  const int length = run.end - run.start;
  const double margin = outer_ratio * length;
  const int last = static_cast<int>(activation.size()) - 1;
  const int outer_start = static_cast<int>(std::max(0.0, run.start - margin));
  const int outer_end = static_cast<int>(std::min<double>(last, run.end - 1 + margin)) + 1;

  const auto sum = [&](int start, int end) {
    return std::accumulate(activation.begin() + start, activation.begin() + end, 0.0);
  };
  const double inner = sum(run.start, run.end) / length;
  const int outer_length = (run.start - outer_start) + (outer_end - run.end);
  if (outer_length == 0) return inner;
  return inner - (sum(outer_start, run.start) + sum(run.end, outer_end)) / outer_length;
}

std::vector<ContrastedRun> candidates_of(const Array& cas, const Array& attn, std::int64_t label,
                                         const ProposalOptions& options) {
  const std::vector<double> activation = activation_of(cas, attn, label, options.kind);
  std::vector<ContrastedRun> candidates;
  for (const Run& run : candidate_runs(attention_of(cas, attn, label, options.kind), options)) {
    candidates.push_back({run, contrast(activation, run, options.outer_ratio)});
  }
  return candidates;
}

// Those of a class's candidates that are final, in a video of so many snippets.
std::vector<ContrastedRun> distinct(std::vector<ContrastedRun> candidates, std::size_t snippets) {
  std::ranges::stable_sort(candidates, std::greater(), &ContrastedRun::contrast);
  std::vector<bool> is_taken(snippets);
  std::vector<ContrastedRun> taken;
  for (const ContrastedRun& candidate : candidates) {
    const double least = kLeastContrast * candidates.front().contrast;
    if (candidate.contrast <= 0 || candidate.contrast < least) break;
    const auto begin = is_taken.begin() + candidate.run.start,
               end = is_taken.begin() + candidate.run.end;
    if (std::find(begin, end, true) != end) continue;
    std::fill(begin, end, true);
    taken.push_back(candidate);
  }
  return taken;
}

// Where the line from the attention of snippet `below` to that of its neighbour `above` crosses the
// threshold, in strides from the middle of snippet 0.
double crossing(const std::vector<float>& attention, int below, int above, double threshold) {
  const double low = attention[static_cast<std::size_t>(below)],
               high = attention[static_cast<std::size_t>(above)];
  return below + (above - below) * (threshold - low) / (high - low);
}

FinalSegment final_segment(const Run& run, int label, double score,
                           const std::vector<float>& attention, double middle) {
  const int snippets = static_cast<int>(attention.size());
  FinalSegment segment{{run.start, run.end, label, score}, 0, static_cast<double>(snippets)};
  if (run.start > 0) {
    segment.start = middle + crossing(attention, run.start - 1, run.start, run.threshold);
  }
  if (run.end < snippets) {
    segment.end = middle + crossing(attention, run.end, run.end - 1, run.threshold);
  }
  return segment;
}

}  // namespace

std::vector<double> linspace(double first, double last, int count) {
  std::vector<double> values(static_cast<std::size_t>(count));
  const double step = (last - first) / (count - 1);
  for (int i = 0; i < count; ++i) values[static_cast<std::size_t>(i)] = first + i * step;
  values.back() = last;
  return values;
}

std::vector<double> video_scores(const Array& cas, const Array& attn,
                                 const ProposalOptions& options) {
  check_scores(cas, attn);
  if (attn.dim(0) == 0) throw Error(ErrorKind::kInput, "scores: no snippets");
  return pooled_scores(cas, attn, options);
}

std::vector<Proposal> propose(const Array& cas, const Array& attn, const ProposalOptions& options) {
  check_scores(cas, attn);
  if (attn.dim(0) < std::max(1, options.min_snippets)) return {};
  const std::vector<double> scores = pooled_scores(cas, attn, options);
  std::vector<Proposal> proposals;
  for (const int label : kept_classes(scores, options)) {
    const double bonus = options.gamma * scores[static_cast<std::size_t>(label)];
    std::vector<Proposal> candidates;
    for (const auto& [run, contrast] : candidates_of(cas, attn, label, options)) {
      candidates.push_back({run.start, run.end, label, contrast + bonus});
    }
    const auto taken = soft_nms(std::move(candidates), options.sigma, options.compat);
    proposals.insert(proposals.end(), taken.begin(), taken.end());
  }
  return proposals;
}

const Array& array_at(const Arrays& scores, const std::string& name) {
  const auto found = scores.find(name);
  if (found == scores.end()) {
    throw Error(ErrorKind::kInput, "the scores lack an array '" + name + "'");
  }
  return found->second;
}

std::vector<Proposal> proposals_of(const Arrays& scores, const ProposalOptions& options) {
  const Array& cas = array_at(scores, "cas");
  if (options.kind == NetworkKind::kWtalc) {
    return wtalc_proposals(cas, options.min_snippets, options.compat);
  }
  return propose(cas, array_at(scores, "attn"), options);
}

double least_telling_score(std::size_t classes) { return 1.5 / static_cast<double>(classes + 1); }

ClassThresholds fallback_thresholds(std::size_t classes) {
  return {std::max(0.2, least_telling_score(classes))};
}

FinalSegments final_segments(const Array& cas, const Array& attn, const ClassThresholds& thresholds,
                             const ProposalOptions& options) {
  check_scores(cas, attn);
  if (attn.dim(0) < std::max(1, options.min_snippets)) return {};
  const std::vector<double> scores = pooled_scores(cas, attn, options);
  FinalSegments found;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const int label = static_cast<int>(i);
    const double threshold = thresholds.of(label);
    if (scores[i] < threshold) continue;
    found.classes.push_back({label, scores[i], threshold});
    const std::vector<float> attention = attention_of(cas, attn, label, options.kind);
    for (const auto& [run, contrast] :
         distinct(candidates_of(cas, attn, label, options), attention.size())) {
      const double score = contrast + options.gamma * scores[i];
      found.segments.push_back(final_segment(run, label, score, attention, options.middle));
    }
  }
  return found;
}

bool is_ambiguous(double start, double end, const std::vector<Interval>& ambiguous,
                  double snippets_per_second) {
  return std::ranges::any_of(ambiguous, [&](const Interval& interval) {
    const double ambiguous_start = std::nearbyint(interval.start_s * snippets_per_second);
    const double ambiguous_end = std::nearbyint(interval.end_s * snippets_per_second);
    return std::max(start, ambiguous_start) < std::min(end, ambiguous_end);
  });
}

}  // namespace co2net
