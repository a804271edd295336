#include "localizer/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "tests/unit/expect_error.h"

namespace co2net {
namespace {

// Class 0 in videos 0-3, class 1 in 3 and 4, class 2 in 5 alone.
const VideoLabels kLabels = {{0}, {0}, {0}, {0, 1}, {1}, {2}};
constexpr int kDraws = 4000;

bool shows(std::size_t video, int label) {
  const std::vector<int>& classes = kLabels[video];
  return std::find(classes.begin(), classes.end(), label) != classes.end();
}

BatchSampler sampler_of_all() {
  VideosByClass by_class;
  std::vector<std::size_t> all(kLabels.size());
  std::iota(all.begin(), all.end(), 0);
  for (const std::size_t video : all) {
    for (const int label : kLabels[video]) by_class[label].push_back(video);
  }
  return {by_class, all};
}

TEST(RandomFor, DependsOnEverythingThatItIsGiven) {
  const std::uint64_t high = std::uint64_t{1} << 32;
  const std::set<std::uint64_t> all = {random_for(1, 2, 3)(),        random_for(2, 2, 3)(),
                                       random_for(1, 3, 3)(),        random_for(1, 2, 4)(),
                                       random_for(1 + high, 2, 3)(), random_for(1, 2 + high, 3)()};
  EXPECT_EQ(all.size(), 6u);
  EXPECT_EQ(random_for(1, 2, 3)(), random_for(1, 2, 3)());
}

TEST(BatchSampler, StartsWithThreePairsOfDifferentVideosThatShareAClass) {
  const BatchSampler sampler = sampler_of_all();
  std::mt19937_64 random(1);
  for (int draw = 0; draw < kDraws; ++draw) {
    const std::vector<std::size_t> batch = sampler.draw(random);
    ASSERT_EQ(batch.size(), 10u);
    for (std::size_t row = 0; row < 6; row += 2) {
      const std::size_t a = batch[row], b = batch[row + 1];
      ASSERT_NE(a, b);
      ASSERT_TRUE((shows(a, 0) && shows(b, 0)) || (shows(a, 1) && shows(b, 1))) << a << " " << b;
    }
  }
}

TEST(BatchSampler, DrawsClassesUniformlyAndWithReplacement) {
  const BatchSampler sampler = sampler_of_all();
  std::mt19937_64 random(1);
  int of_class_1 = 0, all_the_same = 0;
  for (int draw = 0; draw < kDraws; ++draw) {
    const std::vector<std::size_t> batch = sampler.draw(random);
    int in_batch = 0;
    for (std::size_t row = 0; row < 6; row += 2)
      in_batch += shows(batch[row], 1) && shows(batch[row + 1], 1);
    of_class_1 += in_batch;
    all_the_same += in_batch == 3 || in_batch == 0;
  }
  EXPECT_NEAR(of_class_1 / (3.0 * kDraws), 0.5, 0.02);
  EXPECT_NEAR(all_the_same / double{kDraws}, 0.25, 0.03);
}

TEST(BatchSampler, DrawsPairsUniformlyAndTheOthersFromAllVideos) {
  const BatchSampler sampler = sampler_of_all();
  std::mt19937_64 random(1);
  std::map<std::pair<std::size_t, std::size_t>, int> pairs;
  std::vector<int> others(kLabels.size());
  int twice = 0;
  for (int draw = 0; draw < kDraws; ++draw) {
    const std::vector<std::size_t> batch = sampler.draw(random);
    for (std::size_t row = 0; row < 6; row += 2) ++pairs[{batch[row], batch[row + 1]}];
    for (std::size_t row = 6; row < 10; ++row) ++others[batch[row]];
    twice += std::set(batch.begin() + 6, batch.end()).size() < 4;
  }
  EXPECT_EQ(pairs.size(), 12u + 2u);
  for (const auto& [pair, count] : pairs) {
    const double want = pair.first == 4 || pair.second == 4 ? 0.25 : 0.5 / 12;
    EXPECT_NEAR(count / (3.0 * kDraws), want, 0.02) << pair.first << " " << pair.second;
  }
  for (const int count : others) EXPECT_NEAR(count / (4.0 * kDraws), 1.0 / 6, 0.02);
  EXPECT_NEAR(twice / double{kDraws}, 1 - 5.0 * 4 * 3 / 216, 0.03);
}

TEST(BatchSampler, DrawsPairsAndOthersFromTheirOwnVideos) {
  const BatchSampler sampler({{0, {3, 5}}, {1, {5, 8}}}, {2, 7});
  std::mt19937_64 random(1);
  std::set<std::size_t> paired, others;
  for (int draw = 0; draw < 100; ++draw) {
    const std::vector<std::size_t> batch = sampler.draw(random);
    paired.insert(batch.begin(), batch.begin() + 6);
    others.insert(batch.begin() + 6, batch.end());
  }
  EXPECT_EQ(paired, (std::set<std::size_t>{3, 5, 8}));
  EXPECT_EQ(others, (std::set<std::size_t>{2, 7}));
}

TEST(BatchSampler, RefusesVideosWithoutAPairAndNoOthers) {
  test::expect_error(ErrorKind::kInput, {"no class has two"}, [] {
    BatchSampler({{0, {0}}, {1, {1}}}, {0, 1});
  });
  test::expect_error(ErrorKind::kInput, {"shorter than min_snippets", "--set min_snippets=N"}, [] {
    BatchSampler({{0, {0, 1}}}, {});
  });
}

TEST(BatchSampler, OfIndependentPairsDrawsAVideoTwiceAndClassesOfOneVideo) {
  const BatchSampler sampler({{0, {3, 5}}, {1, {8}}}, {2}, {}, 0, Pairs::kIndependent);
  std::mt19937_64 random(1);
  std::map<std::pair<std::size_t, std::size_t>, int> pairs;
  for (int draw = 0; draw < kDraws; ++draw) {
    const std::vector<std::size_t> batch = sampler.draw(random);
    for (std::size_t row = 0; row < 6; row += 2) ++pairs[{batch[row], batch[row + 1]}];
  }
  ASSERT_EQ(pairs.size(), 5u);
  for (const auto& [pair, count] : pairs) {
    const double want = pair.first == 8 ? 0.5 : 0.5 / 4;
    EXPECT_NEAR(count / (3.0 * kDraws), want, 0.02) << pair.first << " " << pair.second;
  }
}

TEST(CroppedRows, AreAllOfAVideoThatIsNotLonger) {
  std::mt19937_64 random(1);
  EXPECT_EQ(cropped_rows(3, 4, Compat::kAuthors, random), (std::vector<std::int64_t>{0, 1, 2}));
  EXPECT_EQ(cropped_rows(2, 2, Compat::kAuthors, random), (std::vector<std::int64_t>{0, 1}));
}

TEST(CroppedRows, BeginAnywhereButInTheAuthorsCodeAtTheLastPlace) {
  for (const auto& [compat, starts] : {std::pair(Compat::kAuthors, 3), {Compat::kClean, 4}}) {
    std::mt19937_64 random(1);
    std::vector<int> drawn(4);
    for (int draw = 0; draw < kDraws; ++draw) {
      const std::vector<std::int64_t> rows = cropped_rows(8, 5, compat, random);
      ASSERT_EQ(rows.size(), 5u);
      for (std::size_t i = 1; i < rows.size(); ++i) ASSERT_EQ(rows[i], rows[i - 1] + 1);
      ++drawn.at(static_cast<std::size_t>(rows[0]));
    }
    for (int start = 0; start < 4; ++start) {
      const double want = start < starts ? 1. / starts : 0;
      EXPECT_NEAR(drawn[static_cast<std::size_t>(start)] / double{kDraws}, want, 0.03) << start;
    }
  }
}

TEST(CountedSnippets, AreThoseThatAreNotZeroAndUnderCleanAll) {
  const Array video({4, 2}, {0, 0, 0, 1, 0, 0, 2, 0});
  EXPECT_EQ(counted_snippets(video, Compat::kAuthors), 2);
  EXPECT_EQ(counted_snippets(video, Compat::kClean), 4);
}

TEST(SetLength, CutsAndPadsWithZeros) {
  std::vector<Array> videos = {Array({1, 2}, {1, 2}), Array({3, 2}, {1, 2, 3, 4, 5, 6})};
  set_length(videos, 2);
  EXPECT_EQ(videos[0].values, (std::vector<float>{1, 2, 0, 0}));
  EXPECT_EQ(videos[1].values, (std::vector<float>{1, 2, 3, 4}));
  EXPECT_EQ(videos[1].shape, (Shape{2, 2}));
}

TEST(BatchSampler, DrawsTheLastRowsFromBackgroundAndTheRestAsWithoutIt) {
  const VideosByClass paired = {{0, {0, 1, 2}}, {1, {2, 3}}};
  const std::vector<std::size_t> others = {0, 1, 2, 3}, background = {7, 8, 9};
  const BatchSampler without(paired, others);
  for (int rows = 0; rows <= kUnpairedRows; ++rows) {
    const BatchSampler with(paired, others, background, rows);
    const std::ptrdiff_t labelled = 10 - rows;
    std::set<std::size_t> drawn;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
      std::mt19937_64 random(seed), same(seed);
      const std::vector<std::size_t> batch = with.draw(random), usual = without.draw(same);
      ASSERT_EQ(batch.size(), 10u);
      ASSERT_TRUE(std::equal(batch.begin(), batch.begin() + labelled, usual.begin())) << rows;
      drawn.insert(batch.begin() + labelled, batch.end());
    }
    const std::set<std::size_t> all(background.begin(), background.end());
    EXPECT_EQ(drawn, rows == 0 ? std::set<std::size_t>() : all);
  }
}

TEST(BatchSampler, DrawsAllRowsAsEverWhereThereIsNoBackground) {
  const VideosByClass paired = {{0, {0, 1, 2}}};
  std::mt19937_64 random(1), same(1);
  EXPECT_EQ(BatchSampler(paired, {0, 1, 2}, {}, 1).draw(random),
            BatchSampler(paired, {0, 1, 2}).draw(same));
}

// Rows that are zero or not, as 0 or 1.
Array rows_of(const std::vector<float>& rows) {
  Array array({static_cast<std::int64_t>(rows.size()), 2});
  for (std::size_t row = 0; row < rows.size(); ++row) array.values[2 * row + 1] = -rows[row];
  return array;
}

TEST(CutToNonzeroCount, CutsAllAtTheLargestCountOfAnyWhereverTheZerosAre) {
  std::vector<Array> videos = {rows_of({1, 0, 0, 1, 0}), rows_of({0, 1, 0, 1, 1}),
                               rows_of({0, 0, 0, 0, 1})};
  cut_to_nonzero_count(videos);
  EXPECT_EQ(videos,
            (std::vector<Array>{rows_of({1, 0, 0}), rows_of({0, 1, 0}), rows_of({0, 0, 0})}));
}

TEST(CutToNonzeroCount, CutsNothingWhereAVideoHasNoZeros) {
  const std::vector<Array> whole = {rows_of({0, 0, 1}), rows_of({1, 1, 1})};
  std::vector<Array> videos = whole;
  cut_to_nonzero_count(videos);
  EXPECT_EQ(videos, whole);
}

TEST(CutToNonzeroCount, LeavesASnippetWhereAllAreZero) {
  std::vector<Array> videos = {rows_of({0, 0}), rows_of({0, 0})};
  cut_to_nonzero_count(videos);
  EXPECT_EQ(videos, (std::vector<Array>{rows_of({0}), rows_of({0})}));
}

TEST(ResampledRows, AreAllOfThemWhereTheLengthsAreEqual) {
  std::mt19937_64 random(1);
  std::vector<std::int64_t> want(7);
  std::iota(want.begin(), want.end(), 0);
  EXPECT_EQ(resampled_rows(7, 7, random), want);
}

// Draws often; expects each position's rows to be exactly those from `first` to `last`.
void expect_ranges(std::int64_t snippets, const std::vector<std::pair<int, int>>& ranges) {
  std::mt19937_64 random(1);
  std::vector<std::set<std::int64_t>> drawn(ranges.size());
  for (int draw = 0; draw < 2000; ++draw) {
    const auto rows = resampled_rows(snippets, static_cast<int>(ranges.size()), random);
    ASSERT_EQ(rows.size(), ranges.size());
    for (std::size_t i = 0; i < rows.size(); ++i) drawn[i].insert(rows[i]);
  }
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const auto [first, last] = ranges[i];
    EXPECT_EQ(*drawn[i].begin(), first) << "position " << i;
    EXPECT_EQ(*drawn[i].rbegin(), last) << "position " << i;
    EXPECT_EQ(drawn[i].size(), static_cast<std::size_t>(last - first + 1)) << "position " << i;
  }
}

TEST(ResampledRows, OfALongVideoAreDrawnFromItsPartsBothEndsIncluded) {
  // bases 0, 2.5, 5, 7.5
  expect_ranges(10, {{0, 2}, {2, 5}, {5, 7}, {7, 9}});
}

TEST(ResampledRows, OfAShortVideoRepeatRowsAndAreDrawnWhereTheNextPartBegins) {
  // bases 0, 0.6, 1.2, 1.8, 2.4
  expect_ranges(3, {{0, 0}, {0, 1}, {1, 1}, {1, 2}, {2, 2}});
}

TEST(ResampledRows, LastPositionIsDrawnToTheEndUnlessItIsThere) {
  expect_ranges(5, {{0, 1}, {1, 2}, {2, 3}, {3, 4}});  // bases 0, 1.25, 2.5, 3.75
  expect_ranges(2, {{0, 0}, {0, 1}, {1, 1}});          // bases 0, 0.67, 1.33
}

TEST(ResampledRows, OfOneSnippetAreThatSnippet) {
  std::mt19937_64 random(1);
  EXPECT_EQ(resampled_rows(1, 5, random), std::vector<std::int64_t>(5, 0));
}

TEST(ResampledRows, StayInRangeAndInOrder) {
  std::mt19937_64 random(1);
  for (const std::int64_t snippets : {1, 2, 3, 59, 61, 120, 121, 30000}) {
    for (const int length : {2, 3, 60, 500}) {
      const auto rows = resampled_rows(snippets, length, random);
      EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end())) << snippets << " " << length;
      EXPECT_GE(rows.front(), 0);
      EXPECT_LT(rows.back(), snippets);
    }
  }
}

struct Videos {
  std::vector<std::string> ids;
  VideoLabels labels;

  void add(const std::string& id, std::vector<int> classes) {
    labels.push_back(std::move(classes));
    ids.push_back(id);
  }
  std::set<std::string> held_out(double share, std::uint64_t seed = 1) const {
    const std::vector<bool> is_held_out = co2net::held_out(ids, labels, share, seed);
    std::set<std::string> out;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (is_held_out[i]) out.insert(ids[i]);
    }
    return out;
  }
};

Videos many_videos() {
  Videos videos;
  for (int i = 0; i < 40; ++i) videos.add("video" + std::to_string(i), {i % 4});
  return videos;
}

TEST(HeldOut, IsTheShareThatIsAskedFor) {
  const Videos videos = many_videos();
  EXPECT_EQ(videos.held_out(0).size(), 0u);
  EXPECT_EQ(videos.held_out(0.1).size(), 4u);
  EXPECT_EQ(videos.held_out(0.25).size(), 10u);
}

TEST(HeldOut, DoesNotDependOnTheOrderOfTheVideosButOnTheSeed) {
  const Videos videos = many_videos();
  Videos reversed;
  for (std::size_t i = videos.ids.size(); i-- > 0;) {
    reversed.add(videos.ids[i], videos.labels[i]);
  }
  EXPECT_EQ(reversed.held_out(0.2), videos.held_out(0.2));
  EXPECT_NE(videos.held_out(0.2, 2), videos.held_out(0.2, 1));
}

TEST(HeldOut, GrowsWithTheShareAndHardlyChangesWithAnotherVideo) {
  Videos videos = many_videos();
  const std::set<std::string> few = videos.held_out(0.1), more = videos.held_out(0.2);
  EXPECT_TRUE(std::includes(more.begin(), more.end(), few.begin(), few.end()));
  videos.add("another", {0});
  std::set<std::string> after = videos.held_out(0.1);
  ASSERT_EQ(after.size(), few.size());
  std::vector<std::string> kept;
  std::set_intersection(few.begin(), few.end(), after.begin(), after.end(),
                        std::back_inserter(kept));
  EXPECT_GE(kept.size(), few.size() - 1);
}

TEST(HeldOut, HasEveryClassThatCanSpareAVideoAsFarAsTheShareGoes) {
  constexpr int kClasses = 8;
  Videos videos;
  for (int label = 0; label < kClasses; ++label) {
    const int count = label == 0 ? 100 : 2 + label;  // one class is most of the set
    for (int i = 0; i < count; ++i) {
      videos.add("class" + std::to_string(label) + "-" + std::to_string(i), {label});
    }
  }
  for (int i = 0; i < 2; ++i) videos.add("pair" + std::to_string(i), {kClasses});
  const auto share = [&](double count) { return count / static_cast<double>(videos.ids.size()); };
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    std::map<std::string, int> held;
    for (const std::string& id : videos.held_out(share(kClasses), seed)) {
      ++held[id.substr(0, id.find('-'))];
    }
    EXPECT_EQ(held.size(), std::size_t{kClasses}) << seed;
    held.clear();
    for (const std::string& id : videos.held_out(share(kClasses - 2), seed)) {
      ++held[id.substr(0, id.find('-'))];
    }
    EXPECT_EQ(held.size(), std::size_t{kClasses - 2}) << seed;
  }
}

TEST(HeldOut, LeavesTwoVideosOfEachClass) {
  Videos videos;
  for (int i = 0; i < 3; ++i) videos.add("three" + std::to_string(i), {0});
  for (int i = 0; i < 2; ++i) videos.add("two" + std::to_string(i), {1});
  for (int i = 0; i < 5; ++i) videos.add("both" + std::to_string(i), {0, 1});
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const std::set<std::string> out = videos.held_out(0.9, seed);
    std::map<int, int> left;
    for (std::size_t i = 0; i < videos.ids.size(); ++i) {
      if (out.count(videos.ids[i]) > 0) continue;
      for (const int label : videos.labels[i]) ++left[label];
    }
    EXPECT_GE(left[0], 2) << seed;
    EXPECT_GE(left[1], 2) << seed;
    EXPECT_GE(out.size(), 5u) << seed;
  }
}

std::vector<std::string> idle_ids(int count) {
  std::vector<std::string> ids;
  for (int i = 0; i < count; ++i) ids.push_back("idle" + std::to_string(i));
  return ids;
}

TEST(HeldOutBackground, IsTheShareButOneAtLeastOfTwoAndNeverTheLast) {
  const auto count = [](int videos, double share) {
    const std::vector<bool> held = held_out_background(idle_ids(videos), share, 1);
    EXPECT_EQ(held.size(), static_cast<std::size_t>(videos));
    return std::ranges::count(held, true);
  };
  EXPECT_EQ(count(0, 0.1), 0);
  EXPECT_EQ(count(1, 0.9), 0);
  EXPECT_EQ(count(2, 0.1), 1);
  EXPECT_EQ(count(2, 0.9), 1);
  EXPECT_EQ(count(14, 0.1), 1);
  EXPECT_EQ(count(15, 0.1), 2);
  EXPECT_EQ(count(20, 0.25), 5);
  EXPECT_EQ(count(12, 0.99), 11);
  EXPECT_EQ(count(12, 0), 0);
}

TEST(HeldOutBackground, DependsOnTheSeedAndNotOnTheOrderOfTheVideos) {
  std::vector<std::string> ids = idle_ids(20);
  const std::vector<bool> held = held_out_background(ids, 0.2, 1);
  EXPECT_NE(held_out_background(ids, 0.2, 2), held);
  std::ranges::reverse(ids);
  std::vector<bool> reversed = held_out_background(ids, 0.2, 1);
  std::reverse(reversed.begin(), reversed.end());
  EXPECT_EQ(reversed, held);
}

}  // namespace
}  // namespace co2net
