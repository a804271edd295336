#include "tests/checkpoint_file.h"

#include <torch/torch.h>

#include "localizer/checkpoint.h"

namespace co2net::test {

void write_state_dict(const std::filesystem::path& path, const Arrays& parameters) {
  Tensors tensors;
  for (const auto& [name, array] : parameters) {
    tensors[name] = torch::tensor(array.values).reshape(array.shape);
  }
  write_checkpoint(path, tensors);
}

}  // namespace co2net::test
