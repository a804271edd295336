#include "extractors/flow/flow_field.h"

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/enumerable_thread_specific.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <mutex>
#include <string>
#include <utility>

#include "pipeline/base/error.h"

namespace co2net {
namespace {

// That one solver gets at least, each frame but the first and last of which serves twice.
constexpr std::size_t kPairsInARow = 4;

}  // namespace

cv::Mat quantise_flow(const cv::Mat& flow, double bound) {
  cv::Mat bytes(flow.size(), CV_8UC2);
  const auto to_byte = [bound](float v) {
    if (v >= bound) return std::uint8_t{255};
    if (v <= -bound) return std::uint8_t{0};
    return static_cast<std::uint8_t>(cvRound(255 * (v + bound) / (2 * bound)));
  };
  for (int y = 0; y < flow.rows; ++y) {
    const float* from = flow.ptr<float>(y);
    std::transform(from, from + 2 * flow.cols, bytes.ptr<std::uint8_t>(y), to_byte);
  }
  return bytes;
}

struct FlowField::Solvers {
  tbb::enumerable_thread_specific<std::unique_ptr<FlowSolver>> by_thread;
  std::unique_ptr<FlowSolver> only;  // of a backend that works on one pair at a time
  std::mutex alone;
  std::unique_ptr<FlowBatch> batch;  // of a backend that works on many
  std::once_flag batch_made;
};

FlowField::FlowField(FlowBackend backend, const Recipe::Flow& flow, const Deadline& deadline)
    : backend_(std::move(backend)),
      flow_(flow),
      deadline_(deadline),
      solvers_(std::make_unique<Solvers>()) {}

FlowField::~FlowField() = default;

std::unique_ptr<FlowSolver> FlowField::make_solver() const {
  std::unique_ptr<FlowSolver> solver = backend_.make ? backend_.make(flow_) : nullptr;
  if (solver) return solver;
  throw Error(ErrorKind::kInternal, "flow backend '" + backend_.name + "' makes no solver");
}

FlowBatch& FlowField::batch() {
  std::call_once(solvers_->batch_made, [this] { solvers_->batch = backend_.make_batch(flow_); });
  return *solvers_->batch;
}

void FlowField::solve(const std::vector<Pair>& pairs, const Taker& take) {
  if (backend_.make_batch) {
    batch().solve(pairs, take, deadline_, meter_);
    return;
  }
  using Range = tbb::blocked_range<std::size_t>;
  const auto solve_with = [&](std::unique_ptr<FlowSolver>& solver, const Range& range) {
    if (!solver) solver = make_solver();
    for (std::size_t i = range.begin(); i < range.end(); ++i) {
      deadline_.check();
      const cv::Mat &from = pairs[i].first, &to = pairs[i].second;
      const bool goes_on = i > range.begin() && from.data == pairs[i - 1].second.data;
      meter_.measure(1, [&] {
        if (!goes_on) solver->start(from);
        take(i, solver->next(to));
      });
    }
  };
  const Range all(0, pairs.size(), kPairsInARow);
  if (backend_.concurrent) {
    tbb::parallel_for(all, [&](const Range& range) {
      // Isolated, lest a thread that waits inside a solver starts another pair on the same one.
      tbb::this_task_arena::isolate([&] { solve_with(solvers_->by_thread.local(), range); });
    });
  } else {
    const std::lock_guard<std::mutex> lock(solvers_->alone);
    solve_with(solvers_->only, all);
  }
}

std::vector<std::size_t> FlowField::claim(const std::vector<FramePtr>& frames,
                                          const std::function<bool(std::size_t)>& wanted) {
  std::vector<std::size_t> claimed;
  const auto ask_for = [&](std::size_t i) {
    // In this order: one that is due may be written to at the moment.
    if (std::exchange(frames[i]->is_flow_due, true) || !frames[i]->flow.empty()) return;
    claimed.push_back(i);
  };
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (!wanted(i)) continue;
    if (i + 1 < frames.size()) {
      ask_for(i);
    } else if (i > 0) {
      ask_for(i - 1);
    }
  }
  return claimed;
}

void FlowField::fill(const std::vector<FramePtr>& frames, const std::vector<std::size_t>& claimed) {
  std::vector<Pair> pairs;
  for (const std::size_t i : claimed) pairs.emplace_back(frames[i]->gray, frames[i + 1]->gray);
  solve(pairs, [&](std::size_t i, const cv::Mat& flow) {
    frames[claimed[i]]->flow = quantise_flow(flow, flow_.bound);
  });
}

void FlowField::repeat_last(const std::vector<FramePtr>& frames) const {
  Frame& last = *frames.back();
  if (!last.flow.empty()) return;
  last.flow = frames.size() > 1
                  ? frames[frames.size() - 2]->flow
                  : quantise_flow(cv::Mat::zeros(last.gray.size(), CV_32FC2), flow_.bound);
}

}  // namespace co2net
