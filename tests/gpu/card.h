#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "extractors/flow/gpu.h"
#include "extractors/flow/tvl1.h"
#include "pipeline/base/json.h"

// What the programs of card.sh share. They measure on one machine what it can do, so that their
// figures depend on the clock.
namespace co2net::card {

struct Job {
  std::filesystem::path clip;  // a .npy, as Clip takes it
  std::string device;          // "cuda", "opencl" or "cpu"
  std::filesystem::path report;
  bool is_small = false;  // little of everything, to try out whether it runs

  // For how long a figure's work is repeated.
  double seconds_a_figure() const { return is_small ? 0 : 2; }
};

// Frames in memory, which begin anew after the last one.
class Clip {
 public:
  // uint8 [T, H, W, 3], BGR. Throws Error(kInput).
  explicit Clip(const std::filesystem::path& npy);

  ImageSize size() const { return size_; }
  const std::uint8_t* bgr(std::int64_t index) const;  // [H, W, 3]
  GrayView gray(std::int64_t index) const;
  // From frame `first` on, each to the next.
  std::vector<FlowPair> pairs(std::int64_t first, std::int64_t count) const;

 private:
  ImageSize size_;
  std::vector<std::uint8_t> bgr_, gray_;
};

// Figures, each printed when it is known, and kept in a file of JSON that is whole after each.
class Report {
 public:
  explicit Report(std::filesystem::path file) : file_(std::move(file)) {}
  void add(const std::string& what, double value, const std::string& unit);
  void tell(const std::string& what, const std::string& text);
  // A part of the work; where it fails, that is told, and the other parts go on.
  void part(const std::string& name, const std::function<void()>& work);
  bool has_failed() const { return has_failed_; }

 private:
  void add_row(const Json& row);

  std::filesystem::path file_;
  Json rows_ = Json::array();
  bool has_failed_ = false;
};

// How often a second `work` is done, after once to warm up, in about so many seconds.
double times_a_second(double seconds, const std::function<void()>& work);

// "cuda" or "opencl": the first device there, with the kernels of flow.
std::shared_ptr<GpuDevice> open_for_flow(const std::string& device);

// PROGRAM CLIP.npy DEVICE REPORT.json [small]; returns the exit code.
int run(int argc, char** argv, void (*measure)(const Job& job, Report& report));

}  // namespace co2net::card
