#include "localizer/adam_tensors.h"

#include <torch/torch.h>

#include <cmath>

namespace co2net {

void adam_step(const AdamOptions& options, std::int64_t step, at::Tensor parameter,
               const at::Tensor& gradient, at::Tensor moment1, at::Tensor moment2) {
  const auto steps = static_cast<double>(step);
  const auto beta1 = static_cast<float>(options.beta1), beta2 = static_cast<float>(options.beta2);
  const double rate = options.learning_rate / (1 - std::pow(options.beta1, steps));
  const double scale = 1 / std::sqrt(1 - std::pow(options.beta2, steps));
  const at::Tensor slope = gradient.add(parameter, options.weight_decay);
  moment1.mul_(beta1).add_(slope, 1 - beta1);
  moment2.mul_(beta2).addcmul_(slope, slope, 1 - beta2);
  parameter.addcdiv_(moment1, moment2.sqrt().mul_(scale).add_(options.epsilon), -rate);
}

}  // namespace co2net
