#include "extractors/flow/tvl1.h"

#include "pipeline/base/error.h"

namespace co2net {

FlowView FlowSolver::solve(const FlowPair& pair) {
  start(pair.from);
  return next(pair.to);
}

void expect_frame(const GrayView& frame, ImageSize size) {
  if (frame.size == size && frame.size.area() > 0) return;
  throw Error(ErrorKind::kInternal, "flow needs gray images of equal size that have pixels");
}

}  // namespace co2net
