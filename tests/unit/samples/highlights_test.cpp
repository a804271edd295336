#include "samples/highlights/highlights.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/base/files.h"
#include "pipeline/formats/npy.h"
#include "tests/unit/expect_error.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

TEST(AveragePrecision, IsTheAreaBelowPrecisionOverRecall) {
  EXPECT_DOUBLE_EQ(average_precision({0.9, 0.8, 0.1}, {true, true, false}), 1);
  // Ranks: no, yes, no, yes: precisions 0, 1/2, 1/3, 1/2, recall grows at the second and fourth.
  EXPECT_DOUBLE_EQ(average_precision({0.1, 0.9, 0.5, 0.3}, {true, false, true, false}),
                   0.5 * (0 + 0.5) / 2 + 0.5 * (1. / 3 + 0.5) / 2);
  EXPECT_DOUBLE_EQ(average_precision({3, 2, 1}, {false, false, false}), 0);
}

TEST(AveragePrecision, RanksEqualScoresInTheVideosOrder) {
  EXPECT_DOUBLE_EQ(average_precision({1, 1}, {true, false}), 1);
  EXPECT_DOUBLE_EQ(average_precision({1, 1}, {false, true}), (0 + 0.5) / 2);
}

TEST(AveragePrecision, WantsAScoreASnippet) {
  test::expect_error(ErrorKind::kInput, {"1 scores of 2 snippets"}, [] {
    average_precision({1}, {true, false});
  });
}

TEST(Precisions, AreThoseOfADomainsVideos) {
  const std::map<std::string, Highlights> videos = {{"a", {"dog", {true, false}}},
                                                    {"b", {"surfing", {true, false}}},
                                                    {"c", {"dog", {false, true}}}};
  EXPECT_EQ(precisions_of(videos, {{"a", {2, 1}}, {"b", {2, 1}}, {"c", {2, 1}}}),
            Precisions({{"dog", {1, 0.25}}, {"surfing", {1}}}));
  test::expect_error(ErrorKind::kInput, {"c"}, [&] {
    precisions_of(videos, {{"a", {2, 1}}, {"b", {2, 1}}});
  });
}

TEST(HighlightFigures, AreMeansOverVideosAndThenOverDomains) {
  const HighlightFigures figures = highlight_figures({{"dog", {1, 0.25}}, {"surfing", {1}}});
  EXPECT_DOUBLE_EQ(figures.domains.at("dog"), (1 + 0.25) / 2);
  EXPECT_DOUBLE_EQ(figures.domains.at("surfing"), 1);
  EXPECT_DOUBLE_EQ(figures.mean, (0.625 + 1) / 2);
}

TEST(HighlightFigures, CountAVideoAsOftenAsItIsDrawn) {
  const Precisions precisions = {{"dog", {1, 0.25}}, {"surfing", {0.5, 0.75}}};
  EXPECT_DOUBLE_EQ(highlight_mean_on(precisions, {1, 1, 1, 1}), highlight_figures(precisions).mean);
  EXPECT_DOUBLE_EQ(highlight_mean_on(precisions, {1, 2, 0, 1}), (1.5 / 3 + 0.75) / 2);
  EXPECT_DOUBLE_EQ(highlight_mean_on(precisions, {0, 0, 3, 1}), (3 * 0.5 + 0.75) / 4);
}

TEST(HighlightDifference, IsOfMeansOverSeedsAndExcludesZeroWhereAllVideosAgree) {
  const std::vector<Precisions> row = {{{"dog", {0.9, 0.8}}, {"surfing", {0.7}}},
                                       {{"dog", {0.8, 0.7}}, {"surfing", {0.6}}}};
  const std::vector<Precisions> other = {{{"dog", {0.7, 0.6}}, {"surfing", {0.5}}},
                                         {{"dog", {0.5, 0.4}}, {"surfing", {0.3}}}};
  const Difference by = difference(row, other, {.resamples = 500});
  EXPECT_NEAR(by.value, (0.2 + 0.3) / 2, 1e-12);
  EXPECT_NEAR(by.low, 0.2, 1e-12) << "where the first seed is drawn twice";
  EXPECT_NEAR(by.high, 0.3, 1e-12);
  EXPECT_TRUE(by.excludes_zero());
}

TEST(HighlightDifference, RefusesWhatIsNoPair) {
  const std::vector<Precisions> row = {{{"dog", {0.9, 0.8}}}};
  test::expect_error(ErrorKind::kInput, {"rows of 1 and 0 seeds"},
                     [&] { difference(row, std::vector<Precisions>{}, {}); });
  test::expect_error(ErrorKind::kInput, {"different videos"}, [&] {
    difference(row, std::vector<Precisions>{{{"dog", {0.9}}}}, {});
  });
}

// Two videos on disk: "a", of which all is checked, and "b".
struct Data {
  std::string subset = "test", label = "dog", segment = "[0, 0.64]", domain = "dog";
  std::string match = "[1, 0]";
  std::string features = format_npy(Array({2, 2}, {0.5, 1.5, -2, 0.0625}));

  std::string hash() const {
    const std::string a = R"("a": {"subset": ")" + subset +
                          R"(", "duration": 1.28, "annotations": [{"label": ")" + label +
                          R"(", "segment": )" + segment + "}]}";
    return hash_of_files(R"({"database": {)" + a + ", " + kB + "}}",
                         R"({"a": {"domain": ")" + domain + R"(", "match": )" + match +
                             R"(}, "b": {"domain": "dog", "match": [1]}})");
  }
  std::string hash_of_files(const std::string& annotations, const std::string& clips) const {
    const TempDir dir;
    fs::create_directory(dir.path() / "features");
    write_file(dir.path() / "features/a.npy", features);
    write_file(dir.path() / "features/b.npy", format_npy(Array({1, 2}, {3, 4})));
    write_file(dir.path() / "annotations.json", annotations);
    write_file(dir.path() / "clips.json", clips);
    return hash_of_data(dir.path() / "features", dir.path() / "annotations.json",
                        dir.path() / "clips.json");
  }

  static constexpr const char* kB =
      R"("b": {"subset": "validation", "duration": 0.64, "annotations": []})";
};

TEST(HashOfData, IsThatOfTheValuesHoweverFilesHoldThem) {
  const std::string hash = Data().hash();
  EXPECT_EQ(hash.size(), 16u);
  const std::string halves("\0\x38\0\x3e\0\xc0\0\x2c", 8);
  EXPECT_EQ(Data{.features = npy_header("<f2", {2, 2}) + halves}.hash(), hash);
  EXPECT_EQ(Data().hash_of_files(
                R"({"database": {"a": {"duration": 1.28, "annotations":
                    [{"segment": [0.0, 0.640], "label": "dog"}], "subset": "test"}, )" +
                    std::string(Data::kB) + R"(}, "version": "1"})",
                R"({"c": {}, "b": {"match": [1], "domain": "dog"},
                    "a": {"match": [1, 0], "domain": "dog", "fps": 25}})"),
            hash);
}

TEST(HashOfData, ChangesWithAllThatATrainingSees) {
  const std::vector<std::pair<std::string, Data>> changed = {
      {"subset", {.subset = "validation"}},
      {"label", {.label = "cat"}},
      {"segment", {.segment = "[0.64, 1.28]"}},
      {"domain", {.domain = "cat"}},
      {"match", {.match = "[0, 1]"}},
      {"value", {.features = format_npy(Array({2, 2}, {0.5, 1.5, -2, 0.125}))}},
      {"shape", {.features = format_npy(Array({1, 4}, {0.5, 1.5, -2, 0.0625}))}}};
  for (const auto& [what, data] : changed) EXPECT_NE(data.hash(), Data().hash()) << what;
}

TEST(HashOfData, ChangesWithTheOrderOfVideosWhichTrainingsDrawBy) {
  const std::string first = R"({"database": {)",
                    a = R"("a": {"subset": "test", "annotations": []})";
  const std::string clips =
      R"({"a": {"domain": "dog", "match": [1, 0]}, "b": {"domain": "dog", "match": [1]}})";
  EXPECT_NE(Data().hash_of_files(first + a + ", " + Data::kB + "}}", clips),
            Data().hash_of_files(first + Data::kB + ", " + a + "}}", clips));
}

TEST(HashOfData, NamesAVideoOfWhichNothingIsSaid) {
  test::expect_error(ErrorKind::kInput, {"clips.json", "'b' is missing"}, [] {
    Data().hash_of_files("{\"database\": {" + std::string(Data::kB) + "}}", "{}");
  });
}

}  // namespace
}  // namespace co2net
