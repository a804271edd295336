#include "extractors/extractor.h"

#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/parallel_pipeline.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <opencv2/core.hpp>
#include <utility>

#include "extractors/flow/flow_codec.h"
#include "extractors/flow/flow_field.h"
#include "extractors/flow/frame_flow.h"
#include "extractors/video/video_writer.h"
#include "pipeline/base/error.h"
#include "pipeline/base/text.h"
#include "pipeline/devices/gpu_memory.h"
#include "pipeline/devices/threads.h"
#include "pipeline/formats/npy.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavfilter/avfilter.h>
#include <libavformat/avformat.h>
#include <libavutil/avutil.h>
#include <libavutil/frame.h>
#include <libswscale/swscale.h>
}

namespace fs = std::filesystem;
namespace co2net {
namespace {

constexpr int kFramesVersion = 1;
constexpr int kFlowVersion = 2;
constexpr int kFeaturesVersion = 3;

std::string reader_fps(const Recipe& recipe) { return recipe.fps == "source" ? "" : recipe.fps; }

VideoReader open_video(const VideoJob& job, const Recipe& recipe) {
  return in_stage("decode", [&] {
    return VideoReader(job.file, {.fps = reader_fps(recipe),
                                  .stream = job.stream,
                                  .format = PixelFormat::kBgr24,
                                  .limits = job.limits,
                                  .deadline = job.deadline});
  });
}

// The frame rate as libav reads it; throws where there is none.
std::string rate_text(const Recipe& recipe, const SourceInfo& source) {
  frame_rate(recipe, source.average_fps_value);
  return recipe.fps == "source" ? source.average_fps : recipe.fps;
}

Json video_info(const VideoJob& job, const Recipe& recipe, const VideoReader& video) {
  const SourceInfo& source = video.source();
  const DecodeReport& report = video.report();
  const double fps = frame_rate(recipe, source.average_fps_value);
  Json decode = {{"complete", report.complete},
                 {"failed_packets", report.failed_packets},
                 {"damaged_frames", report.damaged_frames}};
  if (!report.complete) decode["first_error"] = report.first_error;
  if (report.gaps > 0) {
    decode["gaps"] = {
        {"count", report.gaps}, {"frames", report.gap_frames}, {"longest_s", report.longest_gap_s}};
  }
  return {{"duration", static_cast<double>(report.frames) / fps},
          {"fps", fps},
          {"frames", report.frames},
          {"source_fps", source.average_fps_value},
          {"source_frames", report.source_frames},
          {"source_sha256", job.sha256},
          {"decode", decode}};
}

FrameSource decoded_frames(VideoReader& video, const VideoJob& job, const Recipe& recipe,
                           FrameParts parts) {
  return [&video, resize = recipe.resize, parts, most = job.limits.scaled_pixels]() -> FramePtr {
    const AVFrame* frame = video.next();
    return frame != nullptr ? scale_frame(*frame, resize, parts, most) : nullptr;
  };
}

// For frames and flow that we kept: the video was within its own.
VideoLimits limits_of_kept(const VideoJob& job) {
  VideoLimits limits = job.limits;
  limits.frames = std::numeric_limits<std::int64_t>::max();
  limits.pixels = std::numeric_limits<int>::max();
  return limits;
}

cv::Mat next_bgr(VideoReader& video) {
  const AVFrame* frame = video.next();
  if (frame == nullptr) return {};
  return cv::Mat(frame->height, frame->width, CV_8UC3, frame->data[0],
                 static_cast<std::size_t>(frame->linesize[0]))
      .clone();
}

std::int64_t expected_frames(const Recipe& recipe, const SourceInfo& source) {
  return frames_within(source.duration_s, frame_rate(recipe, source.average_fps_value));
}

// Of the libraries that are loaded, which may be newer than those that this was compiled with.
Json libav_versions() {
  return {av_version_info(), avformat_version(), avcodec_version(), avfilter_version(),
          swscale_version()};
}

void report_oddities(const VideoJob& job, const Json& video) {
  const Json& decode = video.at("decode");
  if (!decode.at("complete").get<bool>()) {
    spdlog::warn("{}: decoding was not complete: {}", job.file->path().string(),
                 decode.at("first_error").get<std::string>());
  }
  if (decode.contains("gaps") && decode["gaps"].at("count") > 1) {
    const Json& gaps = decode["gaps"];
    spdlog::warn("{}: {} gaps in the timestamps were filled with {} copies of frames",
                 job.file->path().string(), gaps.at("count").get<std::int64_t>(),
                 gaps.at("frames").get<std::int64_t>());
  }
  if (video.contains("repeated_frames")) {
    spdlog::warn("{}: {} in all, too few for a snippet, filled up with {} of the last",
                 job.file->path().string(),
                 counted(video.at("frames").get<std::size_t>(), "frames"),
                 counted(video.at("repeated_frames").get<std::size_t>(), "copies"));
  }
}

// A video's frames at the recipe's rate and size, with flow where it is kept. What is kept is read,
// the rest decoded.
class FrameSupply {
 public:
  FrameSupply(const VideoJob& job, const Recipe& recipe, const fs::path& kept_frames,
              const fs::path& kept_flow, bool needs_flow)
      : video_(open_video(job, recipe)),
        next_decoded_(
            decoded_frames(video_, job, recipe,
                           needs_flow && kept_flow.empty() ? FrameParts::kBoth : FrameParts::kBgr)),
        decodes_(kept_frames.empty() || (needs_flow && kept_flow.empty())),
        deadline_(job.deadline) {
    const VideoLimits limits = limits_of_kept(job);
    if (!decodes_) frames_.emplace(kept_frames, VideoReaderOptions{.fps = "", .limits = limits});
    if (!kept_flow.empty()) flow_.emplace(kept_flow, limits);
  }
  FrameSupply(const FrameSupply&) = delete;
  FrameSupply& operator=(const FrameSupply&) = delete;

  FramePtr next() {
    deadline_.check();
    FramePtr frame = decodes_ ? next_decoded_() : std::make_shared<Frame>();
    if (!frame) return nullptr;
    if (frames_) frame->bgr = next_bgr(*frames_);
    if (flow_) frame->flow = flow_->next();
    return frame->bgr.empty() ? nullptr : frame;
  }

  bool decodes() const { return decodes_; }
  const VideoReader& video() const { return video_; }

 private:
  VideoReader video_;
  FrameSource next_decoded_;
  bool decodes_;
  Deadline deadline_;
  std::optional<VideoReader> frames_;
  std::optional<FlowReader> flow_;
};

// Decodes, solves and writes at the same time.
class FlowSaving {
 public:
  FlowSaving(const VideoJob& job, const Recipe& recipe, const FlowBackend& backend, int threads,
             FlowFormat format, const fs::path& path)
      : job_(job),
        video_(open_video(job, recipe)),
        next_(decoded_frames(video_, job, recipe, FrameParts::kGray)),
        field_(backend, recipe.flow, job.deadline),
        format_(format),
        bound_(recipe.flow.bound),
        writer_(make_flow_writer(path, format, rate_text(recipe, video_.source()))),
        most_pairs_(static_cast<std::size_t>(std::max(1, threads)) * 8),
        expected_(expected_frames(recipe, video_.source())) {}

  void run() {
    const std::size_t kAtOnce = 4;
    job_.on_progress(done_, expected_);
    last_ = next_frame();
    if (last_.empty()) {
      throw Error(ErrorKind::kInput, "the video has no frames; is the file complete?")
          .in_stage("decode");
    }
    const cv::Size size = last_.size();
    pairs_at_once_ = pairs_at_once(size);
    tbb::parallel_pipeline(
        kAtOnce,
        tbb::make_filter<void, Pairs>(tbb::filter_mode::serial_in_order,
                                      [this](tbb::flow_control& flow) {
                                        Pairs pairs = read();
                                        if (pairs.empty()) flow.stop();
                                        return pairs;
                                      }) &
            tbb::make_filter<Pairs, Flows>(tbb::filter_mode::parallel,
                                           [this](const Pairs& pairs) { return solved(pairs); }) &
            tbb::make_filter<Flows, void>(tbb::filter_mode::serial_in_order,
                                          [this](const Flows& flows) { write(flows); }));
    writer_->write(last_flow_.empty()
                       ? as_held(flow_view(cv::Mat::zeros(size, CV_32FC2)), format_, bound_)
                       : last_flow_);
    writer_->finish();
  }

  const VideoReader& video() const { return video_; }

 private:
  using Pairs = std::vector<std::pair<cv::Mat, cv::Mat>>;
  using Flows = std::vector<cv::Mat>;  // as they are held

  cv::Mat next_frame() {
    job_.deadline.check();
    const FramePtr frame = in_stage("decode", next_);
    return frame ? frame->gray : cv::Mat();
  }

  // Few of large frames, lest their flow fills the memory.
  std::size_t pairs_at_once(cv::Size size) const {
    constexpr std::size_t kBytes = 64 << 20;
    const std::size_t bytes_a_flow = size.area() * sizeof(cv::Vec2f);
    return std::clamp<std::size_t>(kBytes / bytes_a_flow, 1, most_pairs_);
  }

  Pairs read() {
    Pairs pairs;
    while (pairs.size() < pairs_at_once_ && !last_.empty()) {
      const cv::Mat frame = next_frame();
      if (!frame.empty()) pairs.emplace_back(last_, frame);
      last_ = frame;
    }
    return pairs;
  }

  Flows solved(const Pairs& pairs) {
    Flows flows(pairs.size());
    std::vector<FlowPair> views;
    for (const auto& [from, to] : pairs) views.push_back({gray_view(from), gray_view(to)});
    in_stage("flow", [&] {
      if (is_quantised(format_)) {
        field_.solve(views, [&](std::size_t i, const FlowBytesView& flow) {
          flows[i] = mat_of(flow).clone();
        });
      } else {
        field_.solve(views, [&](std::size_t i, const FlowView& flow) {
          flows[i] = as_held(flow, format_, bound_);
        });
      }
    });
    return flows;
  }

  void write(const Flows& flows) {
    for (const cv::Mat& flow : flows) {
      writer_->write(flow);
      job_.on_progress(++done_, expected_);
    }
    last_flow_ = flows.back();
  }

  const VideoJob& job_;
  VideoReader video_;
  FrameSource next_;
  FlowField field_;
  FlowFormat format_;
  double bound_;
  std::unique_ptr<FlowWriter> writer_;
  const std::size_t most_pairs_;
  std::size_t pairs_at_once_ = 1;
  const std::int64_t expected_;
  cv::Mat last_;  // frame; none once the video has ended
  cv::Mat last_flow_;
  std::int64_t done_ = 0;
};

}  // namespace

// Rows that an earlier run saved before it was cut short, and the saving of ours: each time those
// that are new, under a key that says how many come before, so that what is written grows with the
// video alone.
class Checkpoint {
 public:
  Checkpoint(DiskCache* cache, const CacheKey& features, double interval_s)
      : cache_(cache), features_(features), interval_(interval_s) {}

  Array rows() {
    Array rows;
    while (const auto part = saved_part()) {
      if (rows.shape.empty()) {
        rows = *part;
      } else {
        rows.shape[0] += part->dim(0);
        rows.values.insert(rows.values.end(), part->values.begin(), part->values.end());
      }
      add(part->dim(0));
    }
    return rows;
  }

  void save(const Array& rows) {
    const auto now = std::chrono::steady_clock::now();
    if (cache_ == nullptr || now - last_ < interval_) return;
    const CacheKey key = key_after(saved_);
    if (cache_->put(key, {Json::object(), format_npy(rows_from(rows, saved_)), {}})) {
      add(rows.dim(0) - saved_);
    }
    last_ = std::chrono::steady_clock::now();
  }

  // The last part first: each is found by those before it.
  void remove() {
    rows();
    for (; !parts_.empty(); parts_.pop_back()) cache_->remove(parts_.back());
  }

 private:
  CacheKey key_after(std::int64_t rows) const {
    return KeyBuilder("features.checkpoint", 2)
        .add("features", features_)
        .add("after", rows)
        .build();
  }

  std::optional<Array> saved_part() {
    const auto entry = cache_ != nullptr ? cache_->get(key_after(saved_)) : std::nullopt;
    if (!entry) return std::nullopt;
    Array part = parse_npy(entry->bytes, "checkpoint");
    return part.dim(0) > 0 ? std::optional(std::move(part)) : std::nullopt;
  }

  void add(std::int64_t rows) {
    parts_.push_back(key_after(saved_));
    saved_ += rows;
  }

  static Array rows_from(const Array& rows, std::int64_t first) {
    Shape shape = rows.shape;
    shape[0] -= first;
    return {shape, {rows.row(first), rows.values.data() + rows.values.size()}};
  }

  DiskCache* cache_;
  CacheKey features_;
  std::chrono::duration<double> interval_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
  std::int64_t saved_ = 0;       // rows
  std::vector<CacheKey> parts_;  // that hold them, in order
};

Extractor::Extractor(ExtractorOptions options)
    : options_(std::move(options)), clips_at_once_(options_.clips_at_once) {
  const bool has_flow =
      std::ranges::count(options_.networks, Modality::kFlow, &StreamNetwork::modality) > 0;
  if (has_flow) {
    const Recipe::Flow& flow = options_.recipe.flow;
    const Device& device = options_.device;
    backend_ = choose_flow_backend(options_.flow_backend, flow,
                                   device.is_gpu() ? std::optional(device.index) : std::nullopt,
                                   options_.kernels);
    const bool is_plain = backend_->where.empty();
    spdlog::info("flow runs on {}",
                 is_plain ? backend_->name + " (" + backend_->device(flow) + ")" : backend_->where);
  } else if (options_.flow_backend.starts_with("opencl")) {
    throw Error(ErrorKind::kUsage, options_.flow_backend +
                                       " is where flow is to run, and no network takes flow: leave "
                                       "the device out");
  }
}

Extractor::~Extractor() = default;

KeyBuilder Extractor::key(const std::string& stage, int version, const VideoJob& job) const {
  return KeyBuilder(stage, version)
      .add("video", job.sha256)
      .add("stream", job.stream)
      .add("frames_version", kFramesVersion)
      .add("libav", libav_versions())
      .add("opencv", cv::getVersionString());
}

KeyBuilder Extractor::video_key(const std::string& stage, int version, const VideoJob& job) const {
  const Json recipe = to_json(options_.recipe);
  return key(stage, version, job)
      .add("machine", decoding_machine())
      .add("fps", recipe.at("fps"))
      .add("resize", recipe.at("resize"));
}

Stage Extractor::frames_stage(const VideoJob& job) const {
  Stage stage;
  stage.name = "frames";
  stage.key = video_key("frames", kFramesVersion, job).build();
  stage.file_suffix = ".mkv";
  stage.compute = [this, job](const std::vector<Entry>&, const fs::path& file) {
    i3ds();
    VideoReader video = open_video(job, options_.recipe);
    const FrameSource next = decoded_frames(video, job, options_.recipe, FrameParts::kBgr);
    std::optional<VideoWriter> writer;
    while (const FramePtr frame = next()) {
      job.deadline.check();
      if (!writer) {
        VideoWriterOptions options;
        options.width = frame->bgr.cols;
        options.height = frame->bgr.rows;
        options.fps = rate_text(options_.recipe, video.source());
        writer.emplace(file, options);
      }
      writer->write(frame->bgr.data, static_cast<std::ptrdiff_t>(frame->bgr.step));
    }
    if (writer) writer->finish();
    job.file->expect_unchanged();
    return Entry{{{"video", video_info(job, options_.recipe, video)}}, {}, {}};
  };
  return stage;
}

Stage Extractor::flow_stage(const VideoJob& job) const {
  if (!backend_) throw Error(ErrorKind::kInternal, "flow is asked for, and no network takes it");
  Stage stage;
  stage.name = "flow";
  stage.key = video_key("flow", kFlowVersion, job)
                  .add("flow", to_json(options_.recipe).at("flow"))
                  .add("backend", backend_->key_name())
                  .add("flow_device", backend_->device(options_.recipe.flow))
                  .build();
  stage.file_suffix = ".mkv";
  stage.compute = [this, job](const std::vector<Entry>&, const fs::path& file) {
    i3ds();
    const Json video =
        save_flow(job, options_.recipe, *backend_, options_.threads, FlowFormat::kMkv, file);
    return Entry{{{"video", video}}, {}, {}};
  };
  return stage;
}

Stage Extractor::features_stage(const VideoJob& job, DiskCache* cache, std::size_t frames,
                                std::size_t flow) const {
  Stage stage;
  stage.name = "features";
  Json recipe = to_json(options_.recipe);
  recipe.erase("name");
  Json networks = Json::array();
  for (const StreamNetwork& network : options_.networks) {
    networks.push_back({{"stream", network.modality}, {"sha256", network.sha256}});
  }
  KeyBuilder builder = key("features", kFeaturesVersion, job);
  builder.add("machine", machine_identity())
      .add("recipe", recipe)
      .add("networks", networks)
      .add("device", device_description(options_.device))
      .add("i3d_precision", options_.i3d_precision)
      .add("torch", I3d::library_version());
  const int clips_at_once = clips_at_once_;
  if (clips_at_once > 1) builder.add("clips_at_once", clips_at_once);
  if (backend_) {
    builder.add("flow_version", kFlowVersion)
        .add("backend", backend_->key_name())
        .add("flow_device", backend_->device(options_.recipe.flow));
  }
  stage.key = builder.build();
  const bool has_frames = frames != kNone, has_flow = flow != kNone;
  if (has_frames) stage.inputs.push_back(frames);
  if (has_flow) stage.inputs.push_back(flow);

  stage.compute = [=, this, key = stage.key](const std::vector<Entry>& inputs, const fs::path&) {
    if (clips_at_once != clips_at_once_) {
      throw Error(ErrorKind::kRetry, "the stage is of more clips at once than fit");
    }
    return compute_features(job, Checkpoint(cache, key, options_.checkpoint_s),
                            has_frames ? inputs.front().file : fs::path(),
                            has_flow ? inputs.back().file : fs::path(),
                            inputs.empty() ? Json() : inputs.front().info.at("video"));
  };
  stage.clean_up = [cache, key = stage.key] { Checkpoint(cache, key, 0).remove(); };
  return stage;
}

// Loads them at the same time, since each takes a while on one core.
std::vector<std::unique_ptr<I3d>> Extractor::load_networks() const {
  std::vector<std::unique_ptr<I3d>> i3ds(options_.networks.size());
  use_one_thread_a_call();
  tbb::parallel_for(std::size_t{0}, i3ds.size(), [&](std::size_t i) {
    const StreamNetwork& network = options_.networks[i];
    i3ds[i] =
        std::make_unique<I3d>(network.file, I3dOptions{.channels = channels_of(network.modality),
                                                       .feature_size = options_.feature_size,
                                                       .device = options_.device,
                                                       .precision = options_.i3d_precision,
                                                       .side = options_.recipe.crop_size,
                                                       .clips_at_once = clips_at_once_});
  });
  return i3ds;
}

template <class Work>
auto Extractor::in_memory(const Work& work) const {
  try {
    return work();
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::kRetry) throw;
    i3ds_.clear();
    free_unused_gpu_memory(options_.device);
    clips_at_once_ /= 2;
    spdlog::warn(
        "{}: from here on it is {}, and features are cached apart; to begin so, give "
        "--clips-at-once {}",
        e.what(), clips_at_once_, clips_at_once_);
    throw;
  }
}

const std::vector<std::unique_ptr<I3d>>& Extractor::i3ds() const {
  if (i3ds_.empty()) i3ds_ = in_memory([this] { return load_networks(); });
  return i3ds_;
}

Entry Extractor::compute_features(const VideoJob& job, Checkpoint checkpoint,
                                  const fs::path& kept_frames, const fs::path& kept_flow,
                                  const Json& kept_video) const {
  const Recipe& recipe = options_.recipe;
  FeatureJob work;
  for (const auto& i3d : i3ds()) {
    work.networks.push_back([&i3d = *i3d](const Array& clips) { return i3d.features(clips); });
  }
  work.clips_at_once = clips_at_once_;
  FrameSupply supply(job, recipe, kept_frames, kept_flow, backend_.has_value());
  std::optional<FlowField> field;
  if (backend_) field.emplace(*backend_, recipe.flow, job.deadline);
  const std::int64_t expected =
      snippet_count(recipe, expected_frames(recipe, supply.video().source()));

  work.recipe = recipe;
  work.source = [&supply] { return supply.next(); };
  work.flow = field ? &*field : nullptr;
  for (const StreamNetwork& network : options_.networks) {
    work.modalities.push_back(network.modality);
  }
  work.feature_size = options_.feature_size;
  work.threads = options_.threads;
  work.deadline = job.deadline;
  work.done = checkpoint.rows();
  job.on_progress(work.done.shape.empty() ? 0 : work.done.dim(0), expected);
  work.on_progress = [&](const Array& rows) {
    job.on_progress(rows.dim(0), expected);
    job.file->expect_unchanged();
    checkpoint.save(rows);
  };
  const Features features = in_memory([&] { return extract_features(std::move(work)); });
  job.file->expect_unchanged();
  job.on_extracted(features);

  Json video = supply.decodes() ? video_info(job, recipe, supply.video()) : kept_video;
  video["snippets"] = features.rows.dim(0);
  if (features.repeated_frames > 0) video["repeated_frames"] = features.repeated_frames;
  report_oddities(job, video);
  return {{{"video", video}}, format_npy(features.rows), {}};
}

Json save_flow(const VideoJob& job, const Recipe& recipe, const FlowBackend& backend, int threads,
               FlowFormat format, const fs::path& path) {
  FlowSaving saving(job, recipe, backend, threads, format, path);
  saving.run();
  job.file->expect_unchanged();
  return video_info(job, recipe, saving.video());
}

}  // namespace co2net
