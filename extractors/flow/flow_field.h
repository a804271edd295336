#pragma once

#include <memory>
#include <vector>

#include "extractors/flow/tvl1.h"
#include "pipeline/base/effort.h"
#include "pipeline/base/interrupt.h"
#include "pipeline/stages/recipe.h"

namespace co2net {

// Solves flows between frames and their successors, several pairs at once where the backend gains
// from that. Which thread solves which pair does not change a result.
class FlowField {
 public:
  // Each solve checks `deadline` before every pair.
  FlowField(FlowBackend backend, const Recipe::Flow& flow, const Deadline& deadline);
  ~FlowField();

  // Calls take(i, flow) for each pair, on any thread that is in a call, and in no order. Throws
  // Error(kInternal) if the backend makes no solver, and what `take` throws. May be called by
  // several threads at once.
  void solve(const std::vector<FlowPair>& pairs, const AnyFlowTaker& take);

  // Of the solvers, in pairs.
  Effort effort() const { return meter_.total(); }

 private:
  struct Solvers;
  std::unique_ptr<FlowSolver> make_solver() const;
  FlowBatch& batch();

  const FlowBackend backend_;
  const Recipe::Flow flow_;
  const Deadline deadline_;
  std::unique_ptr<Solvers> solvers_;
  EffortMeter meter_;
};

}  // namespace co2net
