#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "cli/workflows/training_settings.h"
#include "pipeline/datasets/dataset.h"

namespace co2net {

// Which videos of a data set serve what, as places in it.
struct Split {
  std::vector<std::size_t> training;
  std::vector<std::size_t> paired;      // what training draws pairs from
  std::vector<std::size_t> background;  // to learn from: nothing happens in them
  // Not learned from; models are judged by how they classify all of these, in which background
  // videos are examples against every class.
  std::vector<std::size_t> held_out, held_out_background;
  std::vector<std::size_t> test;  // judged by localization; may be empty
  std::string test_subset;
  Json origin = nullptr;  // Dataset::fingerprint() of all of them
};

// Subsets of the annotations; by default those of the preset's dataset.
struct SubsetNames {
  std::optional<std::string> training = {};
  std::optional<std::string> test = {};
};

// The subsets of the preset's dataset that are learned from and tested on.
struct PublishedSubsets {
  std::string training, test;
};
PublishedSubsets published_subsets(Variant preset);

// The videos of both subsets that can be used; the log names the others. None is held out. Those
// that are shorter than min_snippets are left out but, as in the authors' code, for pairs; of pairs
// those are left out whose features are all zero. A W-TALC learns from videos with labels whose
// features are not all zero, and has pairs of those of two snippets or more. Under Compat::kClean
// pairs have the training videos, and no test video is too short. Warns of a class that is called
// background. Errors: Error(kUsage) for a subset to learn from that no video is in, and likewise
// for a test subset that is named, that models are selected by, or that is there in another case of
// letters; Error(kInput) where no training video is left, with the reason.
Split split_of(const Dataset& dataset, const SubsetNames& names, const TrainingSettings& settings);

// The same with a share of the training videos held out, and of those of background, where models
// are judged on these. Errors: Error(kUsage) for a share that is not in [0, 1).
Split with_held_out(Split split, const Dataset& dataset, const TrainingSettings& settings);

std::vector<std::size_t> all_held_out(const Split& split);

}  // namespace co2net
