#include "samples/training_state.h"

#include <torch/torch.h>

#include <sstream>

#include "pipeline/base/files.h"

namespace co2net {
namespace {

std::string name_of_tensor(std::size_t i) { return "tensor." + std::to_string(i); }

}  // namespace

void save_state(const std::filesystem::path& path, int epochs_done, const TrainingState& state) {
  torch::serialize::OutputArchive archive, of_optimizer;
  std::ostringstream random, bytes;
  random << state.random;
  archive.write("key", c10::IValue(state.key));
  archive.write("epochs", c10::IValue(epochs_done));
  archive.write("random", c10::IValue(random.str()));
  archive.write("order", torch::tensor(state.order));
  for (std::size_t i = 0; i < state.tensors.size(); ++i) {
    archive.write(name_of_tensor(i), state.tensors[i].detach());
  }
  state.optimizer.save(of_optimizer);
  archive.write("optimizer", of_optimizer);
  archive.save_to(bytes);
  write_file(path, bytes.str());
}

int load_state(const std::filesystem::path& path, TrainingState& state) {
  if (!std::filesystem::exists(path)) return 0;
  torch::serialize::InputArchive archive, of_optimizer;
  archive.load_from(path.string());
  c10::IValue key, epochs, random;
  archive.read("key", key);
  if (key.toStringRef() != state.key) return 0;
  archive.read("epochs", epochs);
  archive.read("random", random);
  std::istringstream(random.toStringRef()) >> state.random;
  torch::Tensor order;
  archive.read("order", order);
  state.order.assign(order.data_ptr<std::int64_t>(),
                     order.data_ptr<std::int64_t>() + order.numel());
  const torch::NoGradGuard no_grad;
  for (std::size_t i = 0; i < state.tensors.size(); ++i) {
    torch::Tensor tensor;
    archive.read(name_of_tensor(i), tensor);
    state.tensors[i].copy_(tensor);
  }
  archive.read("optimizer", of_optimizer);
  state.optimizer.load(of_optimizer);
  return static_cast<int>(epochs.toInt());
}

}  // namespace co2net
