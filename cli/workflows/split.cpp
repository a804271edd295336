#include "cli/workflows/split.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "localizer/sampler.h"
#include "pipeline/base/error.h"

namespace co2net {

PublishedSubsets published_subsets(Variant preset) {
  if (preset == Variant::kActivityNet) return {"training", "validation"};
  return {"validation", "test"};
}

Split split_of(const Dataset& dataset, const SubsetNames& names, const TrainingSettings& settings) {
  const PublishedSubsets usual = published_subsets(settings.preset);
  const std::string training = names.training.value_or(usual.training);
  const std::string test = names.test.value_or(usual.test);
  expect_subset(dataset.annotations(), training, "--train-subset");
  if (names.test || settings.select == Selection::kTest) {
    expect_subset(dataset.annotations(), test, "--test-subset");
  }
  const int min_snippets = settings.options.min_snippets;
  Split split;
  split.training = usable_videos(dataset, training, min_snippets, true);
  split.test = usable_videos(dataset, test, min_snippets, false);
  split.test_subset = test;
  std::vector<std::size_t> all = split.training;
  all.insert(all.end(), split.test.begin(), split.test.end());
  split.origin = dataset.fingerprint(all);
  return split;
}

Split with_held_out(Split split, const Dataset& dataset, const TrainingSettings& settings) {
  if (settings.select != Selection::kHeldOut) return split;
  std::vector<std::string> ids;
  VideoLabels labels;
  for (const std::size_t video : split.training) {
    ids.push_back(dataset.videos()[video].id);
    labels.push_back(dataset.labels(video));
  }
  const std::vector<bool> is_held_out =
      held_out(ids, labels, settings.held_out_share, settings.options.seed);
  const std::vector<std::size_t> all = std::exchange(split.training, {});
  for (std::size_t i = 0; i < all.size(); ++i) {
    (is_held_out[i] ? split.held_out : split.training).push_back(all[i]);
  }
  if (split.held_out.empty()) {
    spdlog::warn("no training video can be held out; the last model is kept");
  }
  return split;
}

}  // namespace co2net
