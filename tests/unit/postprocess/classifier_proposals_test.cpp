#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>

#include "pipeline/base/error.h"
#include "postprocess/nms.h"
#include "postprocess/proposals.h"

namespace co2net {
namespace {

using Proposals = std::vector<Proposal>;

ProposalOptions of_a_classifier() {
  ProposalOptions options;
  options.kind = NetworkKind::kClassifier;
  options.compat = Compat::kClean;
  return options;
}

// The rules for a class that is its own attention, written down without a thought for time.
class Course {
 public:
  Course(const Array& cas, int label) : label_(label) {
    for (std::int64_t t = 0; t < cas.dim(0); ++t) p_.push_back(cas.row(t)[label]);
  }

  double video_score() const {
    std::vector<double> sorted(p_.begin(), p_.end());
    std::ranges::sort(sorted, std::greater());
    const std::size_t count = std::max<std::size_t>(1, p_.size() / 10);
    double sum = 0;
    for (std::size_t i = 0; i < count; ++i) sum += sorted[i];
    return sum / static_cast<double>(count);
  }

  // By threshold, then by start.
  Proposals candidates() const {
    Proposals all;
    for (int i = 0; i < 10; ++i) {
      const auto threshold = static_cast<float>(0.1 + 0.8 * i / 9);
      for (int start = 0; start < snippets(); ++start) {
        for (int end = start + 1; end <= snippets(); ++end) {
          if (is_run(start, end, threshold)) {
            all.push_back({start, end, label_, contrast(start, end)});
          }
        }
      }
    }
    return all;
  }

  Proposals final_ones() const {
    Proposals left = candidates(), taken;
    std::ranges::stable_sort(left, std::greater(), &Proposal::score);
    const double best = left.empty() ? 0 : left.front().score;
    for (const Proposal& candidate : left) {
      const bool is_free = std::ranges::all_of(taken, [&](const Proposal& other) {
        return other.end <= candidate.start || candidate.end <= other.start;
      });
      if (is_free && candidate.score > 0 && candidate.score >= 0.2 * best) {
        taken.push_back(candidate);
      }
    }
    return taken;
  }

 private:
  int snippets() const { return static_cast<int>(p_.size()); }

  bool is_run(int start, int end, float threshold) const {
    const auto is_above = [&](int t) {
      return t >= 0 && t < snippets() && p_[static_cast<std::size_t>(t)] > threshold;
    };
    for (int t = start; t < end; ++t) {
      if (!is_above(t)) return false;
    }
    return !is_above(start - 1) && !is_above(end);
  }

  double contrast(int start, int end) const {
    const double margin = 0.25 * (end - start);
    double inside = 0, outside = 0;
    int count_outside = 0;
    for (int t = 0; t < snippets(); ++t) {
      const double p = p_[static_cast<std::size_t>(t)];
      if (t >= start && t < end) {
        inside += p;
      } else if (t >= std::trunc(start - margin) && t <= std::trunc(end - 1 + margin)) {
        outside += p;
        ++count_outside;
      }
    }
    return inside / (end - start) - (count_outside == 0 ? 0 : outside / count_outside);
  }

  int label_;
  std::vector<float> p_;
};

// Probabilities of three classes that come and go, beside a column of zeros.
Array random_scores(std::mt19937_64& random) {
  const auto uniform = [&](double low, double high) {
    return std::uniform_real_distribution(low, high)(random);
  };
  Array cas({static_cast<std::int64_t>(1 + random() % 40), 4});
  double logits[4] = {0, 0, 0, 0};
  for (std::int64_t t = 0; t < cas.dim(0); ++t) {
    double sum = 0;
    for (double& logit : logits) {
      logit = std::clamp(logit + uniform(-1.5, 1.5), -4., 4.);
      sum += std::exp(logit);
    }
    for (int k = 0; k < 3; ++k) cas.row(t)[k] = static_cast<float>(std::exp(logits[k]) / sum);
  }
  return cas;
}

Array largest_of(const Array& cas) {
  Array attn({cas.dim(0)});
  for (std::int64_t t = 0; t < cas.dim(0); ++t) {
    attn.values[static_cast<std::size_t>(t)] = *std::max_element(cas.row(t), cas.row(t) + 3);
  }
  return attn;
}

void expect_same(const Proposals& found, const Proposals& want) {
  ASSERT_EQ(found.size(), want.size());
  for (std::size_t i = 0; i < want.size(); ++i) {
    EXPECT_EQ(found[i].start, want[i].start);
    EXPECT_EQ(found[i].end, want[i].end);
    EXPECT_EQ(found[i].label, want[i].label);
    EXPECT_NEAR(found[i].score, want[i].score, 1e-9);
  }
}

TEST(ClassifierProposals, AreThoseOfATranscriptionOnRandomScores) {
  std::mt19937_64 random(3);
  const ProposalOptions options = of_a_classifier();
  std::size_t candidates = 0, segments = 0, left_out = 0;
  for (int video = 0; video < 200; ++video) {
    SCOPED_TRACE(video);
    const Array cas = random_scores(random), attn = largest_of(cas);
    Proposals all, final_ones;
    std::vector<double> scores;
    std::vector<KeptClass> kept;
    for (int label = 0; label < 3; ++label) {
      const Course course(cas, label);
      scores.push_back(course.video_score());
      if (scores.back() < 0.2) {
        ++left_out;
        continue;
      }
      kept.push_back({label, scores.back(), 0.2});
      const auto with_bonus = [&](Proposals proposals) {
        for (Proposal& proposal : proposals) proposal.score += 0.2 * scores.back();
        return proposals;
      };
      const Proposals decayed = soft_nms(with_bonus(course.candidates()), 0.3, Compat::kClean);
      all.insert(all.end(), decayed.begin(), decayed.end());
      const Proposals distinct = with_bonus(course.final_ones());
      final_ones.insert(final_ones.end(), distinct.begin(), distinct.end());
    }
    const std::vector<double> found_scores = video_scores(cas, attn, options);
    ASSERT_EQ(found_scores.size(), 3u);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(found_scores[i], scores[i], 1e-12);
    expect_same(propose(cas, attn, options), all);
    const FinalSegments found = final_segments(cas, attn, {0.2}, options);
    Proposals runs;
    for (const FinalSegment& segment : found.segments) runs.push_back(segment.run);
    expect_same(runs, final_ones);
    ASSERT_EQ(found.classes.size(), kept.size());
    for (std::size_t i = 0; i < kept.size(); ++i) {
      EXPECT_EQ(found.classes[i].label, kept[i].label);
      EXPECT_NEAR(found.classes[i].score, kept[i].score, 1e-12);
      EXPECT_EQ(found.classes[i].threshold, 0.2);
    }
    candidates += all.size();
    segments += final_ones.size();
  }
  EXPECT_GT(candidates, 3000u);
  EXPECT_GT(segments, 300u);
  EXPECT_GT(left_out, 20u);
}

TEST(ClassifierProposals, EndWhereTheClasssOwnProbabilityCrossesTheThreshold) {
  ProposalOptions options = of_a_classifier();
  options.attention_thresholds = {0.5};
  const Array cas({3, 2}, {0.25f, 0, 0.75f, 0, 0, 0}), attn({3}, {1, 1, 1});
  const FinalSegments found = final_segments(cas, attn, {0.2}, options);
  ASSERT_EQ(found.segments.size(), 1u);
  EXPECT_DOUBLE_EQ(found.segments[0].start, 0.5 + 0.5);
  EXPECT_DOUBLE_EQ(found.segments[0].end, 1 + 1. / 3 + 0.5);
}

TEST(ClassifierProposals, AreNoneWhereNoClassIsLikely) {
  const Array cas({3, 3}, {0.15f, 0.1f, 0, 0.19f, 0.1f, 0, 0.15f, 0.1f, 0});
  const Array attn({3}, {0.15f, 0.19f, 0.15f});
  EXPECT_TRUE(propose(cas, attn, of_a_classifier()).empty()) << "not even of the best class";
  EXPECT_TRUE(final_segments(cas, attn, {0.2}, of_a_classifier()).segments.empty());
}

TEST(VideoScores, OfACo2NetAreThoseThatKeepItsClasses) {
  const Array cas({2, 3}, {3, 1, 0, 0, 2, 0}), attn({2}, {1, 0.5f});
  const std::vector<double> scores = video_scores(cas, attn);
  const FinalSegments found = final_segments(cas, attn, {0});
  ASSERT_EQ(found.classes.size(), 2u);
  for (const KeptClass& kept : found.classes) {
    EXPECT_EQ(kept.score, scores.at(static_cast<std::size_t>(kept.label)));
  }
  EXPECT_LT(scores[0] + scores[1], 1) << "the background has its share";
}

TEST(VideoScores, RefuseAVideoWithoutSnippets) {
  EXPECT_THROW(video_scores(Array({0, 3}), Array({0}), of_a_classifier()), Error);
}

}  // namespace
}  // namespace co2net
