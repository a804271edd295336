#include "extractors/features.h"

#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/parallel_pipeline.h>

#include <algorithm>
#include <utility>

#include "extractors/flow/frame_flow.h"
#include "extractors/i3d/snippets.h"
#include "pipeline/base/error.h"

namespace co2net {
namespace {

// Whole calls of networks, so that a clip's place in its call depends on the video alone.
int snippets_at_once(const FeatureJob& job) {
  const int wanted = std::max(2, job.threads / 2), clips = job.clips_at_once;
  return (wanted + clips - 1) / clips * clips;
}

class Extraction {
 public:
  explicit Extraction(FeatureJob job)
      : job_(std::move(job)),
        reader_(job_.source, job_.recipe, job_.done.shape.empty() ? 0 : job_.done.dim(0),
                snippets_at_once(job_)) {
    const auto columns = static_cast<std::int64_t>(job_.networks.size()) * job_.feature_size;
    const bool keeps_crops =
        job_.recipe.crop == CropMode::kTen && job_.recipe.ten_crop == TenCrop::kKeep;
    features_.rows = job_.done.shape.empty()
                         ? Array(keeps_crops ? Shape{0, 10, columns} : Shape{0, columns})
                         : std::move(job_.done);
  }

  Features run() {
    // One being decoded, one in the networks, and two in flow, lest threads wait for a chunk's last
    // pairs.
    const std::size_t kChunksInFlight = 4;
    tbb::parallel_pipeline(
        kChunksInFlight,
        tbb::make_filter<void, Work>(tbb::filter_mode::serial_in_order,
                                     [this](tbb::flow_control& flow) { return read(flow); }) &
            tbb::make_filter<Work, Work>(tbb::filter_mode::parallel,
                                         [this](Work work) { return with_flow(std::move(work)); }) &
            tbb::make_filter<Work, void>(tbb::filter_mode::serial_in_order,
                                         [this](const Work& work) { run_networks(work); }));
    if (features_.rows.dim(0) == 0) {
      throw Error(ErrorKind::kInput, "the video has no frames; is the file complete?")
          .in_stage("decode");
    }
    features_.frames = reader_.frames();
    features_.decode = {decoding_.total().seconds, features_.frames};
    if (job_.flow != nullptr) features_.flow = job_.flow->effort();
    features_.networks = networking_.total();
    const std::int64_t reach =
        (features_.rows.dim(0) - 1) * job_.recipe.stride + job_.recipe.window;
    features_.repeated_frames = std::max<std::int64_t>(0, reach - features_.frames);
    return std::move(features_);
  }

 private:
  struct Work {
    SnippetChunk chunk;
    std::vector<FramePtr> frames;      // the chunk's, after the one before
    std::vector<std::size_t> claimed;  // those whose flow is this chunk's to solve
  };

  Work read(tbb::flow_control& flow) {
    job_.deadline.check();
    std::optional<SnippetChunk> chunk;
    decoding_.measure(0, [&] { in_stage("decode", [&] { chunk = reader_.next(); }); });
    if (!chunk) {
      flow.stop();
      return {};
    }
    Work work{*std::move(chunk), {}, {}};
    if (job_.flow != nullptr) claim_flow(work);
    return work;
  }

  // A chunk may hold the video's last frame alone, whose flow is that of the frame before.
  void claim_flow(Work& work) const {
    const SnippetChunk& chunk = work.chunk;
    const std::size_t first = chunk.before ? 1 : 0;
    work.frames = chunk.frames;
    if (chunk.before) work.frames.insert(work.frames.begin(), chunk.before);
    work.claimed = claim_missing_flow(work.frames, [&](std::size_t i) {
      return i >= first && is_covered(chunk, job_.recipe, i - first);
    });
  }

  Work with_flow(Work work) {
    if (job_.flow != nullptr) {
      in_stage("flow", [&] { fill_flow(*job_.flow, work.frames, work.claimed); });
    }
    return work;
  }

  void run_networks(const Work& work) {
    const SnippetChunk& chunk = work.chunk;
    const bool is_videos_end = is_covered(chunk, job_.recipe, chunk.frames.size() - 1);
    if (job_.flow != nullptr && is_videos_end)
      repeat_last_flow(work.frames, job_.recipe.flow.bound);
    const std::vector<Crop> crops = crops_of(job_.recipe, chunk.frames.front()->bgr.size());
    const auto streams = static_cast<std::int64_t>(job_.networks.size());
    const std::int64_t size = job_.feature_size, at_once = job_.clips_at_once;
    const std::int64_t clips = chunk.count * static_cast<std::int64_t>(crops.size());
    Array rows({clips, streams * size});  // by snippet, then crop
    tbb::parallel_for(
        std::int64_t{0}, (clips + at_once - 1) / at_once * streams, [&](std::int64_t call) {
          job_.deadline.check();
          const std::int64_t stream = call % streams, begin = call / streams * at_once;
          const std::int64_t end = std::min(begin + at_once, clips);
          const auto network = static_cast<std::size_t>(stream);
          Array features;
          networking_.measure(end - begin, [&] {
            features = job_.networks[network](
                clips_of(chunk, crops, job_.modalities[network], begin, end));
          });
          for (std::int64_t i = begin; i < end; ++i) {
            std::copy_n(features.row(i - begin), size, rows.row(i) + stream * size);
          }
        });
    append(rows, chunk.count);
    job_.on_progress(features_.rows);
  }

  // Clips [begin, end) of the chunk, counted by snippet, then crop.
  Array clips_of(const SnippetChunk& chunk, const std::vector<Crop>& crops, Modality modality,
                 std::int64_t begin, std::int64_t end) const {
    const auto clip = [&](std::int64_t i) {
      const auto count = static_cast<std::int64_t>(crops.size());
      const auto make = modality == Modality::kFlow ? flow_clip : rgb_clip;
      return make(chunk, job_.recipe, i / count, crops[static_cast<std::size_t>(i % count)]);
    };
    Array clips = clip(begin);
    if (end - begin == 1) return clips;
    clips.shape[0] = end - begin;
    clips.values.resize(static_cast<std::size_t>(element_count(clips.shape)));
    tbb::parallel_for(begin + 1, end, [&](std::int64_t i) {
      std::ranges::copy(clip(i).values, clips.row(i - begin));
    });
    return clips;
  }

  // `rows` are by snippet, then crop; the crops' rows are averaged unless each is kept.
  void append(const Array& rows, std::int64_t snippets) {
    std::vector<float>& values = features_.rows.values;
    features_.rows.shape[0] += snippets;
    const std::int64_t crops = rows.dim(0) / snippets;
    if (features_.rows.shape.size() == 3 || crops == 1) {
      values.insert(values.end(), rows.values.begin(), rows.values.end());
      return;
    }
    for (std::int64_t snippet = 0; snippet < snippets; ++snippet) {
      for (std::int64_t column = 0; column < rows.dim(1); ++column) {
        float sum = 0;
        for (std::int64_t crop = 0; crop < crops; ++crop) {
          sum += rows.row(snippet * crops + crop)[column];
        }
        values.push_back(sum / static_cast<float>(crops));
      }
    }
  }

  FeatureJob job_;
  SnippetReader reader_;
  Features features_;
  EffortMeter decoding_, networking_;
};

}  // namespace

Features extract_features(FeatureJob job) { return Extraction(std::move(job)).run(); }

}  // namespace co2net
