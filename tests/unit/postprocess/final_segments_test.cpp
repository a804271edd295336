#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <utility>

#include "pipeline/base/error.h"
#include "postprocess/proposals.h"
#include "tests/unit/postprocess/scores.h"

namespace co2net {
namespace {

using Segments = std::vector<std::pair<int, int>>;

using test::attn_of;
using test::cas_of;

Segments spans_of(const FinalSegments& found) {
  Segments spans;
  for (const FinalSegment& segment : found.segments) {
    spans.emplace_back(segment.run.start, segment.run.end);
  }
  return spans;
}

// What a person would write down from the rule, without a thought for time.
class Transcription {
 public:
  Transcription(const Array& cas, const Array& attn, const ProposalOptions& options)
      : cas_(cas), attn_(attn), options_(options) {}

  FinalSegments with(const ClassThresholds& thresholds) const {
    FinalSegments found;
    const int classes = static_cast<int>(cas_.dim(1)) - 1;
    for (int label = 0; label < classes; ++label) {
      const double score = video_score(label);
      const double threshold = thresholds.of(label);
      if (score < threshold) continue;
      found.classes.push_back({label, score, threshold});
      for (FinalSegment segment : chosen(candidates(label))) {
        segment.run.score += options_.gamma * score;
        found.segments.push_back(segment);
      }
    }
    return found;
  }

 private:
  int snippets() const { return static_cast<int>(attn_.dim(0)); }
  double attention(int t) const { return attn_.values[static_cast<std::size_t>(t)]; }
  double activation(int t, int label) const { return cas_.row(t)[label] * attention(t); }

  double pooled(int label) const {
    std::vector<double> values;
    for (int t = 0; t < snippets(); ++t) values.push_back(activation(t, label));
    std::ranges::sort(values, std::greater());
    const int count = std::max(1, snippets() / options_.top_k_ratio);
    double sum = 0;
    for (int i = 0; i < count; ++i) sum += values[static_cast<std::size_t>(i)];
    return sum / count;
  }

  double video_score(int label) const {
    double all = 0;
    for (int other = 0; other < static_cast<int>(cas_.dim(1)); ++other) {
      all += std::exp(pooled(other) - pooled(label));
    }
    return 1 / all;
  }

  double contrast(int start, int end, int label) const {
    const double margin = options_.outer_ratio * (end - start);
    double inside = 0, outside = 0;
    int count_outside = 0;
    for (int t = 0; t < snippets(); ++t) {
      if (t >= start && t < end) {
        inside += activation(t, label);
      } else if (t >= std::trunc(start - margin) && t <= std::trunc(end - 1 + margin)) {
        outside += activation(t, label);
        ++count_outside;
      }
    }
    const double mean_outside = count_outside == 0 ? 0 : outside / count_outside;
    return inside / (end - start) - mean_outside;
  }

  bool is_run(int start, int end, double threshold) const {
    const auto is_above = [&](int t) {
      return t >= 0 && t < snippets() && attention(t) > static_cast<float>(threshold);
    };
    for (int t = start; t < end; ++t) {
      if (!is_above(t)) return false;
    }
    return !is_above(start - 1) && !is_above(end);
  }

  // Snippet t's middle is at t + 0.7; the lines between middles are walked along in small steps.
  double end_of_walk(double from, int direction, double threshold) const {
    constexpr double kStep = 1e-3;
    for (double at = from; at >= 0 && at <= snippets() - 1; at += direction * kStep) {
      const int before = static_cast<int>(at), after = std::min(before + 1, snippets() - 1);
      const double share = at - before;
      if ((1 - share) * attention(before) + share * attention(after) <= threshold) return at + 0.7;
    }
    return direction < 0 ? 0 : snippets();
  }

  std::vector<FinalSegment> candidates(int label) const {
    std::vector<FinalSegment> all;
    for (const double threshold : options_.attention_thresholds) {
      std::vector<FinalSegment> of_threshold;
      for (int start = 0; start < snippets(); ++start) {
        for (int end = start + 1; end <= snippets(); ++end) {
          if (!is_run(start, end, threshold)) continue;
          of_threshold.push_back({{start, end, label, contrast(start, end, label)},
                                  end_of_walk(start, -1, static_cast<float>(threshold)),
                                  end_of_walk(end - 1, 1, static_cast<float>(threshold))});
        }
      }
      const bool only_first = of_threshold.size() == 1 && of_threshold[0].run.end == 1;
      if (only_first && options_.compat == Compat::kAuthors) continue;
      all.insert(all.end(), of_threshold.begin(), of_threshold.end());
    }
    return all;
  }

  static std::vector<FinalSegment> chosen(const std::vector<FinalSegment>& all) {
    std::vector<FinalSegment> segments;
    double best = 0;
    for (const FinalSegment& candidate : all) best = std::max(best, candidate.run.score);
    for (;;) {
      const FinalSegment* next = nullptr;
      for (const FinalSegment& candidate : all) {
        const Proposal& run = candidate.run;
        const bool is_free = std::ranges::all_of(segments, [&](const FinalSegment& taken) {
          return taken.run.end <= run.start || run.end <= taken.run.start;
        });
        if (!is_free || run.score <= 0 || run.score < 0.2 * best) continue;
        if (next == nullptr || run.score > next->run.score) next = &candidate;
      }
      if (next == nullptr) return segments;
      segments.push_back(*next);
    }
  }

  const Array& cas_;
  const Array& attn_;
  const ProposalOptions& options_;
};

TEST(FinalSegments, AreThoseOfATranscriptionOnRandomScores) {
  std::mt19937_64 random(7);
  const auto uniform = [&](double low, double high) {
    return std::uniform_real_distribution(low, high)(random);
  };
  std::size_t segments = 0, classes = 0;
  for (int video = 0; video < 200; ++video) {
    const auto snippets = static_cast<std::int64_t>(1 + random() % 40);
    Array cas({snippets, 4}), attn({snippets});
    for (float& value : cas.values) value = static_cast<float>(uniform(-1, 4));
    float level = 0.5f;
    for (float& value : attn.values) {
      level = std::clamp(level + static_cast<float>(uniform(-0.3, 0.3)), 0.f, 1.f);
      value = level;
    }
    ProposalOptions options;
    options.middle = 0.7;
    if (video % 2 == 0) options.compat = Compat::kClean;
    const ClassThresholds thresholds = {0.25, {{0, 0.1}, {2, 0.4}}};
    const FinalSegments found = final_segments(cas, attn, thresholds, options);
    const FinalSegments want = Transcription(cas, attn, options).with(thresholds);
    ASSERT_EQ(found.classes.size(), want.classes.size()) << video;
    for (std::size_t i = 0; i < want.classes.size(); ++i) {
      EXPECT_EQ(found.classes[i].label, want.classes[i].label);
      EXPECT_EQ(found.classes[i].threshold, want.classes[i].threshold);
      EXPECT_NEAR(found.classes[i].score, want.classes[i].score, 1e-12);
    }
    ASSERT_EQ(spans_of(found), spans_of(want)) << video;
    for (std::size_t i = 0; i < want.segments.size(); ++i) {
      EXPECT_EQ(found.segments[i].run.label, want.segments[i].run.label);
      EXPECT_NEAR(found.segments[i].run.score, want.segments[i].run.score, 1e-9);
      EXPECT_NEAR(found.segments[i].start, want.segments[i].start, 2e-3);
      EXPECT_NEAR(found.segments[i].end, want.segments[i].end, 2e-3);
    }
    segments += want.segments.size();
    classes += want.classes.size();
  }
  EXPECT_GT(segments, 300u);
  EXPECT_GT(classes, 200u);
  EXPECT_LT(classes, 600u);
}

TEST(FinalSegments, TakeTheLevelOfAnEventThatStandsOutMost) {
  const Array attn = attn_of({0.15f, 0.5f, 0.9f, 0.9f, 0.5f, 0.15f, 0, 0});
  const FinalSegments found = final_segments(cas_of({1, 1, 8, 8, 1, 1, 1, 1}), attn, {0});
  EXPECT_EQ(spans_of(found), (Segments{{2, 4}}));
}

TEST(FinalSegments, BeginAndEndWhereTheAttentionCrossesTheirThreshold) {
  ProposalOptions options;
  options.attention_thresholds = {0.5};
  options.middle = 0.25;
  const Array attn = attn_of({0, 0.25f, 0.75f, 1, 0});
  const FinalSegments found = final_segments(cas_of({0, 0, 5, 5, 0}), attn, {0}, options);
  ASSERT_EQ(spans_of(found), (Segments{{2, 4}}));
  EXPECT_DOUBLE_EQ(found.segments[0].start, 1.5 + 0.25);
  EXPECT_DOUBLE_EQ(found.segments[0].end, 3.5 + 0.25);
  const FinalSegments whole = final_segments(cas_of({5, 5}), attn_of({1, 1}), {0}, options);
  ASSERT_EQ(whole.segments.size(), 1u);
  EXPECT_EQ(whole.segments[0].start, 0);
  EXPECT_EQ(whole.segments[0].end, 2) << "at the video's limits they stay";
}

TEST(FinalSegments, LeaveOutWhatIsBelowAFifthOfTheClassesHighestContrast) {
  const Array attn = attn_of({0, 1, 0, 0, 1, 0, 0, 1, 0});
  EXPECT_EQ(spans_of(final_segments(cas_of({0, 10, 0, 0, 2.5f, 0, 0, 1.5f, 0}), attn, {0})),
            (Segments{{1, 2}, {4, 5}}));
}

TEST(FinalSegments, AreNoneWhereNothingStandsOut) {
  const Array attn = attn_of({1, 1, 1, 0.5f});
  EXPECT_TRUE(final_segments(cas_of({-1, -1, -1, -1}), attn, {0}).segments.empty());
  EXPECT_TRUE(final_segments(cas_of({0, 0, 0, 0}), attn, {0}).segments.empty());
}

TEST(FinalSegments, AreOnlyOfClassesThatReachTheirOwnThreshold) {
  const Array cas({1, 3}, {1, 1, 1});
  const FinalSegments found = final_segments(cas, attn_of({1}), {0.4, {{1, 0.3}}});
  ASSERT_EQ(found.classes.size(), 1u);
  EXPECT_EQ(found.classes[0].label, 1);
  EXPECT_DOUBLE_EQ(found.classes[0].score, 1. / 3);
  EXPECT_EQ(found.classes[0].threshold, 0.3);
  const FinalSegments none = final_segments(cas, attn_of({1}), {0.4});
  EXPECT_TRUE(none.classes.empty() && none.segments.empty()) << "not even the best class";
}

TEST(FinalSegments, HaveACandidatesScoreBeforeSoftNms) {
  ProposalOptions options;
  options.compat = Compat::kClean;
  const Array cas = cas_of({0, 5, 0, 0}), attn = attn_of({0, 1, 0, 0});
  const FinalSegments found = final_segments(cas, attn, {0}, options);
  ASSERT_EQ(found.segments.size(), 1u);
  EXPECT_EQ(found.segments[0].run, propose(cas, attn, options).front());
}

TEST(FinalSegments, OfAVideoShorterThanTheLeastAreNone) {
  ProposalOptions options;
  options.min_snippets = 2;
  const FinalSegments found = final_segments(cas_of({1}), attn_of({1}), {0}, options);
  EXPECT_TRUE(found.classes.empty() && found.segments.empty());
  EXPECT_TRUE(final_segments(Array({0, 2}), Array({0}), {0}).segments.empty());
}

TEST(FinalSegments, RefuseScoresThatDoNotFitOrAreNotFinite) {
  EXPECT_THROW(final_segments(Array({3, 2}), Array({4}), {0}), Error);
  EXPECT_THROW(final_segments(cas_of({1, NAN}), attn_of({1, 1}), {0}), Error);
}

TEST(FallbackThresholds, AreAFifthOrHalfMoreThanAllClassesScoreWithoutAttention) {
  EXPECT_EQ(fallback_thresholds(2).of(1), 0.5);
  EXPECT_EQ(fallback_thresholds(20).of(1), 0.2);
}

}  // namespace
}  // namespace co2net
