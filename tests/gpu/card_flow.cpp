// Flow on a GPU beside the CPU's: whether the bytes are the same, and pairs a second. Without
// libtorch, OpenCV and libav; card.sh says how it is called.

#include <oneapi/tbb/info.h>

#include <bit>
#include <cstdint>

#include "extractors/flow/flow_field.h"
#include "extractors/flow/tvl1_gpu.h"
#include "pipeline/base/error.h"
#include "tests/bench/timing.h"
#include "tests/gpu/card.h"

namespace co2net::card {
namespace {

using Flow = std::vector<FlowVector>;

Flow copy_of(const FlowView& view) {
  Flow flow;
  for (int y = 0; y < view.size.height; ++y) {
    flow.insert(flow.end(), view.row(y), view.row(y) + view.size.width);
  }
  return flow;
}

// The CPU's flows, all cores at work.
std::vector<Flow> solve_on_cpu(const std::vector<FlowPair>& pairs, Report& report) {
  FlowField field(kTvl1Cpu, Recipe::Flow(), Deadline());
  std::vector<Flow> flows(pairs.size());
  const double seconds = test::seconds_of([&] {
    field.solve(pairs, [&](std::size_t i, const FlowView& flow) { flows[i] = copy_of(flow); });
  });
  const int cores = oneapi::tbb::info::default_concurrency();
  report.add("flow, CPU, " + std::to_string(cores) + " cores",
             static_cast<double>(pairs.size()) / seconds, "pairs/s");
  return flows;
}

class OnDevice {
 public:
  OnDevice(const std::shared_ptr<GpuDevice>& device, int in_flight)
      : batch_(make_tvl1_gpu(device, Recipe::Flow(), in_flight)) {}

  void solve(const std::vector<FlowPair>& pairs, const AnyFlowTaker& take) {
    batch_->solve(pairs, take, Deadline(), meter_);
  }

 private:
  std::unique_ptr<FlowBatch> batch_;
  EffortMeter meter_;
};

std::uint32_t bits_of(float value) { return std::bit_cast<std::uint32_t>(value); }

void compare(const std::vector<FlowPair>& pairs, const std::vector<Flow>& wanted,
             const std::shared_ptr<GpuDevice>& device, Report& report) {
  std::size_t floats = 0, differing = 0;
  OnDevice(device, kPairsInFlight).solve(pairs, [&](std::size_t i, const FlowView& view) {
    const Flow found = copy_of(view);
    for (std::size_t k = 0; k < found.size(); ++k) {
      floats += 2;
      differing += bits_of(found[k].u) != bits_of(wanted[i][k].u) ? 1 : 0;
      differing += bits_of(found[k].v) != bits_of(wanted[i][k].v) ? 1 : 0;
    }
  });
  report.add("flow, pairs compared with the CPU's", static_cast<double>(pairs.size()), "");
  report.add("flow, floats compared", static_cast<double>(floats), "");
  report.add("flow, floats that differ", static_cast<double>(differing), "");
  if (differing > 0) throw Error(ErrorKind::kInternal, "flow differs from the CPU's");
}

void measure(const Job& job, Report& report) {
  const Clip clip(job.clip);
  const std::vector<FlowPair> pairs = clip.pairs(0, job.is_small ? 3 : 100);
  report.tell("frames of the clip",
              std::to_string(clip.size().width) + "x" + std::to_string(clip.size().height));
  const std::vector<Flow> wanted = solve_on_cpu(pairs, report);
  if (job.device == "cpu") return;

  std::shared_ptr<GpuDevice> device;
  const double seconds = test::seconds_of([&] { device = open_for_flow(job.device); });
  report.tell("flow, device", device->name());
  report.add("flow, kernels compiled in", seconds, "s");
  report.part("flow compared", [&] { compare(pairs, wanted, device, report); });
  for (const int in_flight : {1, 16, 32}) {
    report.part("flow in bytes", [&] {
      OnDevice on_device(device, in_flight);
      const double times = times_a_second(job.seconds_a_figure(), [&] {
        on_device.solve(pairs, [](std::size_t, const FlowBytesView&) {});
      });
      report.add("flow in bytes, " + std::to_string(in_flight) + " pairs in flight",
                 times * static_cast<double>(pairs.size()), "pairs/s");
    });
  }
}

}  // namespace
}  // namespace co2net::card

int main(int argc, char** argv) { return co2net::card::run(argc, argv, co2net::card::measure); }
