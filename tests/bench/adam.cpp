// Compares adam_step with torch::optim::Adam on the parameters of the THUMOS14 network, each on
// all cores as training has it, in seconds a step. Both take turns, so that a busy machine slows
// both.
//   co2net_bench_adam [ROUNDS]

#include <oneapi/tbb/info.h>
#include <oneapi/tbb/parallel_for.h>
#include <torch/torch.h>

#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "localizer/adam.h"
#include "localizer/co2net.h"
#include "localizer/network.h"
#include "pipeline/base/statistics.h"
#include "tests/bench/timing.h"

namespace {

using co2net::test::seconds_of;

std::span<float> values_of(const torch::Tensor& tensor) {
  return {tensor.data_ptr<float>(), static_cast<std::size_t>(tensor.numel())};
}

std::vector<torch::Tensor> like(const std::vector<torch::Tensor>& parameters, bool random) {
  std::vector<torch::Tensor> tensors;
  for (const torch::Tensor& parameter : parameters) {
    tensors.push_back(random ? torch::randn(parameter.sizes()) : torch::zeros(parameter.sizes()));
  }
  return tensors;
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::stoi(argv[1]) : 10;
  const co2net::Co2Net theirs = co2net::Co2Net::seeded({}, 1), ours = co2net::Co2Net::seeded({}, 1);
  const std::vector<torch::Tensor> their_parameters = theirs.network().parameters(),
                                   our_parameters = ours.network().parameters(),
                                   gradients = like(our_parameters, true);
  const std::vector<torch::Tensor> moment1 = like(our_parameters, false),
                                   moment2 = like(our_parameters, false);
  for (std::size_t i = 0; i < gradients.size(); ++i)
    their_parameters[i].mutable_grad() = gradients[i];
  torch::optim::Adam adam(their_parameters, torch::optim::AdamOptions(5e-5).weight_decay(1e-3));
  const co2net::AdamOptions options{.learning_rate = 5e-5, .weight_decay = 1e-3};

  std::vector<double> their_seconds, our_seconds;
  for (int round = 1; round <= rounds; ++round) {
    their_seconds.push_back(seconds_of([&] { adam.step(); }));
    our_seconds.push_back(seconds_of([&] {
      oneapi::tbb::parallel_for(std::size_t{0}, gradients.size(), [&](std::size_t i) {
        co2net::adam_step(options, round, values_of(our_parameters[i]), values_of(gradients[i]),
                          values_of(moment1[i]), values_of(moment2[i]));
      });
    }));
  }
  std::printf("%d cores: torch %.3f s, adam_step %.3f s a step, ratio %.1f\n",
              oneapi::tbb::info::default_concurrency(), co2net::median(their_seconds),
              co2net::median(our_seconds),
              co2net::median(their_seconds) / co2net::median(our_seconds));
}
