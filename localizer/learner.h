#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "localizer/checkpoint.h"
#include "localizer/co2net.h"
#include "localizer/training_options.h"
#include "pipeline/devices/device.h"
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

// Where a Learner computes, and how much at once.
struct LearnerPlace {
  Device device = {};
  // Of a batch, on a GPU; 0, which is for CPUs: as many videos as make a task for a thread.
  int rows_at_once = 0;
  // Told how many rows are computed together, before they are. Tests let it throw.
  std::function<void(std::size_t rows)> on_rows = [](std::size_t) {};
};
// All rows of a batch at once on a GPU.
LearnerPlace learner_place(const Device& device);

// A network that learns: its parameters and the state of Adam (Kingma and Ba, ICLR 2015; weight
// decay as L2 in the gradient). Videos of a batch are computed in parallel, each on one thread,
// short ones a few together, and their gradients added in order, so that what is learned does not
// depend on the number of threads. On a GPU all videos are computed at once. Where its memory is
// short, they are so in parts from then on, with a warning: first without what gradients need, then
// each part again for its gradients, which are added in order; dropout's masks differ by the parts.
class Learner {
 public:
  // Throws Error(kUsage) if the device is not here.
  Learner(const TrainingOptions& options, int classes, int feature_size,
          const LearnerPlace& place = {});
  Learner(Learner&&) noexcept;
  ~Learner();

  // One step down the gradient of the batch's loss. Dropout's masks come from `dropout_seed`;
  // without it nothing is dropped. `threads` >= 1. Throws Error(kInterrupted) between videos; then
  // nothing has changed, nor with Error(kInternal) where a GPU has no place for a single video.
  UpdateFigures update(const Batch& batch, std::optional<std::uint64_t> dropout_seed, int threads);

  const Co2Net& model() const;

  // As in LearnerPlace, and halved since where memory was short. A training that goes on takes it
  // from where it was.
  int rows_at_once() const;
  void set_rows_at_once(int rows);

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
