// I3D, CO2-Net and its training on a GPU beside the CPU, and all from frames in memory to segments,
// with networks of random weights. Without OpenCV and libav; card.sh says how it is called.

#include <oneapi/tbb/info.h>
#include <oneapi/tbb/parallel_invoke.h>
#include <oneapi/tbb/parallel_pipeline.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <random>

#include "extractors/flow/flow_field.h"
#include "extractors/flow/tvl1_gpu.h"
#include "extractors/i3d/clip_planes.h"
#include "extractors/i3d/i3d.h"
#include "extractors/i3d/i3d_network.h"
#include "localizer/co2net.h"
#include "localizer/learner.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/devices/device.h"
#include "pipeline/devices/gpu_memory.h"
#include "pipeline/devices/torch_version.h"
#include "pipeline/stages/modality.h"
#include "postprocess/proposals.h"
#include "tests/bench/timing.h"
#include "tests/gpu/card.h"

namespace co2net::card {
namespace {

constexpr int kWindow = 16;
constexpr int kClasses = 20;

struct Sizes {
  double width = 1;  // of I3D
  int side = 224;
  std::vector<int> clips_at_once = {1, 2, 4, 8, 16, 32, 64};
  int batches_to_segments = 6;  // of kClipsOnGpu snippets
  int snippets = 500, feature_size = 2048, iterations = 300;
};

Sizes sizes_of(const Job& job) {
  if (!job.is_small) return {};
  return {.width = 1. / 16,
          .side = 64,
          .clips_at_once = {1, 2},
          .batches_to_segments = 1,
          .snippets = 32,
          .feature_size = 64,
          .iterations = 3};
}

Device device_of(const Job& job) { return parse_device(job.device == "cuda" ? "cuda" : "cpu"); }

void report_memory(const std::string& of, const Device& device, Report& report) {
  constexpr double kMega = 1e6;
  const auto peak = static_cast<double>(take_peak_gpu_memory(device));
  if (device.is_gpu()) report.add(of + ", peak memory of the GPU", peak / kMega, "MB");
}

// A video's clips, flow included.
class Clips {
 public:
  Clips(const Clip& video, int side) : video_(video), side_(side) {
    const auto [height, width] = video.size();
    if (height < side || width < side) {
      throw Error(ErrorKind::kInput, "frames are smaller than I3D's " + std::to_string(side));
    }
    corner_ = std::ptrdiff_t{(height - side) / 2} * width + (width - side) / 2;
  }

  // [count, C, 16, side, side], from snippet `first` on.
  Array rgb(std::int64_t first, std::int64_t count) const {
    Array clips = empty(count, 3);
    for (std::int64_t i = 0; i < count * kWindow; ++i) {
      const std::uint8_t* bgr = video_.bgr(first * kWindow + i);
      for (int channel = 0; channel < 3; ++channel) put(bgr + 2 - channel, 3, i, channel, clips);
    }
    return clips;
  }

  Array flow(std::int64_t first, std::int64_t count, FlowField& field) const {
    Array clips = empty(count, 2);
    field.solve(video_.pairs(first * kWindow, count * kWindow),
                [&](std::size_t i, const FlowBytesView& flow) {
                  const auto frame = static_cast<std::int64_t>(i);
                  put(&flow.pixels->u, 2, frame, 0, clips);
                  put(&flow.pixels->v, 2, frame, 1, clips);
                });
    return clips;
  }

 private:
  Array empty(std::int64_t count, std::int64_t channels) const {
    return Array({count, channels, kWindow, side_, side_});
  }

  // One component of frame `frame` of all clips'.
  void put(const std::uint8_t* first, int step, std::int64_t frame, int channel,
           Array& clips) const {
    const std::int64_t area = std::int64_t{side_} * side_;
    put_plane({first + corner_ * step, std::ptrdiff_t{video_.size().width} * step, step, false},
              side_, clips.row(frame / kWindow) + (channel * kWindow + frame % kWindow) * area);
  }

  const Clip& video_;
  int side_;
  std::ptrdiff_t corner_;  // of the middle, in pixels
};

// Networks of random weights, made here.
class Networks {
 public:
  explicit Networks(double width) : width_(width) {
    for (const Modality modality : {Modality::kRgb, Modality::kFlow}) {
      const I3dArchitecture architecture{channels_of(modality), width_};
      save_i3d(file(modality), architecture, he_uniform(1));
    }
  }

  int feature_size() const { return i3d_feature_size({3, width_}); }

  I3d load(Modality modality, const Device& device, int side, int clips_at_once,
           I3dPrecision precision = I3dPrecision::kFp32) const {
    return {file(modality),
            {.channels = channels_of(modality),
             .feature_size = feature_size(),
             .device = device,
             .precision = precision,
             .side = side,
             .clips_at_once = clips_at_once}};
  }

 private:
  static int channels_of(Modality modality) { return modality == Modality::kRgb ? 3 : 2; }
  std::filesystem::path file(Modality modality) const {
    return folder_.path() / (modality == Modality::kRgb ? "rgb.pt" : "flow.pt");
  }

  TempDir folder_;
  double width_;
};

void measure_i3d(const Job& job, const Sizes& sizes, const Networks& networks, const Clips& clips,
                 Report& report) {
  const Device device = device_of(job);
  const Array one = clips.rgb(0, 1);
  const Array on_cpu = networks.load(Modality::kRgb, {}, sizes.side, 1).features(one);
  for (const I3dPrecision precision : {I3dPrecision::kFp32, I3dPrecision::kFp16}) {
    if (precision != I3dPrecision::kFp32 && !device.is_gpu()) continue;
    const std::string what = std::string("I3D, ") + name_of(precision) + ", ";
    for (const int count : sizes.clips_at_once) {
      const std::string at_once = what + std::to_string(count) + " clips at once";
      try {
        const I3d i3d = networks.load(Modality::kRgb, device, sizes.side, count, precision);
        const Array batch = clips.rgb(0, count);
        const double times = times_a_second(job.seconds_a_figure(), [&] { i3d.features(batch); });
        report.add(at_once, times * count, "snippets/s");
        report.add(at_once + ", distance from the CPU", largest_distance(i3d.features(one), on_cpu),
                   "of the largest");
        report_memory(at_once, device, report);
      } catch (const Error& e) {
        if (e.kind() != ErrorKind::kRetry) throw;
        report.tell(at_once, "do not fit the GPU's memory");
      }
    }
  }
}

struct Batch16 {
  Array rgb, flow;
};

// Flow of a batch is solved while the networks work on the one before, as in the program.
void measure_to_segments(const Job& job, const Sizes& sizes, const Networks& networks,
                         const Clips& clips, Report& report) {
  const Device device = device_of(job);
  const Recipe recipe;
  const FlowBackend backend =
      job.device == "cpu" ? kTvl1Cpu
                          : checked_gpu_backend(job.device, open_for_flow(job.device), recipe.flow);
  FlowField field(backend, recipe.flow, Deadline());
  const int at_once = job.is_small ? 2 : kClipsOnGpu;
  const I3d rgb = networks.load(Modality::kRgb, device, sizes.side, at_once);
  const I3d flow = networks.load(Modality::kFlow, device, sizes.side, at_once);
  Co2NetConfig config;
  config.classes = kClasses;
  config.feature_size = 2 * networks.feature_size();
  Co2Net localizer = Co2Net::seeded(config, 1);
  localizer.move_to(device);

  const std::int64_t size = networks.feature_size();
  Array features({0, 2 * size});
  std::int64_t next = 0;
  const auto to_features = [&](const Batch16& batch) {
    Array of_rgb, of_flow;
    oneapi::tbb::parallel_invoke([&] { of_rgb = rgb.features(batch.rgb); },
                                 [&] { of_flow = flow.features(batch.flow); });
    for (std::int64_t i = 0; i < of_rgb.dim(0); ++i) {
      for (const Array* part : {&of_rgb, &of_flow}) {
        features.values.insert(features.values.end(), part->row(i), part->row(i) + size);
      }
      ++features.shape[0];
    }
  };
  namespace tbb = oneapi::tbb;
  std::vector<Proposal> segments;
  const double seconds = test::seconds_of([&] {
    constexpr std::size_t kInFlight = 3;
    tbb::parallel_pipeline(
        kInFlight,
        tbb::make_filter<void, std::int64_t>(tbb::filter_mode::serial_in_order,
                                             [&](tbb::flow_control& control) {
                                               if (next == sizes.batches_to_segments) {
                                                 control.stop();
                                               }
                                               return at_once * next++;
                                             }) &
            tbb::make_filter<std::int64_t, Batch16>(
                tbb::filter_mode::parallel,
                [&](std::int64_t first) {
                  return Batch16{clips.rgb(first, at_once), clips.flow(first, at_once, field)};
                }) &
            tbb::make_filter<Batch16, void>(tbb::filter_mode::serial_in_order, to_features));
    const Arrays scores = localizer.localize(features);
    segments = propose(array_at(scores, "cas"), array_at(scores, "attn"));
  });
  constexpr double kFps = 25;
  const double video = static_cast<double>(features.dim(0)) * kWindow / kFps;
  report.add("frames in memory to segments, video", video, "s");
  report.add("frames in memory to segments, candidates", static_cast<double>(segments.size()), "");
  report.add("frames in memory to segments", video / seconds, "x real time");
  report_memory("frames in memory to segments", device, report);
}

Batch random_batch(const Sizes& sizes, std::uint64_t seed) {
  Batch batch;
  std::mt19937 random(static_cast<std::mt19937::result_type>(seed));
  std::uniform_real_distribution<float> uniform;
  constexpr int kRows = 10;
  for (int row = 0; row < kRows; ++row) {
    Array features({sizes.snippets, sizes.feature_size});
    for (float& value : features.values) value = uniform(random);
    batch.features.push_back(std::move(features));
    batch.classes.push_back({row / 2});
  }
  return batch;
}

void measure_training(const Job& job, const Sizes& sizes, Report& report) {
  const Device device = device_of(job);
  const TrainingOptions options = training_preset(Variant::kThumos14);
  const int threads = oneapi::tbb::info::default_concurrency();
  std::vector<Batch> batches;
  for (int i = 0; i < 4; ++i) batches.push_back(random_batch(sizes, 1 + i));

  keep_freed_memory();
  double on_cpu_loss = 0, on_cpu_s = 0;
  {
    Learner on_cpu(options, kClasses, sizes.feature_size);
    on_cpu_loss = on_cpu.update(batches[0], std::nullopt, threads).losses.total;
    on_cpu_s = test::seconds_of([&] { on_cpu.update(batches[1], 1, threads); });
  }
  report.add("training step, CPU, " + std::to_string(threads) + " cores", on_cpu_s, "s");

  Learner learner(options, kClasses, sizes.feature_size, learner_place(device));
  const double loss = learner.update(batches[0], std::nullopt, threads).losses.total;
  report.add("training, first loss's distance from the CPU's",
             std::abs(loss - on_cpu_loss) / std::abs(on_cpu_loss), "of it");
  learner.update(batches[1], 1, threads);
  const double seconds = test::seconds_of([&] {
    for (int i = 0; i < sizes.iterations; ++i) {
      learner.update(batches[static_cast<std::size_t>(i) % batches.size()],
                     static_cast<std::uint64_t>(i), threads);
    }
  });
  report.add("training, " + std::to_string(sizes.iterations) + " iterations", seconds, "s");
  report.add("training step", seconds / sizes.iterations, "s");
  report.add("training step", on_cpu_s * sizes.iterations / seconds, "x the CPU");
  report_memory("training", device, report);
}

void measure(const Job& job, Report& report) {
  const Sizes sizes = sizes_of(job);
  const Device device = device_of(job);
  use_device(device);
  report.tell("libtorch", torch_version());
  report.tell("networks, device", device_description(device));
  const Clip clip(job.clip);
  const Clips clips(clip, sizes.side);
  const Networks networks(sizes.width);
  report.part("training", [&] { measure_training(job, sizes, report); });
  report.part("frames to segments",
              [&] { measure_to_segments(job, sizes, networks, clips, report); });
  report.part("I3D", [&] { measure_i3d(job, sizes, networks, clips, report); });
}

}  // namespace
}  // namespace co2net::card

int main(int argc, char** argv) { return co2net::card::run(argc, argv, co2net::card::measure); }
