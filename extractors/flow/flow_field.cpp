#include "extractors/flow/flow_field.h"

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/enumerable_thread_specific.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <mutex>
#include <string>
#include <utility>

#include "extractors/flow/quantise.h"
#include "pipeline/base/error.h"

namespace co2net {
namespace {

// That one solver gets at least, each frame but the first and last of which serves twice.
constexpr std::size_t kPairsInARow = 4;

void hand_over(const FlowView& flow, double bound, std::size_t i, const AnyFlowTaker& take) {
  if (const auto* take_floats = std::get_if<FlowTaker>(&take)) {
    (*take_floats)(i, flow);
    return;
  }
  std::vector<FlowBytes> bytes(flow.size.area());
  quantise_flow(flow, bound, bytes.data());
  std::get<FlowBytesTaker>(take)(i, {bytes.data(), flow.size, flow.size.width});
}

}  // namespace

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

void FlowField::solve(const std::vector<FlowPair>& pairs, const AnyFlowTaker& take) {
  if (backend_.make_batch) {
    batch().solve(pairs, take, deadline_, meter_);
    return;
  }
  using Range = tbb::blocked_range<std::size_t>;
  const auto solve_with = [&](std::unique_ptr<FlowSolver>& solver, const Range& range) {
    if (!solver) solver = make_solver();
    for (std::size_t i = range.begin(); i < range.end(); ++i) {
      deadline_.check();
      const GrayView &from = pairs[i].from, &to = pairs[i].to;
      const bool goes_on = i > range.begin() && from.pixels == pairs[i - 1].to.pixels;
      meter_.measure(1, [&] {
        if (!goes_on) solver->start(from);
        hand_over(solver->next(to), flow_.bound, i, take);
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

}  // namespace co2net
