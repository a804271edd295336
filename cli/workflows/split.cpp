#include "cli/workflows/split.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "localizer/sampler.h"
#include "pipeline/base/error.h"
#include "pipeline/base/text.h"
#include "pipeline/datasets/labelled_videos.h"
#include "pipeline/datasets/network_title.h"
#include "pipeline/datasets/subsets.h"

namespace co2net {
namespace {

using Places = std::vector<std::size_t>;

bool has(const Places& sorted, std::size_t video) {
  return std::ranges::binary_search(sorted, video);
}

// The authors make the lists that pairs are drawn from before they leave out short videos.
Places paired_in_authors_code(const Dataset& dataset, const std::string& subset,
                              const Places& training) {
  Places paired;
  std::vector<std::string> zero, brief;
  for (std::size_t i = 0; i < dataset.videos().size(); ++i) {
    const AnnotatedVideo& video = dataset.videos()[i];
    const bool is_candidate = video.subset == subset && !video.labels.empty();
    if (!is_candidate || dataset.features().snippets(i) == 0) continue;
    if (dataset.features().is_all_zero(i)) {
      zero.push_back(video.id);
      continue;
    }
    paired.push_back(i);
    if (!has(training, i)) brief.push_back(video.id);
  }
  if (!zero.empty()) {
    spdlog::warn("subset {}: in no pair {}", subset,
                 counted("videos whose features are all zero", zero));
  }
  if (!brief.empty()) {
    spdlog::info(
        "subset {}: in pairs all the same, as in the authors' code, {} (--compat clean leaves them "
        "out)",
        subset, counted("short videos", brief));
  }
  return paired;
}

// A video of background is one without labels; a class of that name is another thing.
void warn_of_background_class(const Dataset& dataset) {
  for (const std::string& label : dataset.classes()) {
    if (!is_background_label(label)) continue;
    spdlog::warn(
        "the class {} is learned as an action like others; a video where nothing happens is one "
        "without labels and segments",
        label);
  }
}

std::vector<std::string> ids_of(const Dataset& dataset, const Places& videos) {
  std::vector<std::string> ids;
  for (const std::size_t video : videos) ids.push_back(dataset.videos()[video].id);
  return ids;
}

// Moves the videos that are marked.
void move_marked(Places& from, const std::vector<bool>& is_marked, Places& to) {
  const Places all = std::exchange(from, {});
  for (std::size_t i = 0; i < all.size(); ++i) (is_marked[i] ? to : from).push_back(all[i]);
}

// Takes out the videos that `is_wrong` of, and names them in a warning.
template <class IsWrong>
void leave_out(Places& videos, const Dataset& dataset, const std::string& what,
               const IsWrong& is_wrong) {
  Places wrong;
  std::ranges::copy_if(videos, std::back_inserter(wrong), is_wrong);
  if (wrong.empty()) return;
  std::erase_if(videos, is_wrong);
  spdlog::warn("W-TALC: {} {}", what, counted("videos", ids_of(dataset, wrong)));
}

// What a W-TALC can learn nothing from: its losses would not be numbers.
void keep_what_wtalc_learns_from(const Dataset& dataset, Split& split) {
  const FeatureSet& features = dataset.features();
  leave_out(
      split.background, dataset,
      "it has no background class, so that videos of background are left out of its training:",
      [](std::size_t) { return true; });
  leave_out(split.training, dataset, "left out, since their features are all zero:",
            [&](std::size_t video) { return features.is_all_zero(video); });
  split.paired = split.training;
  leave_out(split.paired, dataset, "in no pair, since they have one snippet:",
            [&](std::size_t video) { return features.snippets(video) < 2; });
}

// Why a subset has no video to learn from.
std::string why_none(const Dataset& dataset, const std::string& subset,
                     const TrainingOptions& options) {
  std::int64_t longest = 0;  // of the labelled videos
  for (std::size_t i = 0; i < dataset.videos().size(); ++i) {
    const AnnotatedVideo& video = dataset.videos()[i];
    if (video.subset != subset || video.labels.empty()) continue;
    longest = std::max(longest, dataset.features().snippets(i));
  }
  if (longest == 0) {
    return "no video has both a label and features, and a " + std::string(title_of(options.kind)) +
           " learns nothing from videos of background alone";
  }
  if (longest < options.min_snippets) {
    return "every labelled video is shorter than min_snippets=" +
           std::to_string(options.min_snippets) + "; lower it with --set min_snippets=N";
  }
  return "the features of every labelled video that is long enough are all zero";
}

void expect_training_videos(const Split& split, const Dataset& dataset, const std::string& subset,
                            const TrainingOptions& options) {
  if (!split.training.empty()) return;
  throw Error(ErrorKind::kInput, "subset " + subset + ": " + why_none(dataset, subset, options));
}

}  // namespace

PublishedSubsets published_subsets(Variant preset) {
  if (preset == Variant::kActivityNet) return {"training", "validation"};
  return {"validation", "test"};
}

Split split_of(const Dataset& dataset, const SubsetNames& names, const TrainingSettings& settings) {
  const PublishedSubsets usual = published_subsets(settings.preset);
  const std::string training = names.training.value_or(usual.training);
  const std::string test = names.test.value_or(usual.test);
  expect_subset(dataset.annotations(), training, "--train-subset");
  if (names.test || settings.select == Selection::kTest ||
      has_subset_in_other_case(dataset.annotations(), test)) {
    expect_subset(dataset.annotations(), test, "--test-subset");
  }
  const int min_snippets = settings.options.min_snippets;
  const bool is_clean = settings.options.compat == Compat::kClean;
  Split split;
  warn_of_background_class(dataset);
  split.training = usable_videos(dataset, training, min_snippets, VideoKind::kLabelled);
  split.background = usable_videos(dataset, training, min_snippets, VideoKind::kBackground);
  const bool is_authors_co2net = !is_clean && settings.options.kind == NetworkKind::kCo2Net;
  split.paired = is_authors_co2net ? paired_in_authors_code(dataset, training, split.training)
                                   : split.training;
  if (settings.options.kind == NetworkKind::kWtalc) keep_what_wtalc_learns_from(dataset, split);
  expect_training_videos(split, dataset, training, settings.options);
  split.test = usable_videos(dataset, test, is_clean ? 1 : min_snippets, VideoKind::kAny);
  split.test_subset = test;
  std::set<std::size_t> all;
  for (const Places& videos : {split.training, split.paired, split.background, split.test}) {
    all.insert(videos.begin(), videos.end());
  }
  split.origin = dataset.fingerprint({all.begin(), all.end()});
  return split;
}

Split with_held_out(Split split, const Dataset& dataset, const TrainingSettings& settings) {
  if (settings.select != Selection::kHeldOut) return split;
  const double share = settings.held_out_share;
  const std::uint64_t seed = settings.options.seed;
  VideoLabels labels;
  for (const std::size_t video : split.training) labels.push_back(dataset.labels(video));
  move_marked(split.training, held_out(ids_of(dataset, split.training), labels, share, seed),
              split.held_out);
  move_marked(split.background, held_out_background(ids_of(dataset, split.background), share, seed),
              split.held_out_background);
  std::erase_if(split.paired, [&](std::size_t video) { return has(split.held_out, video); });
  if (split.held_out.empty()) {
    spdlog::warn("no training video can be held out; the last model is kept");
  }
  return split;
}

std::vector<std::size_t> all_held_out(const Split& split) {
  Places all = split.held_out;
  all.insert(all.end(), split.held_out_background.begin(), split.held_out_background.end());
  return all;
}

}  // namespace co2net
