#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "extractors/i3d/conv_net.h"

namespace co2net {

constexpr std::int64_t kScratchAlignment = 64;  // bytes

// A convolution by oneDNN, which takes all that the kernels of conv_kernels.h do not. A copy is the
// same convolution.
class OnednnConvolution {
 public:
  enum class Source { kChannelsLast, kClip };  // dense [T, H, W, C], or [C, T, H, W]

  // Strides, padding and ReLU of the layer, the kernel of the weights
  // [results, sources, kernel...]; bias [results]. The result is dense [T, H, W, results]. Throws
  // UnsupportedNetwork if oneDNN does not take it, or is not fast here.
  OnednnConvolution(const ConvLayer& layer, const Array& weights, const Array& bias,
                    const Size3& source_size, Source source);

  std::size_t scratch_bytes() const;
  // May be called from many threads at once, with memory of their own at multiples of
  // kScratchAlignment.
  void run(const float* source, float* result, std::byte* scratch) const;

  // Whether the CPU has AVX-512 or AVX2; libtorch's convolutions are faster where it has not.
  static bool is_fast_here();

  // "oneDNN 2.6.3 (ISA 1007)": the version and its instruction set.
  static std::string library_version();

 private:
  struct Primitives;
  std::shared_ptr<const Primitives> primitives_;
};

}  // namespace co2net
