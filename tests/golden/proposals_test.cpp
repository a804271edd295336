#include "postprocess/proposals.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "pipeline/formats/npy.h"
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
