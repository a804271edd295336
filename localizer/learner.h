#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "localizer/checkpoint.h"
#include "localizer/co2net.h"
#include "localizer/training_options.h"
#include "pipeline/formats/array.h"

namespace co2net {

// Ten videos to learn from at once, rows as BatchSampler orders them.
struct Batch {
  std::vector<Array> features;            // [T, 2D] each, of equal shapes
  std::vector<std::vector<int>> classes;  // of each video; none: nothing happens in it
  // Of each video, for a W-TALC: its first rows that are snippets, and not padding.
  std::vector<std::int64_t> lengths = {};
};

// The loss's terms before their weights, and their weighted sum.
struct LossValues {
  double mil_orig = 0, mil_supp = 0, cas = 0, ml = 0, oppo = 0, norm = 0, total = 0;
};

// An attention over the snippets of a batch, in [0, 1]: where it is all but the same everywhere,
// `deviation` (standard deviation) is near 0, and nothing is told from background.
struct AttentionFigures {
  double mean = 0, deviation = 0;
};

// Of one update, before the step; a W-TALC has no attention, and zeros here.
struct UpdateFigures {
  LossValues losses;
  AttentionFigures attn, attn_rgb, attn_flow;  // fused, and of the modalities
};

// A network that learns: its parameters and the state of Adam (Kingma and Ba, ICLR 2015; weight
// decay as L2 in the gradient). Videos of a batch are computed in parallel, each on one thread,
// short ones a few together, and their gradients added in order, so that what is learned does not
// depend on the number of threads.
class Learner {
 public:
  Learner(const TrainingOptions& options, int classes, int feature_size);
  Learner(Learner&&) noexcept;
  ~Learner();

  // One step down the gradient of the batch's loss. Dropout's masks come from `dropout_seed`;
  // without it nothing is dropped. `threads` >= 1. Throws Error(kInterrupted) between videos; then
  // nothing has changed.
  UpdateFigures update(const Batch& batch, std::optional<std::uint64_t> dropout_seed, int threads);

  const Co2Net& model() const;

  // Parameters, moments and the number of updates, to go on from exactly. Errors: Error(kModel) for
  // a state of another network.
  Tensors state() const;
  void restore(const Tensors& state);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

// Makes malloc keep for reuse what is freed, in the whole process. By default large blocks return
// to the system at once, and an update's gigabytes are mapped and cleared anew each time.
void keep_freed_memory();

}  // namespace co2net
