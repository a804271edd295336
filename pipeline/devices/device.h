#pragma once

#include <string>

namespace co2net {

// Where networks run: "cpu", "cuda" (the first GPU) or "cuda:N".

// "cuda" where libtorch finds a GPU, else "cpu".
std::string best_device();

// Throws Error(kUsage) that says why if networks can't run on `device`. For a GPU, also makes
// libtorch compute in full float32 (no TF32) and by algorithms that repeat their results, for the
// whole process.
void use_device(const std::string& device);

// What `device` is, for the log and for cache keys: "cpu", or the GPU's name and the versions of
// CUDA and cuDNN. Just `device` where it is not here.
std::string device_description(const std::string& device);

// Makes libtorch compute on the calling thread alone, and oneDNN, which uses the same OpenMP. A
// thread that others start takes as many threads as there are cores until it calls this.
void use_one_thread_here();

// The index of a "cuda" or "cuda:N", -1 for "cpu". Throws Error(kUsage) for any other name.
int gpu_index(const std::string& device);

}  // namespace co2net
