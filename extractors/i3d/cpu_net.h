#pragma once

#include <memory>
#include <string>

#include "extractors/i3d/conv_net.h"

namespace co2net {

struct ConvKernels;

// Runs a ConvNet on the CPU: float32, but averages summed in double; channels last, padding and
// ReLU inside of the convolutions, concatenations written in place. By the kernels of
// conv_kernels.h, where they fit: 3x3x3 convolutions of stride 1 and a clip's first 7x7x7
// convolution of stride 2 by Winograd's filtering on maps of at least 8x8, 1x1x1 convolutions, and
// pools. Other convolutions by oneDNN; where that is slow (onednn_convolution.h), 3x3x3 on smaller
// maps are not left to it. So shape and CPU alone decide, and equal inputs give equal bytes.
class CpuNet {
 public:
  // Transforms the weights, on all of TBB's threads: to 4 floats for one of a 3x3x3 filter, and to
  // 4.6 for one of 7x7x7; all of a full-size I3D's take 125 MB. Throws UnsupportedNetwork if a
  // weight is not finite, and for a layer that is left to oneDNN and that it does not take, as it
  // does none on a CPU that has neither AVX-512 nor AVX2.
  explicit CpuNet(const ConvNet& net);  // with the fastest kernels here
  CpuNet(const ConvNet& net, const ConvKernels& kernels);
  CpuNet(CpuNet&&) noexcept;
  CpuNet& operator=(CpuNet&&) noexcept;
  ~CpuNet();

  const Shape& output_shape() const;
  // Of the memory for activations, which each calling thread keeps until it ends; networks share
  // it.
  std::size_t workspace_bytes() const;
  // How many convolutions run by Winograd's filtering, which rounds more.
  int winograd_layers() const;

  // `input` and `output` have as many values as the network's input and output_shape(). May be
  // called from many threads at once. A NaN may be lost in a ReLU or a pool.
  // oneDNN uses as many threads as OpenMP had for the thread that constructed this, or has for the
  // calling one: both need use_one_thread_here() (pipeline/devices/device.h) first.
  void run(const float* input, float* output) const;

  // What runs here, for cache keys: "convolutions 1 (AVX3), oneDNN 2.6.3 (ISA 1007)".
  static std::string library_version();

 private:
  struct Plan;
  std::unique_ptr<Plan> plan_;
};

}  // namespace co2net
