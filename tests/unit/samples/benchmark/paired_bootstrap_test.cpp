#include "samples/benchmark/paired_bootstrap.h"

#include <gtest/gtest.h>

#include "pipeline/base/files.h"
#include "samples/benchmark/ranking_file.h"
#include "tests/unit/expect_error.h"

namespace co2net {
namespace {

constexpr std::size_t kVideos = 20;

// One class, one ground truth a video, one threshold: the first `right` videos' is found, above a
// detection in each other video, which is wrong.
Ranking found_in(std::size_t right) {
  RankedClass ranked;
  ranked.hits.resize(1);
  for (std::size_t video = 0; video < kVideos; ++video) {
    ranked.truth_video_of.push_back(video);
    ranked.video_of.push_back(video);
    if (video < right) ranked.hits[0].push_back(video);
  }
  ranked.is_ignored.resize(kVideos);
  return {Protocol::kActivityNet, 1, kVideos, {{"run", ranked}}};
}

TEST(PairedBootstrap, FindsTheDifferenceOfMeansOverSeeds) {
  const Row row = {found_in(10), found_in(14)}, other = {found_in(4), found_in(8)};
  const Difference by = difference(row, other, {.resamples = 200});
  EXPECT_NEAR(by.value, (10 + 14 - 4 - 8) / 2. / kVideos, 1e-12);
  EXPECT_LT(by.low, by.value);
  EXPECT_GT(by.high, by.value);
  EXPECT_TRUE(by.excludes_zero());
}

TEST(PairedBootstrap, PairsSeedWithSeed) {
  const Row row = {found_in(4), found_in(14)};
  const Difference same = difference(row, row, {.resamples = 200});
  EXPECT_EQ(same.low, 0);
  EXPECT_EQ(same.high, 0);
  EXPECT_FALSE(same.excludes_zero());
  const Row crossed = {found_in(14), found_in(4)};
  const Difference other = difference(row, crossed, {.resamples = 200});
  EXPECT_NEAR(other.value, 0, 1e-12);
  EXPECT_LT(other.low, -0.3) << "both seeds drawn are the first";
  EXPECT_GT(other.high, 0.3);
}

TEST(PairedBootstrap, DrawsVideosToo) {
  const Row row = {found_in(10)}, other = {found_in(0)};
  const Difference by = difference(row, other, {.resamples = 4000});
  // The share of drawn videos that are found, of a binomial law: deviation sqrt(0.25 / 20).
  EXPECT_NEAR(by.low, 0.5 - 1.96 * 0.1118, 0.04);
  EXPECT_NEAR(by.high, 0.5 + 1.96 * 0.1118, 0.04);
}

TEST(PairedBootstrap, WidensIntervalsForTheNumberOfClaims) {
  const Row row = {found_in(10), found_in(12)}, other = {found_in(6), found_in(7)};
  const Difference one = difference(row, other, {.resamples = 2000}),
                   six = difference(row, other, {.resamples = 2000, .claims = 6});
  EXPECT_EQ(one.value, six.value);
  EXPECT_LT(six.low, one.low);
  EXPECT_GT(six.high, one.high);
}

TEST(PairedBootstrap, GivesTheSameIntervalEachTime) {
  const Row row = {found_in(10), found_in(12)}, other = {found_in(6), found_in(7)};
  const Difference once = difference(row, other, {.resamples = 300}),
                   again = difference(row, other, {.resamples = 300});
  EXPECT_EQ(once.low, again.low);
  EXPECT_NE(once.low, difference(row, other, {.resamples = 300, .seed = 2}).low);
}

TEST(PairedBootstrap, DrawsVideosAnewThatHaveNoGroundTruth) {
  const auto of_one_video = [](bool is_found) {
    Ranking ranking = found_in(is_found ? 1 : 0);
    ranking.classes.at("run").truth_video_of = {0};
    return ranking;
  };
  // A third of the draws has not got that video.
  const Row row = {of_one_video(true)}, other = {of_one_video(false)};
  const Difference by = difference(row, other, {.resamples = 200});
  EXPECT_EQ(by.value, 1);
  EXPECT_EQ(by.low, 1);
  EXPECT_EQ(by.high, 1);
}

TEST(PairedBootstrap, RefusesVideosWithoutAnyGroundTruth) {
  Ranking nothing = found_in(0);
  nothing.classes.at("run").truth_video_of.clear();
  test::expect_error(ErrorKind::kInput, {"no ground truth"},
                     [&] { difference(Row{found_in(3)}, Row{nothing}, {.resamples = 5}); });
}

TEST(PairedBootstrap, RefusesWhatIsNoPair) {
  const Row row = {found_in(10), found_in(12)};
  test::expect_error(ErrorKind::kInput, {"rows of 2 and 1 seeds"},
                     [&] { difference(row, {found_in(1)}, {}); });
  test::expect_error(ErrorKind::kInput, {"rows of 0 and 0 seeds"}, [&] { difference({}, {}, {}); });
  Row others = row;
  others[1].videos = 7;
  test::expect_error(ErrorKind::kInput, {"different numbers of videos"},
                     [&] { difference(row, others, {}); });
}

TEST(RankingFile, KeepsAllThatFiguresDependOn) {
  const TempDir dir;
  const auto path = dir.path() / "ranking.json";
  RankingFile file{{0.3, 0.5}, found_in(9)};
  file.ranking.protocol = Protocol::kThumos;
  file.ranking.thresholds = 2;
  RankedClass& ranked = file.ranking.classes.at("run");
  ranked.hits.push_back({1, 5});
  write_file(path, to_json(file).dump());
  const RankingFile back = read_ranking(path);
  EXPECT_EQ(back.tiou, file.tiou);
  EXPECT_EQ(back.ranking.protocol, file.ranking.protocol);
  EXPECT_EQ(back.ranking.classes.at("run").hits, ranked.hits);
  EXPECT_EQ(back.ranking.classes.at("run").video_of.size(), 9u) << "up to the last hit";
  Copies copies(kVideos, 1);
  copies[2] = 3;
  copies[5] = 0;
  EXPECT_EQ(mAP_on(back.ranking, copies), mAP_on(file.ranking, copies));
}

TEST(RankingFile, IsNothingElse) {
  const TempDir dir;
  const auto path = dir.path() / "ranking.json";
  write_file(path, R"({"schema": "other"})");
  test::expect_error(ErrorKind::kInput, {"no co2net.ranking/2"}, [&] { read_ranking(path); });
  write_file(path,
             R"({"schema": "co2net.ranking/2", "protocol": "thumos", "tiou": [0.5], "videos": 2,
                       "classes": {"run": {"truths": [2], "detections": []}}})");
  test::expect_error(ErrorKind::kInput, {"beyond the last"}, [&] { read_ranking(path); });
  write_file(path, R"({"schema": "co2net.ranking/2", "protocol": "mine", "tiou": [0.5], "videos": 2,
                       "classes": {}})");
  test::expect_error(ErrorKind::kInput, {"one of activitynet", "'mine'"},
                     [&] { read_ranking(path); });
}

TEST(RankingFile, HasNoPlaceForAmbiguousDetections) {
  RankingFile file{{0.5}, found_in(9)};
  file.ranking.classes.at("run").is_ignored[3] = true;
  test::expect_error(ErrorKind::kInput, {"ambiguous"}, [&] { to_json(file); });
}

}  // namespace
}  // namespace co2net
