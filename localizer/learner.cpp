#include "localizer/learner.h"

#include <ATen/CPUGeneratorImpl.h>
#include <malloc.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/parallel_pipeline.h>
#include <spdlog/spdlog.h>
#include <torch/torch.h>

#include <algorithm>
#include <limits>
#include <span>
#include <string>
#include <utility>

#include "localizer/adam.h"
#include "localizer/adam_tensors.h"
#include "localizer/losses.h"
#include "localizer/network.h"
#include "localizer/sampler.h"
#include "pipeline/base/error.h"
#include "pipeline/base/interrupt.h"
#include "pipeline/devices/device.h"
#include "pipeline/devices/gpu_memory.h"
#include "pipeline/devices/torch_device.h"

namespace co2net {
namespace {

using torch::Tensor;

// Rows [first, last) of a batch.
struct Rows {
  std::size_t first = 0, last = 0;
};

// Rows that are computed together: so many, or by a rule that does not know the number of threads.
// Each such task costs a gradient by all weights, which for short videos is more work than the
// videos are.
std::vector<Rows> tasks_of(const std::vector<Array>& features, int rows_at_once) {
  constexpr std::int64_t kSnippets = 300, kMostVideos = 5;
  const std::int64_t length = std::max<std::int64_t>(1, features.front().dim(0));
  const auto videos = static_cast<std::size_t>(
      rows_at_once > 0 ? rows_at_once
                       : std::clamp<std::int64_t>(kSnippets / length, 1, kMostVideos));
  std::vector<Rows> tasks;
  for (std::size_t first = 0; first < features.size(); first += videos) {
    tasks.push_back({first, std::min(first + videos, features.size())});
  }
  return tasks;
}

// [rows, T, 2D]
Tensor to_tensor(const std::vector<Array>& features, Rows rows) {
  std::vector<Tensor> videos;
  for (std::size_t row = rows.first; row < rows.last; ++row) {
    const Array& array = features[row];
    videos.push_back(torch::from_blob(const_cast<float*>(array.values.data()), array.shape));
  }
  return torch::stack(videos);
}

Tensor multi_hot(const std::vector<std::vector<int>>& classes, int count) {
  Tensor labels = torch::zeros({static_cast<std::int64_t>(classes.size()), count});
  for (std::size_t row = 0; row < classes.size(); ++row) {
    for (const int label : classes[row]) labels[static_cast<std::int64_t>(row)][label] = 1;
  }
  return labels;
}

std::vector<Tensor> tensors_of(const NetworkOutput& output) {
  return {output.cas, output.attn, output.attn_rgb, output.attn_flow, output.feat};
}

at::Generator generator_of(const torch::Device& device, std::uint64_t seed) {
  if (device.is_cpu()) return at::detail::createCPUGenerator(seed);
  at::Generator generator = at::globalContext().defaultGenerator(device).clone();
  generator.set_current_seed(seed);
  return generator;
}

// The tasks' outputs as one batch that a loss can be differentiated by, apart from how they came
// about.
NetworkOutput detached_batch(const std::vector<NetworkOutput>& outputs) {
  const auto joined = [&](Tensor NetworkOutput::*field) {
    std::vector<Tensor> rows;
    if (!(outputs.front().*field).defined()) return Tensor();
    for (const NetworkOutput& output : outputs) rows.push_back((output.*field).detach());
    return torch::cat(rows).requires_grad_();
  };
  return {joined(&NetworkOutput::cas), joined(&NetworkOutput::attn),
          joined(&NetworkOutput::attn_rgb), joined(&NetworkOutput::attn_flow),
          joined(&NetworkOutput::feat)};
}

// Calls `work(i)` for 0 <= i < count on up to `threads` threads, and `take` with the results in
// order, one at a time.
template <class Work, class Take>
void in_order(std::size_t count, int threads, const Work& work, const Take& take) {
  using Result = decltype(work(std::size_t{}));
  std::size_t next = 0;
  const auto do_work = [&](std::size_t i) {
    throw_if_interrupted();  // a step of long videos takes many seconds
    use_one_thread_here();
    return work(i);
  };
  tbb::parallel_pipeline(
      static_cast<std::size_t>(threads),
      tbb::make_filter<void, std::size_t>(tbb::filter_mode::serial_in_order,
                                          [&](tbb::flow_control& control) {
                                            if (next == count) control.stop();
                                            return next++;
                                          }) &
          tbb::make_filter<std::size_t, Result>(tbb::filter_mode::parallel, do_work) &
          tbb::make_filter<Result, void>(tbb::filter_mode::serial_in_order,
                                         [&](Result result) { take(std::move(result)); }));
}

LossValues to_values(const Losses& losses) {
  const auto value = [](const Tensor& loss) { return loss.item<double>(); };
  return {value(losses.mil_orig), value(losses.mil_supp), value(losses.cas),  value(losses.ml),
          value(losses.oppo),     value(losses.norm),     value(losses.total)};
}

AttentionFigures figures_of(const Tensor& attention) {
  if (!attention.defined()) return {};
  const Tensor values = attention.detach().to(torch::kDouble);
  return {values.mean().item<double>(), values.std(/*unbiased=*/false).item<double>()};
}

constexpr int kRowsOfABatch = 2 * kPairs + kUnpairedRows;

std::span<float> values_of(const Tensor& tensor) {
  return {tensor.data_ptr<float>(), static_cast<std::size_t>(tensor.numel())};
}

}  // namespace

struct Learner::Parts {
  Parts(const TrainingOptions& options_, const Co2NetConfig& config, const LearnerPlace& place_)
      : options(options_),
        classes(config.classes),
        place(place_),
        device(torch_device(place_.device)),
        model(Co2Net::seeded(config, options_.seed)) {
    model.move_to(place.device);
    for (const auto& item : model.network().named_parameters()) {
      names.push_back(item.key());
      parameters.push_back(item.value());
      moments1.push_back(torch::zeros_like(item.value()).detach());
      moments2.push_back(torch::zeros_like(item.value()).detach());
    }
  }

  // The same for the same task, each time.
  NetworkOutput output_of(const Batch& batch, const std::vector<Rows>& tasks, std::size_t task,
                          std::optional<std::uint64_t> dropout_seed) const {
    place.on_rows(tasks[task].last - tasks[task].first);
    std::optional<at::Generator> dropout;
    if (dropout_seed) dropout = generator_of(device, *dropout_seed + task);
    return model.network().forward(to_tensor(batch.features, tasks[task]).to(device), dropout);
  }

  // Whether a part's output is to be computed once more for its gradients, lest all parts' memory
  // is taken at once.
  bool recomputes(const std::vector<Rows>& tasks) const {
    return rows_at_once > 0 && tasks.size() > 1;
  }

  std::vector<NetworkOutput> outputs(const Batch& batch, const std::vector<Rows>& tasks,
                                     std::optional<std::uint64_t> dropout_seed, int threads) const {
    std::vector<NetworkOutput> outputs;
    in_order(
        tasks.size(), threads,
        [&](std::size_t task) {
          const torch::AutoGradMode with_gradients(!recomputes(tasks));
          return output_of(batch, tasks, task, dropout_seed);
        },
        [&](NetworkOutput output) { outputs.push_back(std::move(output)); });
    return outputs;
  }

  // The loss's gradient by each parameter, from its gradient by the tasks' outputs, each given by
  // its number.
  template <class OutputOf>
  std::vector<Tensor> gradients(const OutputOf& output_of_task, const std::vector<Rows>& tasks,
                                const NetworkOutput& batch, int threads) const {
    std::vector<Tensor> sums(parameters.size());
    in_order(
        tasks.size(), threads,
        [&](std::size_t task) {
          const std::vector<Tensor> of_task = tensors_of(output_of_task(task));
          const std::vector<Tensor> of_batch = tensors_of(batch);
          const auto first = static_cast<std::int64_t>(tasks[task].first);
          const auto last = static_cast<std::int64_t>(tasks[task].last);
          std::vector<Tensor> used, given;  // without what the terms left out alone depend on
          for (std::size_t i = 0; i < of_task.size(); ++i) {
            if (!of_batch[i].defined() || !of_batch[i].grad().defined()) continue;
            used.push_back(of_task[i]);
            given.push_back(of_batch[i].grad().slice(/*dim=*/0, first, last));
          }
          return torch::autograd::grad(used, parameters, given,
                                       /*retain_graph=*/false, /*create_graph=*/false,
                                       /*allow_unused=*/true);
        },
        [&](const std::vector<Tensor>& of_task) {
          for (std::size_t i = 0; i < sums.size(); ++i) {
            if (!of_task[i].defined()) continue;
            if (sums[i].defined()) {
              sums[i].add_(of_task[i]);
            } else {
              sums[i] = of_task[i].contiguous();
            }
          }
        });
    return sums;
  }

  Losses losses_of(const NetworkOutput& output, const Batch& batch) const {
    const Tensor labels = multi_hot(batch.classes, classes).to(device);
    if (options.kind == NetworkKind::kWtalc) {
      return wtalc_losses(output, labels, batch.lengths, options.loss);
    }
    return co2net_losses(output, labels, options.loss);
  }

  struct Descent {
    UpdateFigures figures;
    std::vector<Tensor> gradients;
  };

  Descent descent(const Batch& batch, std::optional<std::uint64_t> dropout_seed,
                  int threads) const {
    const std::vector<Rows> tasks = tasks_of(batch.features, rows_at_once);
    const std::vector<NetworkOutput> kept = outputs(batch, tasks, dropout_seed, threads);
    const NetworkOutput joined = detached_batch(kept);
    const Losses losses = losses_of(joined, batch);
    throw_if_interrupted();
    losses.total.backward();
    const auto output_of_task = [&](std::size_t task) {
      return recomputes(tasks) ? output_of(batch, tasks, task, dropout_seed) : kept[task];
    };
    return {{to_values(losses), figures_of(joined.attn), figures_of(joined.attn_rgb),
             figures_of(joined.attn_flow)},
            gradients(output_of_task, tasks, joined, threads)};
  }

  // The same, of fewer rows at once where the GPU's memory is short, from then on.
  Descent descent_in_memory(const Batch& batch, std::optional<std::uint64_t> dropout_seed,
                            int threads) {
    for (;;) {
      try {
        return descent(batch, dropout_seed, threads);
      } catch (const Error&) {
        throw;
      } catch (const std::exception& e) {
        if (rows_at_once == 0 || !is_short_of_gpu_memory(e)) throw;
      }
      take_fewer_rows();
    }
  }

  void take_fewer_rows() {
    const std::string where = " in the memory of " + to_string(place.device);
    if (rows_at_once == 1) {
      throw Error(ErrorKind::kInternal,
                  "there is no place to learn from a single video" + where +
                      "; end what else uses it, or train with a smaller length");
    }
    spdlog::warn("there is no place to learn from {} videos at once{}: from here on it is {}",
                 rows_at_once, where, (rows_at_once + 1) / 2);
    rows_at_once = (rows_at_once + 1) / 2;
    free_unused_gpu_memory(place.device);
  }

  void step(const std::vector<Tensor>& gradients) {
    const AdamOptions adam{.learning_rate = options.learning_rate,
                           .weight_decay = options.weight_decay};
    ++updates;
    if (!device.is_cpu()) {
      for (std::size_t i = 0; i < parameters.size(); ++i) {
        if (!gradients[i].defined()) continue;
        adam_step(adam, updates, parameters[i].detach(), gradients[i], moments1[i], moments2[i]);
      }
      return;
    }
    tbb::parallel_for(std::size_t{0}, parameters.size(), [&](std::size_t i) {
      if (!gradients[i].defined()) return;
      adam_step(adam, updates, values_of(parameters[i]), values_of(gradients[i]),
                values_of(moments1[i]), values_of(moments2[i]));
    });
  }

  TrainingOptions options;
  int classes;
  LearnerPlace place;
  torch::Device device;
  int rows_at_once = place.rows_at_once;
  Co2Net model;
  std::vector<std::string> names;
  std::vector<Tensor> parameters, moments1, moments2;
  std::int64_t updates = 0;
};

LearnerPlace learner_place(const Device& device) {
  return {.device = device, .rows_at_once = device.is_gpu() ? kRowsOfABatch : 0};
}

Learner::Learner(const TrainingOptions& options, int classes, int feature_size,
                 const LearnerPlace& place)
    : parts_(std::make_unique<Parts>(options, network_config(options, classes, feature_size),
                                     place)) {}

Learner::Learner(Learner&&) noexcept = default;
Learner::~Learner() = default;

UpdateFigures Learner::update(const Batch& batch, std::optional<std::uint64_t> dropout_seed,
                              int threads) {
  use_one_thread_here();
  if (!parts_->device.is_cpu()) threads = 1;
  const Parts::Descent descent = parts_->descent_in_memory(batch, dropout_seed, threads);
  parts_->step(descent.gradients);
  return descent.figures;
}

const Co2Net& Learner::model() const { return parts_->model; }

int Learner::rows_at_once() const { return parts_->rows_at_once; }
void Learner::set_rows_at_once(int rows) { parts_->rows_at_once = rows; }

Tensors Learner::state() const {
  Tensors state = {{"updates", torch::tensor(parts_->updates)}};
  for (std::size_t i = 0; i < parts_->names.size(); ++i) {
    state["parameter/" + parts_->names[i]] = parts_->parameters[i].detach().cpu();
    state["moment1/" + parts_->names[i]] = parts_->moments1[i].cpu();
    state["moment2/" + parts_->names[i]] = parts_->moments2[i].cpu();
  }
  return state;
}

void Learner::restore(const Tensors& state) {
  torch::NoGradGuard no_grad;
  const auto copy = [&](const std::string& name, Tensor to) {
    const auto found = state.find(name);
    if (found == state.end() || found->second.sizes() != to.sizes() ||
        found->second.scalar_type() != to.scalar_type()) {
      throw Error(ErrorKind::kModel, "a training state of another network: " + name +
                                         " is missing or has another shape");
    }
    to.copy_(found->second);
  };
  for (std::size_t i = 0; i < parts_->names.size(); ++i) {
    copy("parameter/" + parts_->names[i], parts_->parameters[i]);
    copy("moment1/" + parts_->names[i], parts_->moments1[i]);
    copy("moment2/" + parts_->names[i], parts_->moments2[i]);
  }
  Tensor updates = torch::zeros({}, torch::kInt64);
  copy("updates", updates);
  parts_->updates = updates.item<std::int64_t>();
}

void keep_freed_memory() {
  ::mallopt(M_MMAP_MAX, 0);
  ::mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
  ::mallopt(M_ARENA_MAX, 1);  // other arenas cannot hold large blocks
}

}  // namespace co2net
