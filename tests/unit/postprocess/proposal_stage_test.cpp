#include "postprocess/proposal_stage.h"

#include <gtest/gtest.h>

#include <set>

#include "pipeline/formats/npy.h"
#include "postprocess/exporters.h"
#include "tests/unit/expect_error.h"

namespace co2net {
namespace {

const std::vector<std::string> kClasses = {"Run", "Long jump"};

CacheKey scores_key(int number) { return KeyBuilder("scores", 1).add("number", number).build(); }

// Snippets 2 and 3 of 8 are class 1.
Arrays some_scores() {
  Array cas({8, 3}), attn({8});
  for (const std::int64_t t : {2, 3}) {
    cas.row(t)[1] = 5;
    attn.values[static_cast<std::size_t>(t)] = 0.95f;
  }
  return {{"attn", attn}, {"cas", cas}};
}

const ClassThresholds kThresholds = {0.3, {{1, 0.6}}};

Entry compute(const Arrays& scores, const ProposalOptions& options = {}) {
  const Entry input{{{"video", {{"fps", 25}, {"duration", 2.3}}}}, format_npz(scores), {}};
  return proposal_stage(0, scores_key(1), options, kClasses, kThresholds, 16).compute({input}, {});
}

std::vector<Segment> segments_of(const Entry& entry, const std::string& kind) {
  return segments_from_json(parse_json(entry.bytes, "x", ErrorKind::kInternal).at(kind));
}

std::string digest(int scores, const ProposalOptions& options,
                   const std::vector<std::string>& classes, int stride,
                   const ClassThresholds& thresholds = kThresholds) {
  return proposal_stage(0, scores_key(scores), options, classes, thresholds, stride).key.digest;
}

TEST(ProposalStage, TurnsScoresIntoSegmentsInSecondsWithinTheVideo) {
  const Entry entry = compute(some_scores());
  const std::vector<Segment> segments = segments_of(entry, "segments");
  ASSERT_FALSE(segments.empty());
  EXPECT_EQ(segments[0].label, "Long jump");
  EXPECT_EQ(segments[0].start_s, 1.28);
  EXPECT_EQ(segments[0].end_s, 2.3) << "snippet 4 starts at 2.56 s, after the video's end";
  EXPECT_EQ(entry.info.at("video").at("fps"), 25) << "facts are passed on";
}

TEST(ProposalStage, OfAWtalcHasCandidatesAlone) {
  Array cas({8, 2});
  for (const std::int64_t t : {2, 3}) cas.row(t)[1] = 5;
  ProposalOptions options;
  options.kind = NetworkKind::kWtalc;
  const Entry entry = compute({{"cas", cas}}, options);
  const std::vector<Segment> segments = segments_of(entry, "segments");
  ASSERT_EQ(segments.size(), 1u);
  EXPECT_EQ(segments[0].label, "Long jump");
  EXPECT_FALSE(parse_json(entry.bytes, "x", ErrorKind::kInternal).contains("final"));
  EXPECT_FALSE(entry.info.at("video").contains("labels"));
  test::expect_error(ErrorKind::kInput, {"cas"}, [&] {
    compute({{"cas", Array({8, 3})}}, options);
  });
}

TEST(ProposalStage, HasFinalSegmentsAndTheClassesThatTheyAreOfBeside) {
  const Entry entry = compute(some_scores());
  const std::vector<Segment> segments = segments_of(entry, "final");
  ASSERT_EQ(segments.size(), 1u) << "one of ten thresholds";
  EXPECT_EQ(segments[0].label, "Long jump");
  EXPECT_EQ(segments[0].end_s, 2.3);
  const Json& labels = entry.info.at("video").at("labels");
  ASSERT_EQ(labels.size(), 1u);
  EXPECT_EQ(labels[0].at("label"), "Long jump");
  EXPECT_GT(labels[0].at("score"), 0.9);
  EXPECT_EQ(labels[0].at("threshold"), 0.6);
}

TEST(ProposalStage, SaysWhyAVideoThatIsTooShortHasNoSegments) {
  ProposalOptions options;
  options.min_snippets = 9;
  const Entry skipped = compute(some_scores(), options);
  EXPECT_TRUE(segments_of(skipped, "segments").empty() && segments_of(skipped, "final").empty());
  EXPECT_EQ(skipped.info.at("video").at("labels"), Json::array());
  EXPECT_EQ(skipped.info.at("video").at("skipped"),
            "8 snippets, fewer than the model's min_snippets, 9");
  EXPECT_EQ(skipped.info.at("video").at("fps"), 25);
  options.min_snippets = 8;
  const Entry localized = compute(some_scores(), options);
  EXPECT_FALSE(segments_of(localized, "segments").empty());
  EXPECT_FALSE(localized.info.at("video").contains("skipped"));
}

TEST(ProposalStage, NamesWhatTheScoresLackOrHaveInAnotherShape) {
  Arrays scores = some_scores();
  scores.erase("attn");
  test::expect_error(ErrorKind::kInput, {"'attn'"}, [&] { compute(scores); });
  scores = some_scores();
  scores["cas"] = Array({8, 21});
  test::expect_error(ErrorKind::kInput, {"cas", "[*, 3]", "[8, 21]"}, [&] { compute(scores); });
}

TEST(ProposalStage, ChangesItsKeyWithEverythingThatChangesSegments) {
  std::set<std::string> digests = {digest(1, {}, kClasses, 16),
                                   digest(2, {}, kClasses, 16),
                                   digest(1, {}, {"Run", "Jump"}, 16),
                                   digest(1, {}, kClasses, 4),
                                   digest(1, {}, kClasses, 16, {0.3, {}}),
                                   digest(1, {}, kClasses, 16, {0.2, {{1, 0.6}}})};
  std::size_t changes = digests.size();
  EXPECT_EQ(changes, 6u);
  const auto expect_new = [&](auto change) {
    ProposalOptions options;
    change(options);
    EXPECT_TRUE(digests.insert(digest(1, options, kClasses, 16)).second) << changes;
    ++changes;
  };
  expect_new([](ProposalOptions& options) { options.attention_thresholds.pop_back(); });
  expect_new([](ProposalOptions& options) { options.class_threshold = 0.3; });
  expect_new([](ProposalOptions& options) { options.middle = 0.25; });
  expect_new([](ProposalOptions& options) { options.top_k_ratio = 8; });
  expect_new([](ProposalOptions& options) { options.outer_ratio = 0.5; });
  expect_new([](ProposalOptions& options) { options.gamma = 0.1; });
  expect_new([](ProposalOptions& options) { options.sigma = 0.5; });
  expect_new([](ProposalOptions& options) { options.min_snippets = 2; });
  expect_new([](ProposalOptions& options) { options.compat = Compat::kClean; });
  expect_new([](ProposalOptions& options) { options.kind = NetworkKind::kClassifier; });
}

}  // namespace
}  // namespace co2net
