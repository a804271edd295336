#pragma once

#include <memory>
#include <string>

#include "extractors/i3d/conv_net.h"

namespace co2net {

// Runs a ConvNet with oneDNN on the CPU: float32, but averages summed in double; channels in blocks
// of a vector's width, padding and ReLU inside of the convolutions, concatenations written in
// place. Which algorithm a layer gets depends on its shape and on the CPU's instruction set, never
// on a measurement, so that equal inputs give equal bytes. 3x3x3 convolutions of stride 1 on maps
// of at least 8x8 run by Winograd's minimal filtering F(4x4, 3x3) (Lavin and Gray 2016, "Fast
// Algorithms for Convolutional Neural Networks") over height and width, where oneDNN has it: with
// AVX-512.
class OnednnNet {
 public:
  // Copies the weights. Throws UnsupportedNetwork if the CPU has neither AVX-512 nor AVX2, if a
  // weight is not finite, or for a layer that oneDNN does not take.
  explicit OnednnNet(const ConvNet& net);
  OnednnNet(OnednnNet&&) noexcept;
  OnednnNet& operator=(OnednnNet&&) noexcept;
  ~OnednnNet();

  const Shape& output_shape() const;
  // Of the memory for activations, which each calling thread keeps until it ends; networks share
  // it.
  std::size_t workspace_bytes() const;
  // How many convolutions run by Winograd's filtering.
  int winograd_layers() const;

  // `input` and `output` have as many values as the network's input and output_shape(). May be
  // called from many threads at once. A NaN may be lost in a ReLU.
  // oneDNN uses as many threads as OpenMP had for the thread that constructed this, or has for the
  // calling one: both need use_one_thread_here() (pipeline/devices/device.h) first.
  void run(const float* input, float* output) const;

  // The library that runs, and its instruction set, for cache keys: "oneDNN 2.6.3 (ISA 1007)".
  static std::string library_version();

 private:
  struct Plan;
  std::unique_ptr<Plan> plan_;
};

}  // namespace co2net
