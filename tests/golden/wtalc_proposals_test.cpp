#include "postprocess/wtalc_proposals.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "pipeline/base/files.h"
#include "pipeline/base/json.h"
#include "pipeline/formats/npy.h"
#include "postprocess/classification.h"
#include "postprocess/proposals.h"
#include "tests/golden/golden.h"

namespace co2net {
namespace {

constexpr double kTolerance = 2e-5;

struct Found {
  int video = 0;
  Proposal segment;
};

class WtalcProposalsGolden : public testing::Test {
 protected:
  const Arrays arrays = read_npz(test::golden_copy("wtalc.npz"));
  const Json json =
      parse_json(read_file(test::golden_copy("wtalc.json")), "wtalc.json", ErrorKind::kInput);

  // Of the classes that the reference was asked for.
  static void append(std::vector<Found>& found, int video, const Array& cas,
                     const std::vector<int>& classes) {
    for (const Proposal& segment : wtalc_proposals(cas)) {
      if (std::ranges::find(classes, segment.label) != classes.end()) {
        found.push_back({video, segment});
      }
    }
  }

  //   want  [n, 5]: video, class, start, end, score
  void expect_list(const std::vector<Found>& found, const std::string& key) const {
    const Array& want = arrays.at(key);
    ASSERT_EQ(static_cast<std::int64_t>(found.size()), want.dim(0)) << key;
    for (std::int64_t i = 0; i < want.dim(0); ++i) {
      const auto& [video, segment] = found[static_cast<std::size_t>(i)];
      const float* row = want.row(i);
      EXPECT_EQ((std::vector<int>{video, segment.label, segment.start, segment.end}),
                std::vector<int>(row, row + 4))
          << key << " " << i;
      EXPECT_NEAR(segment.score, row[4], kTolerance) << key << " " << i;
    }
  }

  // The videos of `eval`, whose scores lie one after the other.
  std::vector<Array> evaluated_videos() const {
    const Array& all = arrays.at("eval/cas");
    std::vector<Array> videos;
    std::int64_t first = 0;
    for (const std::int64_t snippets : json.at("eval").at("T")) {
      const Shape shape{snippets, all.dim(1)};
      videos.push_back({shape, {all.row(first), all.row(first) + element_count(shape)}});
      first += snippets;
    }
    return videos;
  }
};

TEST_F(WtalcProposalsGolden, AreTheReferencesInItsOrder) {
  const Json& detect = json.at("detect");
  std::vector<Found> all;
  for (int video = 0; video < static_cast<int>(detect["videos"].size()); ++video) {
    const std::string name = detect["videos"][static_cast<std::size_t>(video)];
    append(all, video, arrays.at("forward/" + name + "/cas"), detect["classes"]);
  }
  expect_list(all, "detect/all");

  std::map<std::string, std::vector<Interval>> ambiguous;
  for (const Json& interval : detect["ambiguous"]) {
    ambiguous[interval[0]].push_back({interval[1], interval[2]});
  }
  std::erase_if(all, [&](const Found& found) {
    const auto of_video = ambiguous.find(detect["videos"][static_cast<std::size_t>(found.video)]);
    return of_video != ambiguous.end() && is_ambiguous(found.segment.start, found.segment.end,
                                                       of_video->second, kSnippetsPerSecond);
  });
  std::ranges::stable_sort(all, {}, [](const Found& found) { return found.segment.label; });
  expect_list(all, "detect/kept");
}

TEST_F(WtalcProposalsGolden, ClassesThatAreNotThereHaveNone) {
  const std::vector<int> classes = json.at("detect").at("classes");
  for (const Json& name : json.at("detect").at("videos")) {
    for (const Proposal& segment :
         wtalc_proposals(arrays.at("forward/" + name.get<std::string>() + "/cas"))) {
      EXPECT_NE(std::ranges::find(classes, segment.label), classes.end()) << segment.label;
    }
  }
}

TEST_F(WtalcProposalsGolden, AreThoseOfTheEvaluatedVideosAndOfNoneShorterThanEightSnippets) {
  const Json& eval = json.at("eval");
  const std::vector<Array> videos = evaluated_videos();
  std::vector<Found> found;
  int with_segments = 0;
  for (std::size_t i = 0; i < videos.size(); ++i) {
    if (eval["database"][eval["names"][i].get<std::string>()]["annotations"].empty()) continue;
    append(found, with_segments++, videos[i], eval["segment_classes"]);
  }
  expect_list(found, "eval/all");
}

TEST_F(WtalcProposalsGolden, VideoScoresAndTheirClassificationMapAreTheReferences) {
  const auto expect_scores = [](const std::vector<double>& got, const float* want) {
    for (std::size_t label = 0; label < got.size(); ++label) {
      EXPECT_NEAR(got[label], want[label], 2e-6);
    }
  };
  for (const auto& [key, of_case] : json.at("forward").items()) {
    const Array& cas = arrays.at("forward/" + key + "/cas");
    const std::vector<double> scores = video_class_scores(cas, NetworkKind::kWtalc);
    ASSERT_EQ(scores.size(), of_case["n_class"].get<std::size_t>());
    expect_scores(scores, arrays.at("forward/" + key + "/video").values.data());
  }

  Classification classification;
  std::int64_t video = 0;
  for (const Array& cas : evaluated_videos()) {
    classification.scores.push_back(video_class_scores(cas, NetworkKind::kWtalc));
    expect_scores(classification.scores.back(), arrays.at("eval/video").row(video));
    std::vector<bool>& labels = classification.labels.emplace_back();
    for (int label = 0; label < 20; ++label) {
      labels.push_back(arrays.at("eval/labels").row(video)[label] == 1);
    }
    ++video;
  }
  EXPECT_NEAR(100 * classification_map(classification.scores, classification.labels),
              json.at("eval").at("classification_map"), 1e-5);
}

}  // namespace
}  // namespace co2net
