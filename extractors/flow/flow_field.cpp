#include "extractors/flow/flow_field.h"

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/enumerable_thread_specific.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <string>

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
  throw Error(ErrorKind::kInternal,
              "flow backend '" + std::string(backend_.name) + "' makes no solver");
}

std::vector<cv::Mat> FlowField::solve(const std::vector<std::pair<cv::Mat, cv::Mat>>& pairs) {
  std::vector<cv::Mat> flows(pairs.size());
  using Range = tbb::blocked_range<std::size_t>;
  const auto solve_with = [&](std::unique_ptr<FlowSolver>& solver, const Range& range) {
    if (!solver) solver = make_solver();
    for (std::size_t i = range.begin(); i < range.end(); ++i) {
      deadline_.check();
      const auto& [from, to] = pairs[i];
      const bool goes_on = i > range.begin() && from.data == pairs[i - 1].second.data;
      meter_.measure(1, [&] {
        if (!goes_on) solver->start(from);
        flows[i] = solver->next(to);
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
    solve_with(solvers_->only, all);
  }
  return flows;
}

void FlowField::fill(const std::vector<FramePtr>& frames,
                     const std::function<bool(std::size_t)>& wanted) {
  std::vector<std::size_t> missing;
  std::vector<std::pair<cv::Mat, cv::Mat>> pairs;
  const auto ask_for = [&](std::size_t i) {
    if (!frames[i]->flow.empty() || (!missing.empty() && missing.back() == i)) return;
    missing.push_back(i);
    pairs.emplace_back(frames[i]->gray, frames[i + 1]->gray);
  };
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (!wanted(i)) continue;
    if (i + 1 < frames.size()) {
      ask_for(i);
    } else if (i > 0) {
      ask_for(i - 1);
    }
  }
  const std::vector<cv::Mat> flows = solve(pairs);
  for (std::size_t i = 0; i < missing.size(); ++i) {
    frames[missing[i]]->flow = quantise_flow(flows[i], flow_.bound);
  }
  Frame& last = *frames.back();
  if (wanted(frames.size() - 1) && last.flow.empty()) {
    last.flow = frames.size() > 1
                    ? frames[frames.size() - 2]->flow
                    : quantise_flow(cv::Mat::zeros(last.gray.size(), CV_32FC2), flow_.bound);
  }
}

}  // namespace co2net
