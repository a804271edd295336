#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "extractors/features.h"
#include "extractors/flow/flow_backend.h"
#include "extractors/flow/flow_codec.h"
#include "extractors/i3d/i3d.h"
#include "extractors/video/video_reader.h"
#include "pipeline/base/interrupt.h"
#include "pipeline/base/opened_file.h"
#include "pipeline/devices/device.h"
#include "pipeline/stages/disk_cache.h"
#include "pipeline/stages/modality.h"
#include "pipeline/stages/recipe.h"
#include "pipeline/stages/stage.h"

namespace co2net {

class Checkpoint;

// One stream's network: its file, which names it for a cache key by the hash of its bytes.
struct StreamNetwork {
  Modality modality = Modality::kRgb;
  std::filesystem::path file;  // TorchScript
  std::string sha256;
};

struct ExtractorOptions {
  Recipe recipe;
  std::vector<StreamNetwork> networks;  // in the order of the features' columns; RGB first
  int feature_size = 1024;              // D of each
  std::string flow_backend = "auto";    // as choose_flow_backend() takes it
  DiskCache* kernels = nullptr;         // keeps what is compiled for devices of flow; may be null
  // Where the networks run. Flow takes no GPU by CUDA if it is the CPU, and the same one if it is a
  // GPU.
  Device device = {};
  // Like the device it only rounds features, so the recipe lacks it.
  I3dPrecision i3d_precision = I3dPrecision::kFp32;
  // That go through a network together, where this fits the device's memory. In the features' key,
  // since it rounds them too. More than one is for GPUs.
  int clips_at_once = 1;
  int threads = 1;
  double checkpoint_s = 30;  // a long video's features are saved so often, in seconds
};

// A video to extract from.
struct VideoJob {
  std::shared_ptr<const OpenedFile> file;  // what is decoded is what was hashed
  std::string sha256;                      // of its content
  int stream = -1;     // index in the container; -1: the one that ffmpeg chooses
  VideoLimits limits;  // of frames at the recipe's rate
  Deadline deadline;
  std::function<void(std::int64_t done, std::int64_t expected)> on_progress =
      [](std::int64_t, std::int64_t) {};  // snippets; expected is 0 where the container is silent
  std::function<void(const Features&)> on_extracted = [](const Features&) {};
};

// The stages from a video to its features. Networks and the flow solver are loaded when a stage
// first runs and shared by all videos; the object must outlive its stages, which belong to one
// thread.
//
// Where the clips that go through a network together do not fit a GPU's memory, they are half as
// many from then on, with a warning, and the stage throws Error(kRetry): stages that are asked for
// after that have other keys.
//
// A stage's result is of the content that the job's file had when it was opened: where somebody
// writes into it meanwhile, the stage throws Error(kInput).
//
// Every stage's info has "video": {"duration" (s), "fps", "frames" (both after resampling),
// "source_fps", "source_frames", "source_sha256", "decode": {"complete", "failed_packets",
// "damaged_frames", "first_error", "gaps"}}; features add "snippets" and, where the last frame was
// repeated to fill a snippet, "repeated_frames". "gaps": {"count", "frames", "longest_s"} is there
// where the timestamps have long ones, which copies of frames fill.
class Extractor {
 public:
  // Throws Error(kUsage) if no backend here computes the recipe's flow, or one is named and no
  // network takes flow.
  explicit Extractor(ExtractorOptions options);
  ~Extractor();

  // Frames at the recipe's rate and size: FFV1 (bgr0) in Matroska.
  Stage frames_stage(const VideoJob& job) const;
  // Quantised flow: FFV1 (gray) in Matroska, u above v. Throws Error(kInternal) if no network takes
  // flow.
  Stage flow_stage(const VideoJob& job) const;
  // Features as .npy. `cache` keeps the checkpoints; null for none. The chain's stages at `frames`
  // and `flow` are read instead of decoding and solving where they are not kNone; the result is
  // the same.
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  Stage features_stage(const VideoJob& job, DiskCache* cache, std::size_t frames = kNone,
                       std::size_t flow = kNone) const;

 private:
  KeyBuilder key(const std::string& stage, int version, const VideoJob& job) const;
  // The same for a stage whose result is at the recipe's rate and size. Flow depends no more on the
  // machine than the frames that it is of, but for what its backend says.
  KeyBuilder video_key(const std::string& stage, int version, const VideoJob& job) const;
  std::vector<std::unique_ptr<I3d>> load_networks() const;
  // By network. Each stage asks for them first: what is wrong with them concerns every video.
  const std::vector<std::unique_ptr<I3d>>& i3ds() const;
  // Calls `work` of the networks, and halves clips_at_once_ as told above.
  template <class Work>
  auto in_memory(const Work& work) const;
  Entry compute_features(const VideoJob& job, Checkpoint checkpoint,
                         const std::filesystem::path& kept_frames,
                         const std::filesystem::path& kept_flow, const Json& kept_video) const;

  ExtractorOptions options_;
  std::optional<FlowBackend> backend_;              // none without a flow stream
  mutable std::vector<std::unique_ptr<I3d>> i3ds_;  // once loaded
  mutable int clips_at_once_;
};

// Solves a video's flow and writes it to a new file or folder at `path`, one flow a frame: the last
// frame repeats its last flow. Returns "video" as above.
Json save_flow(const VideoJob& job, const Recipe& recipe, const FlowBackend& backend, int threads,
               FlowFormat format, const std::filesystem::path& path);

}  // namespace co2net
