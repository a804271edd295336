#include "postprocess/proposals.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>

#include "pipeline/formats/npy.h"
#include "postprocess/final_evaluation.h"
#include "tests/golden/golden.h"
#include "tests/support.h"

namespace co2net {
namespace {

using AmbiguousIntervals = std::map<std::string, std::vector<Interval>>;

// Lines of a video's name, start and end in seconds.
AmbiguousIntervals read_ambiguous(const std::filesystem::path& path) {
  AmbiguousIntervals intervals;
  std::ifstream file(path);
  std::string video;
  Interval interval;
  while (file >> video >> interval.start_s >> interval.end_s) intervals[video].push_back(interval);
  return intervals;
}

int check_videos(const Arrays& golden, const AmbiguousIntervals& ambiguous) {
  int videos = 0;
  for (const auto& [key, want] : golden) {
    if (!key.ends_with("/proposals")) continue;
    const std::string video = key.substr(0, key.find('/'));
    SCOPED_TRACE(video);
    std::vector<Proposal> proposals =
        propose(golden.at(video + "/cas"), golden.at(video + "/attn"));
    if (ambiguous.contains(video)) {
      std::erase_if(proposals, [&](const Proposal& proposal) {
        return is_ambiguous(proposal.start, proposal.end, ambiguous.at(video), kSnippetsPerSecond);
      });
    }
    test::expect_proposals(proposals, want);
    ++videos;
  }
  return videos;
}

// The final segments of every video that there are scores of, at the features' rate.
Predictions final_predictions(const Arrays& golden, const std::vector<std::string>& classes) {
  Predictions predictions;
  for (const auto& [key, cas] : golden) {
    if (!key.ends_with("/cas")) continue;
    const std::string video = key.substr(0, key.find('/'));
    const FinalSegments found =
        final_segments(cas, golden.at(video + "/attn"), fallback_thresholds(classes.size()));
    VideoPredictions& of_video = predictions.emplace_back();
    of_video.id = video;
    of_video.final_segments = to_segments(found.segments, classes, 16, 25, 1e9);
  }
  return predictions;
}

TEST(FinalSegmentsGolden, AreRightNineTimesInTenInTheTenVideos) {
  const auto golden = test::golden_dir() / "proposals_golden.npz";
  const auto truths = test::data_dir() / "annotations" / "thumos14_reduced.json";
  SKIP_WITHOUT(golden);
  SKIP_WITHOUT(truths);
  Annotations annotations = read_annotations(truths);
  const Predictions predictions = final_predictions(read_npz(golden), annotations.classes);
  std::erase_if(annotations.videos, [&](const AnnotatedVideo& video) {
    return std::ranges::find(predictions, video.id, &VideoPredictions::id) == predictions.end();
  });
  const FinalEvaluation found = evaluate_final(predictions, annotations, "");
  EXPECT_EQ(found.segments, 188);
  EXPECT_EQ(found.truths, 212);
  EXPECT_EQ(found.accuracy[0].hits, 180);
  EXPECT_EQ(found.accuracy[1].hits, 174) << "a precision of 0.93, a recall of 0.82";
  EXPECT_EQ(found.accuracy[2].hits, 146);
}

TEST(ProposalsGolden, GivesTheReferencesSegmentsInItsOrder) {
  EXPECT_EQ(check_videos(read_npz(test::golden_copy("proposals.npz")), {}), 3);
}

TEST(ProposalsGolden, GivesThemForAllTenVideosWithoutTheAmbiguousOnes) {
  const auto golden = test::golden_dir() / "proposals_golden.npz";
  const auto list = test::data_dir() / "annotations" / "thumos14_ambiguous_test.txt";
  SKIP_WITHOUT(golden);
  SKIP_WITHOUT(list);
  EXPECT_EQ(check_videos(read_npz(golden), read_ambiguous(list)), 10);
}

}  // namespace
}  // namespace co2net
