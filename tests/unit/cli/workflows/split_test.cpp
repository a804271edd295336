#include "cli/workflows/split.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "pipeline/base/files.h"
#include "pipeline/formats/npy.h"
#include "tests/support.h"
#include "tests/unit/expect_error.h"
#include "tests/unit/log_capture.h"

namespace co2net::test {
namespace {

using Ids = std::vector<std::string>;

constexpr int kFeatureSize = 4, kMinSnippets = 11;

// Training and test videos that are long enough or not, all zero, without labels, or absent.
class SplitTest : public testing::Test {
 protected:
  SplitTest() {
    annotations_.classes = {"jump", "run"};
    const Ids run = {"run"}, both = {"jump", "run"};
    add("long", "training", both, kMinSnippets + 1);
    add("just", "training", run, kMinSnippets);
    add("short", "training", run, kMinSnippets - 1);
    add("shorter", "training", {"jump"}, 1);
    add("zero", "training", run, kMinSnippets, /*scale=*/0);
    add("short zero", "training", run, 2, /*scale=*/0);
    add("absent", "training", run, 0);
    add("unlabelled", "training", {}, kMinSnippets);
    add("test", "validation", run, kMinSnippets);
    add("short test", "validation", run, kMinSnippets - 1);
    add("absent test", "validation", run, 0);
  }

  void add(const std::string& id, const std::string& subset, const Ids& labels,
           std::int64_t snippets, float scale = 1) {
    annotations_.videos.push_back({id, subset, 0, labels, {}});
    if (snippets == 0) return;
    write_file(file(id), format_npy(hashfill(id, {snippets, kFeatureSize}, scale)));
  }

  std::filesystem::path file(const std::string& id) const { return dir_.path() / (id + ".npy"); }

  Dataset dataset() const { return {dir_.path(), annotations_, {.recipe = Recipe()}}; }

  static TrainingSettings settings(Compat compat) {
    TrainingSettings settings;
    settings.preset = Variant::kActivityNet;
    settings.options = training_preset(settings.preset);
    settings.options.compat = compat;
    return settings;
  }

  Split split(Compat compat) const { return split_of(dataset(), {}, settings(compat)); }

  Ids ids(const std::vector<std::size_t>& videos) const {
    Ids names;
    for (const std::size_t video : videos) names.push_back(annotations_.videos[video].id);
    return names;
  }

  Annotations annotations_;

 private:
  TempDir dir_;
};

// These are the lists that the authors' AntSampleDataset makes, but for the video without labels,
// which it draws among the others. Here it is background.
TEST_F(SplitTest, PairsHaveTheShortVideosTooButNoneThatIsAllZeroAsInTheAuthorsCode) {
  const Split split = this->split(Compat::kAuthors);
  EXPECT_EQ(ids(split.training), (Ids{"long", "just", "zero"}));
  EXPECT_EQ(ids(split.paired), (Ids{"long", "just", "short", "shorter"}));
  EXPECT_EQ(ids(split.background), (Ids{"unlabelled"}));
  EXPECT_EQ(ids(split.test), (Ids{"test"}));
}

TEST_F(SplitTest, CleanPairsTheTrainingVideosAndTestsTheShortOnes) {
  const Split split = this->split(Compat::kClean);
  EXPECT_EQ(ids(split.training), (Ids{"long", "just", "zero"}));
  EXPECT_EQ(split.paired, split.training);
  EXPECT_EQ(ids(split.test), (Ids{"test", "short test"}));
}

TEST_F(SplitTest, HeldOutVideosAreInNoPair) {
  for (int i = 0; i < 8; ++i) add("more" + std::to_string(i), "training", {"run"}, kMinSnippets);
  for (const Compat compat : {Compat::kAuthors, Compat::kClean}) {
    TrainingSettings settings = SplitTest::settings(compat);
    settings.held_out_share = 0.3;
    const Dataset data = dataset();
    const Split before = split_of(data, {}, settings);
    const Split split = with_held_out(before, data, settings);
    ASSERT_EQ(split.held_out.size(), 3u);
    std::vector<std::size_t> paired = before.paired;
    std::erase_if(paired,
                  [&](std::size_t video) { return std::ranges::count(split.held_out, video) > 0; });
    EXPECT_LT(split.paired.size(), before.paired.size());
    EXPECT_EQ(split.paired, paired);
  }
}

TEST_F(SplitTest, BackgroundVideosAreHeldOutApartFromTheOthers) {
  for (int i = 0; i < 8; ++i) add("more" + std::to_string(i), "training", {"run"}, kMinSnippets);
  TrainingSettings settings = SplitTest::settings(Compat::kAuthors);
  settings.held_out_share = 0.3;
  const Dataset fewer = dataset();
  const Split before = with_held_out(split_of(fewer, {}, settings), fewer, settings);
  EXPECT_EQ(ids(before.background), (Ids{"unlabelled"}));
  EXPECT_EQ(all_held_out(before), before.held_out);

  for (int i = 0; i < 4; ++i) add("idle" + std::to_string(i), "training", {}, kMinSnippets);
  add("short idle", "training", {}, kMinSnippets - 1);
  const Dataset data = dataset();
  const Split split = with_held_out(split_of(data, {}, settings), data, settings);
  EXPECT_EQ(split.training, before.training);
  EXPECT_EQ(split.held_out, before.held_out);
  EXPECT_EQ(split.background.size(), 3u);
  EXPECT_EQ(split.held_out_background.size(), 2u);
  EXPECT_EQ(all_held_out(split).size(), split.held_out.size() + 2);
  for (const std::vector<std::size_t>& videos : {split.background, split.held_out_background}) {
    for (const std::size_t video : videos) EXPECT_TRUE(data.is_background(video));
  }
  EXPECT_NE(split.origin, before.origin);

  settings.select = Selection::kLast;
  EXPECT_EQ(with_held_out(split_of(data, {}, settings), data, settings).background.size(), 5u);
}

TEST_F(SplitTest, WarnsOfAClassThatIsCalledBackground) {
  annotations_.classes.push_back("Background");
  LogCapture log;
  split(Compat::kAuthors);
  EXPECT_NE(log.lines().find("the class Background is learned as an action"), std::string::npos)
      << log.lines();
}

class EmptySplitTest : public SplitTest {
 protected:
  void expect_refused(const Ids& words, int min_snippets = 1) const {
    for (const NetworkKind kind : {NetworkKind::kCo2Net, NetworkKind::kWtalc}) {
      for (const Compat compat : {Compat::kAuthors, Compat::kClean}) {
        expect_refused_by(kind, compat, words, min_snippets);
      }
    }
  }
  void expect_refused_by(NetworkKind kind, Compat compat, const Ids& words,
                         int min_snippets = 1) const {
    TrainingSettings settings = SplitTest::settings(compat);
    settings.options.kind = kind;
    settings.options.min_snippets = min_snippets;
    expect_error(ErrorKind::kInput, words, [&] { split_of(dataset(), {}, settings); });
  }
};

TEST_F(EmptySplitTest, OfVideosThatAreAllTooShortNamesMinSnippets) {
  expect_refused({"subset training: every labelled video is shorter than min_snippets=20",
                  "--set min_snippets=N"},
                 20);
}

TEST_F(EmptySplitTest, OfBackgroundAloneSaysThatNothingIsLearnedFromIt) {
  annotations_.videos = {annotations_.videos.back()};
  add("idle", "training", {}, kMinSnippets);
  expect_refused({"no video has both a label and features", "background alone"});
  add("absent run", "training", {"run"}, 0);
  expect_refused({"no video has both a label and features", "background alone"});
  expect_refused_by(NetworkKind::kWtalc, Compat::kAuthors, {"a W-TALC learns nothing"});
}

TEST_F(EmptySplitTest, OfAWtalcSaysThatFeaturesAreAllZero) {
  annotations_.videos.clear();
  add("zero", "training", {"run"}, kMinSnippets, /*scale=*/0);
  add("other", "training", {"run"}, kMinSnippets - 1);
  expect_refused_by(NetworkKind::kWtalc, Compat::kAuthors, {"are all zero"}, kMinSnippets);
}

TEST_F(SplitTest, OriginIsOfAllThatIsLearnedFrom) {
  const Json authors = split(Compat::kAuthors).origin, clean = split(Compat::kClean).origin;
  write_file(file("shorter"), format_npy(hashfill("others", {1, kFeatureSize}, 1)));
  EXPECT_NE(split(Compat::kAuthors).origin, authors);
  EXPECT_EQ(split(Compat::kClean).origin, clean);
}

}  // namespace
}  // namespace co2net::test
