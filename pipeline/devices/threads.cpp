#include "pipeline/devices/threads.h"

#include <oneapi/tbb/global_control.h>

#include <memory>
#include <opencv2/core/utility.hpp>

#include "pipeline/devices/device.h"

// OpenBLAS's, null where libtorch uses another BLAS. libtorch's own setting does not reach it.
extern "C" __attribute__((weak)) void openblas_set_num_threads(int threads);

namespace co2net {

void use_one_thread_a_call() {
  cv::setNumThreads(1);
  use_one_thread_here();
  if (openblas_set_num_threads != nullptr) openblas_set_num_threads(1);
}

void use_threads(int threads) {
  static std::unique_ptr<tbb::global_control> control;
  control = std::make_unique<tbb::global_control>(tbb::global_control::max_allowed_parallelism,
                                                  static_cast<std::size_t>(threads));
  use_one_thread_a_call();
}

}  // namespace co2net
