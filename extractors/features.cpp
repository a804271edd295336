#include "extractors/features.h"

#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/parallel_pipeline.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "extractors/snippets.h"
#include "pipeline/error.h"

namespace tbb = oneapi::tbb;

namespace co2net {
namespace {

// Adds the time that `work` takes to `seconds`.
template <class Work>
auto timed(double& seconds, Work&& work) {
  struct Stopwatch {
    double& total;
    std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
    ~Stopwatch() {
      total += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    }
  } stopwatch{seconds};
  return work();
}

class Extraction {
 public:
  explicit Extraction(FeatureJob job)
      : job_(std::move(job)),
        reader_(job_.source, job_.recipe, job_.done.shape.empty() ? 0 : job_.done.dim(0),
                std::max(2, job_.threads / 2)) {
    const auto columns = static_cast<std::int64_t>(job_.networks.size()) * job_.feature_size;
    const bool keeps_crops = job_.recipe.crop == "ten" && job_.recipe.ten_crop == "keep";
    features_.rows = job_.done.shape.empty()
                         ? Array(keeps_crops ? Shape{0, 10, columns} : Shape{0, columns})
                         : std::move(job_.done);
  }

  Features run() {
    const std::size_t kChunksInFlight = 3;  // one being decoded, one in flow, one in the networks
    tbb::parallel_pipeline(
        kChunksInFlight,
        tbb::make_filter<void, SnippetChunk>(
            tbb::filter_mode::serial_in_order,
            [this](tbb::flow_control& flow) { return read(flow); }) &
            tbb::make_filter<SnippetChunk, SnippetChunk>(
                tbb::filter_mode::serial_in_order,
                [this](SnippetChunk chunk) { return with_flow(std::move(chunk)); }) &
            tbb::make_filter<SnippetChunk, void>(
                tbb::filter_mode::serial_in_order,
                [this](const SnippetChunk& chunk) { run_networks(chunk); }));
    if (features_.rows.dim(0) == 0) {
      throw Error(ErrorKind::kInput, "the video has no frames").in_stage("decode");
    }
    features_.frames = reader_.frames();
    const std::int64_t reach =
        (features_.rows.dim(0) - 1) * job_.recipe.stride + job_.recipe.window;
    features_.repeated_frames = std::max<std::int64_t>(0, reach - features_.frames);
    return std::move(features_);
  }

 private:
  SnippetChunk read(tbb::flow_control& flow) {
    return timed(features_.decode_s, [&] {
      job_.deadline.check();
      std::optional<SnippetChunk> chunk = in_stage("decode", [&] { return reader_.next(); });
      if (!chunk) {
        flow.stop();
        return SnippetChunk{};
      }
      return *std::move(chunk);
    });
  }

  SnippetChunk with_flow(SnippetChunk chunk) {
    if (job_.flow != nullptr) {
      timed(features_.flow_s, [&] { in_stage("flow", [&] { fill_flow(chunk); }); });
    }
    return chunk;
  }

  // A chunk may hold the video's last frame alone, whose flow is that of the frame before.
  void fill_flow(const SnippetChunk& chunk) {
    std::vector<FramePtr> frames = chunk.frames;
    const std::size_t first = chunk.before ? 1 : 0;
    if (chunk.before) frames.insert(frames.begin(), chunk.before);
    job_.flow->fill(frames, [&](std::size_t i) {
      return i >= first && is_covered(chunk, job_.recipe, i - first);
    });
  }

  void run_networks(const SnippetChunk& chunk) {
    timed(features_.network_s, [&] {
      const std::vector<Crop> crops = crops_of(job_.recipe, chunk.frames.front()->bgr.size());
      const std::size_t streams = job_.networks.size();
      std::vector<Array> outputs(static_cast<std::size_t>(chunk.count) * crops.size() * streams);
      tbb::parallel_for(std::size_t{0}, outputs.size(), [&](std::size_t i) {
        job_.deadline.check();
        const std::size_t stream = i % streams;
        const Crop& crop = crops[i / streams % crops.size()];
        const auto snippet = static_cast<std::int64_t>(i / streams / crops.size());
        const auto clip_of = job_.is_flow[stream] ? flow_clip : rgb_clip;
        outputs[i] = job_.networks[stream](clip_of(chunk, job_.recipe, snippet, crop));
      });
      append(outputs, chunk.count, crops.size());
    });
    job_.on_progress(features_.rows);
  }

  // `outputs` are by snippet, then crop, then stream.
  void append(const std::vector<Array>& outputs, std::int64_t snippets, std::size_t crops) {
    std::vector<float>& values = features_.rows.values;
    const std::size_t columns = job_.networks.size() * static_cast<std::size_t>(job_.feature_size);
    const bool averages = features_.rows.shape.size() == 2 && crops > 1;
    std::vector<float> row;
    for (std::size_t i = 0; i < outputs.size();) {
      const std::size_t begin = values.size();
      values.resize(begin + columns, 0.f);
      for (std::size_t crop = 0; crop < (averages ? crops : 1); ++crop) {
        row.clear();
        for (std::size_t stream = 0; stream < job_.networks.size(); ++stream, ++i) {
          row.insert(row.end(), outputs[i].values.begin(), outputs[i].values.end());
        }
        for (std::size_t c = 0; c < columns; ++c) values[begin + c] += row[c];
      }
      if (averages) {
        for (std::size_t c = 0; c < columns; ++c) values[begin + c] /= static_cast<float>(crops);
      }
    }
    features_.rows.shape[0] += snippets;
  }

  FeatureJob job_;
  SnippetReader reader_;
  Features features_;
};

}  // namespace

Features extract_features(FeatureJob job) { return Extraction(std::move(job)).run(); }

}  // namespace co2net
