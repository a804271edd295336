#include "localizer/adam.h"

#include <cmath>

namespace co2net {

void adam_step(const AdamOptions& options, std::int64_t step, std::span<float> parameter,
               std::span<const float> gradient, std::span<float> moment1,
               std::span<float> moment2) {
  const auto steps = static_cast<double>(step);
  const auto beta1 = static_cast<float>(options.beta1), beta2 = static_cast<float>(options.beta2);
  const auto decay = static_cast<float>(options.weight_decay);
  const auto epsilon = static_cast<float>(options.epsilon);
  const auto rate =
      static_cast<float>(options.learning_rate / (1 - std::pow(options.beta1, steps)));
  const auto scale = static_cast<float>(1 / std::sqrt(1 - std::pow(options.beta2, steps)));
  for (std::size_t i = 0; i < parameter.size(); ++i) {
    const float slope = gradient[i] + decay * parameter[i];
    moment1[i] = beta1 * moment1[i] + (1 - beta1) * slope;
    moment2[i] = beta2 * moment2[i] + (1 - beta2) * slope * slope;
    parameter[i] -= rate * moment1[i] / (std::sqrt(moment2[i]) * scale + epsilon);
  }
}

}  // namespace co2net
