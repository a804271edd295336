#pragma once

#include <torch/optim/adamw.h>
#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

namespace co2net {

// Between two epochs of a training: all that the next ones depend on, but what `key` stands for.
struct TrainingState {
  std::string key;                     // of the training; another one's state is not taken
  std::vector<torch::Tensor> tensors;  // what is trained, and statistics; in one order
  torch::optim::AdamW& optimizer;
  std::mt19937_64& random;
  std::vector<std::int64_t>& order;  // of the clips
};

// Writes it, complete or not at all. Throws Error(kIo).
void save_state(const std::filesystem::path& path, int epochs_done, const TrainingState& state);

// Puts what a file holds into `state`, and returns how many epochs are done: 0, and nothing is
// changed, where there is no such file or it is of another training.
int load_state(const std::filesystem::path& path, TrainingState& state);

}  // namespace co2net
