#include "extractors/flow/tvl1_gpu.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <exception>
#include <mutex>
#include <utility>

#include "extractors/flow/cuda.h"
#include "extractors/flow/opencl.h"
#include "extractors/flow/quantise.h"
#include "pipeline/base/error.h"

namespace co2net {
namespace {

constexpr unsigned kTile = 32;  // pixels of a group's square; INNER of them are its own
constexpr unsigned kRows = 8;   // of items in a group
constexpr unsigned kFused = 4;  // iterations a launch
constexpr unsigned kInner = kTile - 2 * kFused;
constexpr GpuExtent kGroup = {kTile, kRows, 1};
// Of iterations, before the other kernels take their turn and the host hears how far pairs are.
constexpr int kLaunchesATurn = 4;
// A group's lower 16 bits add up in 32, and what it has above them, at most 2^16, likewise.
constexpr std::uint64_t kMostGroups = 1 << 16;
static_assert(kInner * kInner * 4ull << 20 <= ~0u, "a group's change fits 32 bits");

constexpr int kSmallestSide = 16;  // of a pyramid's level, the first excepted
constexpr float kChangeSteps = 0x1p20f, kLargestChange = 4;

// As tvl1_gpu.cl has them.

struct Level {
  std::int64_t threshold;
  std::int32_t width, height;
  std::int32_t start;
  float shrink;
  float x_scale, y_scale;
};
static_assert(sizeof(Level) == 32);

enum Phase { kTakeUp = 1, kDone = 4 };

struct Progress {
  std::int64_t iteration = 0, credit = 0;
  std::uint32_t low = 0, high = 0;
  std::int32_t phase = 0, level = 0, warp = 0;
  std::int32_t looked = 0;
  std::int32_t current = 0;
  std::int32_t is_new = 0;
  std::int32_t serial = 0;
  std::int32_t padding = 0;
};
static_assert(sizeof(Progress) == 56);
constexpr int kProgressesAPair = 3;

// Planes of each pair.
constexpr std::size_t kStatePlanes = 6, kDataPlanes = 4, kFlowPlanes = 2, kImages = 2;

int scaled(int side, double step) { return static_cast<int>(std::lrint(side * step)); }

std::vector<Level> levels_of(ImageSize size, const Recipe::Flow& flow) {
  std::vector<Level> levels;
  const auto scale = static_cast<float>(1 / flow.scale_step);
  const double most_a_pixel = std::min<double>(flow.epsilon * flow.epsilon, kLargestChange);
  std::int64_t start = 0;
  while (static_cast<int>(levels.size()) < flow.scales) {
    const bool is_first = levels.empty();
    if (!is_first && (size.width < kSmallestSide || size.height < kSmallestSide)) break;
    const bool is_same = !is_first && size == ImageSize{levels.back().height, levels.back().width};
    const double pixels = static_cast<double>(size.width) * size.height;
    levels.push_back({static_cast<std::int64_t>(most_a_pixel * pixels * kChangeSteps), size.width,
                      size.height, static_cast<std::int32_t>(start), is_same ? 1.f : scale, 1, 1});
    start += static_cast<std::int64_t>(size.area());
    size = {scaled(size.height, flow.scale_step), scaled(size.width, flow.scale_step)};
  }
  for (std::size_t i = 0; i + 1 < levels.size(); ++i) {
    const Level& coarse = levels[i + 1];
    levels[i].x_scale = static_cast<float>(static_cast<double>(coarse.width) / levels[i].width);
    levels[i].y_scale = static_cast<float>(static_cast<double>(coarse.height) / levels[i].height);
  }
  return levels;
}

unsigned groups(int pixels, unsigned a_group) {
  return (static_cast<unsigned>(pixels) + a_group - 1) / a_group;
}

// Pairs of one size in flight, all that is theirs on the device, and the kernels.
class Arena {
 public:
  Arena(GpuDevice& device, const Recipe::Flow& flow, ImageSize size, int most_pairs)
      : size_(size),
        levels_(levels_of(size, flow)),
        iterations_(std::int64_t{flow.outer_iterations} * flow.inner_iterations),
        warps_(flow.warps),
        factor_(static_cast<float>(1 / flow.scale_step)),
        l_t_(static_cast<float>(flow.lambda * flow.theta)),
        taut_(static_cast<float>(flow.tau / flow.theta)),
        theta_(static_cast<float>(flow.theta)),
        steps_(quantisation_steps(flow.bound)),
        stream_(device.open_stream()) {
    if (std::uint64_t{groups(size.width, kInner)} * groups(size.height, kInner) > kMostGroups) {
      throw Error(ErrorKind::kUsage, device.name() + ": frames of " + text_of(size) +
                                         " are too large for flow there; use --device cpu");
    }
    pairs_ = std::min(most_pairs, pairs_that_fit(device));
    while (!allocate()) {
      free();
      if (pairs_ == 1) {
        throw Error(ErrorKind::kInternal, device.name() + ": not enough memory for a pair of " +
                                              text_of(size) +
                                              "; close what uses the device, or use --device cpu");
      }
      spdlog::warn("{}: not enough memory for {} pairs of {} in flight; trying {}", device.name(),
                   pairs_, text_of(size), pairs_ / 2);
      pairs_ /= 2;
    }
    stream_->write(memory_[kLevels], 0, levels_.data(), levels_.size() * sizeof(Level));
    stream_->write(memory_[kSteps], 0, steps_.data(), sizeof steps_);
  }

  ImageSize size() const { return size_; }
  int pairs() const { return pairs_; }
  GpuStream& stream() { return *stream_; }

  // `frames` are both images, `progress` a pair's; they stay where they are until waited for.
  void enter(int slot, const std::vector<std::uint8_t>& frames,
             const std::array<Progress, kProgressesAPair>& progress) {
    stream_->write(memory_[kFrames], frames.size() * slot, frames.data(), frames.size());
    stream_->write(memory_[kProgress], sizeof progress * slot, &progress, sizeof progress);
  }

  Progress entered(int serial) const {
    Progress progress;
    progress.phase = kTakeUp;
    progress.level = static_cast<std::int32_t>(levels_.size()) - 1;
    progress.is_new = 1;
    progress.serial = serial;
    return progress;
  }

  // After pairs have entered.
  void make_pyramids() {
    const auto images = static_cast<unsigned>(kImages) * pairs_;
    const int count = static_cast<int>(levels_.size());
    launch("load", grid(0, images), memory_[kFrames], memory_[kPyramids], memory_[kProgress],
           launch_, memory_[kLevels], pyramid());
    for (int level = 1; level < count; ++level) {
      launch("shrink", grid(level, images), memory_[kPyramids], memory_[kProgress], launch_,
             memory_[kLevels], level, pyramid());
    }
    launch("gradient", grid(0, pairs_), memory_[kPyramids], memory_[kGradients], memory_[kProgress],
           launch_, memory_[kLevels], count, pyramid());
    take_up_and_warp();
  }

  void iterate() {
    const GpuExtent tiles = {groups(size_.width, kInner), groups(size_.height, kInner),
                             static_cast<unsigned>(pairs_)};
    for (int i = 0; i < kLaunchesATurn; ++i) {
      launch("iterate", tiles, memory_[kState0], memory_[kState1], memory_[kData],
             memory_[kProgress], launch_, memory_[kLevels], iterations_, warps_, l_t_, taut_,
             theta_);
      ++launch_;
    }
    take_up_and_warp();
  }

  struct Report {
    std::vector<Progress> progress;
    std::int32_t launch = 0;
    const Progress& of(int slot) const { return progress[slot * kProgressesAPair + launch % 3]; }
  };
  void send_for(Report& report) {
    report.launch = launch_;
    report.progress.resize(static_cast<std::size_t>(pairs_) * kProgressesAPair);
    stream_->read(memory_[kProgress], 0, report.progress.data(),
                  report.progress.size() * sizeof(Progress));
  }

  // The planes u1 and u2 of a pair that is done.
  void send_for_flow(int slot, int current, std::vector<float>& planes) {
    planes.resize(kFlowPlanes * area());
    stream_->read(state(current), kStatePlanes * area() * sizeof(float) * slot, planes.data(),
                  planes.size() * sizeof(float));
  }

  // The same in bytes, which the device makes of them.
  void send_for_bytes(int slot, int current, std::vector<FlowBytes>& bytes) {
    bytes.resize(area());
    launch("quantise", grid(0, 1), state(current), memory_[kBytes], memory_[kLevels],
           memory_[kSteps], slot);
    stream_->read(memory_[kBytes], area() * sizeof(FlowBytes) * slot, bytes.data(),
                  area() * sizeof(FlowBytes));
  }

 private:
  enum Part {
    kFrames,
    kPyramids,
    kGradients,
    kState0,
    kState1,
    kData,
    kBytes,
    kProgress,
    kLevels,
    kSteps,
    kParts
  };

  GpuMemory state(int current) const { return memory_[current != 0 ? kState1 : kState0]; }

  static std::string text_of(ImageSize size) {
    return std::to_string(size.width) + "x" + std::to_string(size.height);
  }

  std::size_t area() const { return size_.area(); }
  std::int32_t pyramid() const { return levels_.back().start + last_area(); }
  std::int32_t last_area() const { return levels_.back().width * levels_.back().height; }

  // Of a pair; none of what all share.
  std::size_t bytes(Part part) const {
    switch (part) {
      case kFrames:
        return kImages * area();
      case kPyramids:
      case kGradients:
        return kImages * static_cast<std::size_t>(pyramid()) * sizeof(float);
      case kState0:
      case kState1:
        return kStatePlanes * area() * sizeof(float);
      case kData:
        return kDataPlanes * area() * sizeof(float);
      case kBytes:
        return area() * sizeof(FlowBytes);
      case kProgress:
        return kProgressesAPair * sizeof(Progress);
      default:
        return 0;
    }
  }

  // Half of the memory is left to others; libtorch may be one of them.
  int pairs_that_fit(const GpuDevice& device) const {
    std::size_t all = 0, largest = 1;
    for (int part = 0; part < kParts; ++part) {
      all += bytes(static_cast<Part>(part));
      largest = std::max(largest, bytes(static_cast<Part>(part)));
    }
    const std::size_t fit =
        std::min(device.memory_bytes() / 2 / all, device.largest_allocation() / largest);
    return static_cast<int>(std::clamp<std::size_t>(fit, 1, kPairsInFlight));
  }

  bool allocate() {
    for (int part = 0; part < kParts; ++part) {
      const std::size_t wanted = part == kLevels  ? levels_.size() * sizeof(Level)
                                 : part == kSteps ? sizeof steps_
                                                  : bytes(static_cast<Part>(part)) * pairs_;
      const std::optional<GpuMemory> memory = stream_->allocate(wanted);
      if (!memory) return false;
      memory_.push_back(*memory);
    }
    return true;
  }

  void free() {
    for (const GpuMemory memory : memory_) stream_->free(memory);
    memory_.clear();
  }

  GpuExtent grid(int level, unsigned depth) const {
    return {groups(levels_[level].width, kTile), groups(levels_[level].height, kRows), depth};
  }

  template <class... Arguments>
  void launch(const char* kernel, GpuExtent extent, const Arguments&... arguments) {
    stream_->launch(kernel, extent, kGroup, {GpuArgument{&arguments, sizeof arguments}...});
  }

  void take_up_and_warp() {
    const auto depth = static_cast<unsigned>(pairs_);
    const int count = static_cast<int>(levels_.size());
    launch("take_up", grid(0, depth), memory_[kState0], memory_[kState1], memory_[kProgress],
           launch_, memory_[kLevels], count, iterations_, warps_, factor_);
    ++launch_;
    launch("warp", grid(0, depth), memory_[kPyramids], memory_[kGradients], memory_[kState0],
           memory_[kState1], memory_[kData], memory_[kProgress], launch_, memory_[kLevels],
           iterations_, warps_, pyramid());
    ++launch_;
    launch_ %= kProgressesAPair;
  }

  const ImageSize size_;
  const std::vector<Level> levels_;
  const std::int64_t iterations_;
  const std::int32_t warps_;
  const float factor_, l_t_, taut_, theta_;
  const QuantisationSteps steps_;
  std::unique_ptr<GpuStream> stream_;
  int pairs_ = 0;
  std::vector<GpuMemory> memory_;  // by Part
  std::int32_t launch_ = 0;
};

// Whose pairs are to be solved: a caller of solve().
struct Job {
  const std::vector<FlowPair>& pairs;
  const AnyFlowTaker& take;
  const Deadline& deadline;
  std::size_t entered = 0;
  std::atomic<std::size_t> left;

  bool wants_bytes() const { return std::holds_alternative<FlowBytesTaker>(take); }
};

// A pair in flight. Its frames and first progress stay here while they are written.
struct Slot {
  Job* job = nullptr;  // none: free
  std::size_t index = 0;
  std::int32_t serial = 0;
  std::vector<std::uint8_t> frames;
  std::array<Progress, kProgressesAPair> progress;
};

// Flow on its way back, in one of the two forms.
struct Arrival {
  Job* job;
  std::size_t index;
  std::vector<float> planes = {};
  std::vector<FlowBytes> bytes = {};
};

void interleave(const std::vector<float>& planes, std::vector<FlowVector>& flow) {
  flow.resize(planes.size() / kFlowPlanes);
  const float *u = planes.data(), *v = u + flow.size();
  std::transform(u, v, v, flow.begin(), [](float x, float y) { return FlowVector{x, y}; });
}

class Tvl1Gpu : public FlowBatch {
 public:
  Tvl1Gpu(std::shared_ptr<GpuDevice> device, const Recipe::Flow& flow, int pairs_in_flight)
      : device_(std::move(device)), flow_(flow), most_(pairs_in_flight) {}

  // Of all callers that wait, one at a time drives the device for all.
  void solve(const std::vector<FlowPair>& pairs, const AnyFlowTaker& take, const Deadline& deadline,
             EffortMeter& meter) override {
    for (const auto& [from, to] : pairs) {
      expect_frame(from, from.size);
      expect_frame(to, from.size);
    }
    Job job{pairs, take, deadline, 0, pairs.size()};
    std::unique_lock<std::mutex> lock(mutex_);
    if (!pairs.empty()) waiting_.push_back(&job);
    while (job.left > 0) {
      if (failure_) std::rethrow_exception(failure_);
      if (is_driven_) {
        driver_left_.wait(lock);
        continue;
      }
      is_driven_ = true;
      lock.unlock();
      try {
        meter.measure(0, [this] { turn(); });
        lock.lock();
      } catch (...) {
        lock.lock();
        failure_ = std::current_exception();
      }
      meter.measure(std::exchange(solved_, 0), [] {});
      is_driven_ = false;
      driver_left_.notify_all();
    }
  }

 private:
  // One of the device's turns is under way while what the one before brought is looked at.
  void turn() {
    enter_pairs();
    if (!arena_) return;
    Arena::Report& report = reports_[turns_++ % reports_.size()];
    arena_->iterate();
    arena_->send_for(report);
    if (last_report_ != nullptr) {
      arena_->stream().wait_for_oldest_mark();
      deliver();
      look_at(*last_report_);
    }
    arena_->stream().mark();
    last_report_ = &report;
  }

  // Pairs into free slots. A pair of another size waits until the others are done.
  void enter_pairs() {
    bool any = false;
    while (Job* job = first_waiting()) {
      job->deadline.check();
      const FlowPair& pair = job->pairs[job->entered];
      if (!is_of_size(pair.from.size)) break;
      const auto free = std::find_if(slots_.begin(), slots_.end(),
                                     [](const Slot& slot) { return slot.job == nullptr; });
      if (free == slots_.end()) break;
      enter(*free, *job, pair);
      if (job->entered == job->pairs.size()) end_waiting_of_first();
      any = true;
    }
    for (const Slot& slot : slots_) {
      if (slot.job != nullptr) slot.job->deadline.check();
    }
    if (any) arena_->make_pyramids();
  }

  Job* first_waiting() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return waiting_.empty() ? nullptr : waiting_.front();
  }

  void end_waiting_of_first() {
    const std::lock_guard<std::mutex> lock(mutex_);
    waiting_.pop_front();
  }

  // Whether pairs of that size may enter, for which the arena is made anew once it is empty.
  bool is_of_size(ImageSize size) {
    if (arena_ && arena_->size() == size) return true;
    const auto is_busy = [](const Slot& slot) { return slot.job != nullptr; };
    if (!arrivals_.empty() || std::any_of(slots_.begin(), slots_.end(), is_busy)) return false;
    arena_.reset();  // before its memory is wanted again
    last_report_ = nullptr;
    arena_ = std::make_unique<Arena>(*device_, flow_, size, most_);
    slots_ = std::vector<Slot>(static_cast<std::size_t>(arena_->pairs()));
    return true;
  }

  void enter(Slot& slot, Job& job, const FlowPair& pair) {
    slot.job = &job;
    slot.index = job.entered++;
    slot.serial = ++serials_;
    slot.progress.fill(arena_->entered(slot.serial));
    slot.frames.resize(kImages * pair.from.size.area());
    std::uint8_t* row = slot.frames.data();
    for (const GrayView* frame : {&pair.from, &pair.to}) {
      for (int y = 0; y < frame->size.height; ++y) {
        row = std::copy_n(frame->row(y), frame->size.width, row);
      }
    }
    arena_->enter(static_cast<int>(&slot - slots_.data()), slot.frames, slot.progress);
  }

  void look_at(const Arena::Report& report) {
    for (Slot& slot : slots_) {
      const int i = static_cast<int>(&slot - slots_.data());
      const Progress& progress = report.of(i);
      if (slot.job == nullptr || progress.serial != slot.serial || progress.phase != kDone)
        continue;
      Arrival& arrival = arrivals_.emplace_back(Arrival{slot.job, slot.index});
      if (slot.job->wants_bytes()) {
        arena_->send_for_bytes(i, progress.current, arrival.bytes);
      } else {
        arena_->send_for_flow(i, progress.current, arrival.planes);
      }
      slot.job = nullptr;
    }
  }

  void deliver() {
    for (const Arrival& arrival : std::exchange(arrivals_, {})) {
      hand_over(arrival);
      ++solved_;
      --arrival.job->left;
    }
  }

  void hand_over(const Arrival& arrival) {
    const ImageSize size = arena_->size();
    const AnyFlowTaker& take = arrival.job->take;
    if (arrival.job->wants_bytes()) {
      std::get<FlowBytesTaker>(take)(arrival.index, {arrival.bytes.data(), size, size.width});
      return;
    }
    interleave(arrival.planes, flow_solved_);
    std::get<FlowTaker>(take)(arrival.index, {flow_solved_.data(), size, size.width});
  }

  const std::shared_ptr<GpuDevice> device_;
  const Recipe::Flow flow_;
  const int most_;

  std::mutex mutex_;
  std::condition_variable driver_left_;
  bool is_driven_ = false;
  std::exception_ptr failure_;  // after which nothing is solved any more
  std::deque<Job*> waiting_;    // those with pairs that have not entered

  // The driver's. The arena, whose end waits for the device, goes first.
  std::vector<Slot> slots_;
  std::deque<Arrival> arrivals_;
  std::vector<FlowVector> flow_solved_;  // of the arrival that is being delivered
  std::array<Arena::Report, 2> reports_;
  const Arena::Report* last_report_ = nullptr;
  std::size_t turns_ = 0;
  std::int32_t serials_ = 0;
  std::int64_t solved_ = 0;
  std::unique_ptr<Arena> arena_;
};

// Something that moves, on a pyramid of all levels.
class MovingPattern {
 public:
  FlowPair pair() const { return {view(from_), view(to_)}; }

 private:
  static constexpr ImageSize kSize = {90, 101};
  using Frame = std::vector<std::uint8_t>;

  static std::uint8_t gray(double x, double y) {
    return static_cast<std::uint8_t>(128 + 60 * std::sin(x / 5 + y / 9) + 50 * std::cos(y / 4));
  }
  template <class Gray>
  static Frame drawn(Gray&& gray_at) {
    Frame frame;
    for (int y = 0; y < kSize.height; ++y) {
      for (int x = 0; x < kSize.width; ++x) frame.push_back(gray_at(x, y));
    }
    return frame;
  }
  static GrayView view(const Frame& frame) { return {frame.data(), kSize, kSize.width}; }

  const Frame from_ = drawn([](int x, int y) { return gray(x, y); });
  const Frame to_ = drawn([](int x, int y) { return gray(x + 2.5, y - 1.25 + x / 40.); });
};

template <class Pixel>
bool same_bytes(const ImageView<Pixel>& a, const ImageView<Pixel>& b) {
  for (int y = 0; y < a.size.height; ++y) {
    if (std::memcmp(a.row(y), b.row(y), sizeof(Pixel) * a.size.width) != 0) return false;
  }
  return true;
}

void expect_bytes_of_cpu(const std::shared_ptr<GpuDevice>& device, const Recipe::Flow& flow) {
  const MovingPattern pattern;
  const auto cpu = kTvl1Cpu.make(flow);
  const FlowView wanted = cpu->solve(pattern.pair());
  std::vector<FlowBytes> quantised(wanted.size.area());
  quantise_flow(wanted, flow.bound, quantised.data());
  int same = 0;
  EffortMeter meter;
  const auto batch = make_tvl1_gpu(device, flow, 1);
  const auto solve = [&](const AnyFlowTaker& compare) {
    batch->solve({pattern.pair()}, compare, Deadline(), meter);
  };
  solve([&](std::size_t, const FlowView& found) { same += same_bytes(found, wanted) ? 1 : 0; });
  solve([&](std::size_t, const FlowBytesView& found) {
    const FlowBytesView bytes{quantised.data(), wanted.size, wanted.size.width};
    same += same_bytes(found, bytes) ? 1 : 0;
  });
  if (same == 2) return;
  throw Error(ErrorKind::kUsage,
              device->name() +
                  ": gives other flow than the CPU, so it is not used; update its "
                  "driver, or use --device cpu");
}

}  // namespace

std::vector<std::string> tvl1_gpu_definitions() {
  return {"-DTILE=" + std::to_string(kTile), "-DROWS=" + std::to_string(kRows),
          "-DFUSED=" + std::to_string(kFused)};
}

std::unique_ptr<FlowBatch> make_tvl1_gpu(std::shared_ptr<GpuDevice> device,
                                         const Recipe::Flow& flow, int pairs_in_flight) {
  return std::make_unique<Tvl1Gpu>(std::move(device), flow, pairs_in_flight);
}

FlowBackend checked_gpu_backend(const std::string& name, const std::shared_ptr<GpuDevice>& device,
                                const Recipe::Flow& flow) {
  expect_bytes_of_cpu(device, flow);
  FlowBackend backend = kTvl1Cpu;  // whose bytes, and so whose cache entries, it shares
  backend.same_as = kTvl1Cpu.name;
  backend.name = name;
  backend.computes = [](const Recipe::Flow& f) { return f.variant == FlowVariant::kPortable; };
  backend.make = nullptr;
  backend.make_batch = [device](const Recipe::Flow& f) { return make_tvl1_gpu(device, f); };
  backend.where = device->name();
  return backend;
}

std::shared_ptr<GpuDevice> open_cuda_for_tvl1(int index, DiskCache* cache) {
  return open_cuda(cuda_api(), nvrtc_api(), index, {kTvl1GpuSource, tvl1_gpu_definitions()}, cache);
}

std::shared_ptr<GpuDevice> open_opencl_for_tvl1(int index, DiskCache* cache) {
  return open_opencl(opencl_api(), index, {kTvl1GpuSource, tvl1_gpu_definitions()}, cache);
}

}  // namespace co2net
