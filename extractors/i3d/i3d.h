#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "pipeline/base/choice.h"
#include "pipeline/devices/device.h"
#include "pipeline/formats/array.h"

namespace co2net {

// Of the network's arithmetic. Half precision is for GPUs alone; how far it is off is in the log.
enum class I3dPrecision { kFp32, kFp16, kBf16 };
template <>
inline constexpr Choice<I3dPrecision> kChoices<I3dPrecision>[] = {
    {I3dPrecision::kFp32, "fp32"}, {I3dPrecision::kFp16, "fp16"}, {I3dPrecision::kBf16, "bf16"}};

// Clips that a GPU takes at once where nobody says otherwise.
inline constexpr int kClipsOnGpu = 16;

struct I3dOptions {
  int channels = 3;         // of the clips: 3 rgb, 2 flow
  int feature_size = 1024;  // D, which every output of the network must have
  Device device = {};
  I3dPrecision precision = I3dPrecision::kFp32;
  int side = 224;  // of the clips, in pixels
  // Clips that go through the network together. More than one also on a CPU run in libtorch as they
  // do on a GPU, which is for tests.
  int clips_at_once = 1;
};

// Runs a TorchScript feature network, forward(float32 [N, C, 16, side, side]) -> float32 [N, D],
// such as save_i3d() writes, in evaluation mode. float16 and bfloat16 weights are read as float32,
// and so are those types where the code names them. The file is code that runs here: load only what
// you trust. On the CPU it is compiled (cpu_net.h) when it is loaded, if it consists of an I3D's
// operators; else libtorch runs it as it is written, and a warning names the operator that is in
// the way. features() may be called from many threads at once.
class I3d {
 public:
  // Throws Error(kModel) naming the file if it cannot be loaded, fails on a clip, or gives
  // something else than one tensor of D numbers a clip, Error(kUsage) if the device is absent or
  // lacks the precision, Error(kRetry) as features() does. Call use_one_thread_a_call()
  // (pipeline/devices/threads.h) first; several may then be constructed at once.
  I3d(const std::filesystem::path& file, const I3dOptions& options);
  I3d(I3d&&) noexcept;
  I3d& operator=(I3d&&) noexcept;
  ~I3d();

  int feature_size() const { return options_.feature_size; }
  // Whether the network is compiled, and how many of its convolutions then run by Winograd's
  // filtering, which rounds more.
  bool is_compiled() const;
  int winograd_layers() const;

  // What runs the networks, for cache keys: "libtorch 1.13.1, convolutions 1 (AVX3), oneDNN ...".
  static std::string library_version();

  //   clips    float32 [N, C, 16, side, side] in [-1, 1]; C = 3 in RGB order, or 2: flow x, flow y
  //   returns  float32 [N, D]
  // On the CPU each clip goes through the network by itself and on the calling thread alone, so
  // that a feature depends neither on its neighbours nor on the number of threads; libtorch's
  // number of threads is left at one. On a GPU options.clips_at_once go through together, always as
  // many (zeros fill up), so that cuDNN takes the same kernels each time. Throws Error(kInput) for
  // clips of another shape, Error(kRetry) where so many do not fit the GPU's memory, Error(kModel)
  // naming the file if the network fails, returns anything but D finite numbers, or on the CPU
  // gives other numbers when it sees its first clip a second time.
  Array features(const Array& clips) const;

 private:
  struct Network;

  Shape clips_shape(std::int64_t count) const;
  void expect_feature_size() const;

  //   clips     float32 [count, C, 16, side, side], count <= options.clips_at_once
  //   features  float32 [count, D], written
  void run(const float* clips, std::int64_t count, float* features) const;
  void tell_rounding(const std::filesystem::path& file) const;

  std::string name_;  // the file's
  I3dOptions options_;
  std::unique_ptr<Network> network_;
};

// The largest difference, as a share of the largest of `exact`, which has the same shape.
double largest_distance(const Array& features, const Array& exact);

}  // namespace co2net
