// Takes training steps (batch 10, 2048-d) for train_step.sh, as train_step.py does: reads a line
// for each step to take from standard input, prints the seconds that it took and its loss.
//   co2net_bench_train_step THREADS SNIPPETS

#include <chrono>
#include <iostream>
#include <random>
#include <string>

#include "localizer/learner.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: co2net_bench_train_step THREADS SNIPPETS\n";
    return 2;
  }
  const int threads = std::stoi(argv[1]);
  const int snippets = std::stoi(argv[2]);
  co2net::keep_freed_memory();
  co2net::Learner learner(co2net::training_preset("thumos14"), 20, 2048);
  co2net::Batch batch;
  std::mt19937 random(1);
  std::uniform_real_distribution<float> uniform;
  for (int row = 0; row < 10; ++row) {
    co2net::Array features({snippets, 2048});
    for (float& value : features.values) value = uniform(random);
    batch.features.push_back(std::move(features));
    batch.classes.push_back({row / 2});
  }
  std::uint64_t seed = 0;
  for (std::string line; std::getline(std::cin, line); seed += batch.features.size()) {
    const auto start = std::chrono::steady_clock::now();
    const co2net::LossValues losses = learner.update(batch, seed, threads).losses;
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    std::cout << seconds.count() << " " << losses.total << std::endl;
  }
}
