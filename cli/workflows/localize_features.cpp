#include "cli/workflows/localize_features.h"

#include <spdlog/spdlog.h>

#include <set>
#include <string>
#include <unordered_map>

#include "cli/workflows/wiring.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/text.h"
#include "pipeline/datasets/annotations.h"
#include "pipeline/datasets/feature_files.h"
#include "pipeline/devices/threads.h"
#include "pipeline/formats/npy.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

// A video's features (.npy), and what stages are told of it.
struct VideoFeatures {
  std::string bytes;
  Json info;
};

void expect_one_video(const std::string& bytes, const std::string& name) {
  const NpyHeader header = parse_npy_header(bytes, name);
  if (header.dtype.code != "O" && header.shape.size() != 3) return;
  throw Error(ErrorKind::kInput,
              name + ": holds the features of many videos; say which with --annotations FILE|DIR");
}

VideoFeatures read_file_of(const Input& input, const Bundle& bundle) {
  const std::string name = input.path.string();
  std::string bytes = read_input(read_file, input.path);
  expect_one_video(bytes, name);
  const Array rows = parse_npy(bytes, name);
  expect_shape(rows, {-1, bundle.feature_size}, name);
  Json info = read_video_info(input.path, bundle, rows.dim(0));
  return {std::move(bytes), std::move(info)};
}

// Reads what the inputs mean. Safe for several threads at once.
class FeatureReader {
 public:
  explicit FeatureReader(const LocalizeFeaturesJob& job)
      : packed_(job.packed), bundle_(job.files.bundle) {
    if (packed_ == nullptr) return;
    for (std::size_t i = 0; i < packed_->ids().size(); ++i) places_[packed_->ids()[i]] = i;
  }

  VideoFeatures read(const Input& input) const {
    if (!input.is_part) return read_file_of(input, bundle_);
    const Array rows = packed_->rows(places_.at(input.id));
    expect_shape(rows, {-1, bundle_.feature_size}, place_of(input));
    return {format_npy(rows), assumed_video_info(bundle_, rows.dim(0))};
  }

 private:
  const FeatureSet* packed_;
  const Bundle& bundle_;
  std::unordered_map<std::string, std::size_t> places_;
};

}  // namespace

FeatureSet annotated_features(const std::vector<fs::path>& features, const fs::path& annotations) {
  std::vector<std::string> ids;
  for (const AnnotatedVideo& video : read_input(read_annotations, annotations).videos) {
    ids.push_back(video.id);
  }
  return read_input([&](const fs::path&) { return FeatureSet(features, std::move(ids)); },
                    features.front());
}

std::vector<Input> annotated_inputs(const FeatureSet& set) {
  std::vector<Input> inputs;
  std::set<fs::path> packed;
  std::vector<std::string> missing;
  for (std::size_t video = 0; video < set.ids().size(); ++video) {
    const std::string& id = set.ids()[video];
    if (set.snippets(video) == 0) {
      missing.push_back(id);
    } else {
      inputs.push_back({set.file_of(video), id, set.is_packed(video)});
      if (set.is_packed(video)) packed.insert(set.file_of(video));
    }
  }
  if (!missing.empty()) spdlog::warn("left out {}", counted("videos without features", missing));
  for (const fs::path& file : packed) {
    spdlog::warn(
        "{}: a packed file does not say how its features were made; taken to be made by "
        "the model's recipe",
        file.string());
  }
  return inputs;
}

int localize_features(const LocalizeFeaturesJob& job, const InputSource& inputs, Stats& stats,
                      const ResultReceiver& receiver, const Observer& observer) {
  use_threads(job.threads);
  const Bundle& bundle = job.files.bundle;
  const FeatureReader reader(job);
  const Localizer localizer = make_localizer(bundle, job.device);
  const auto scores_chain = [&](const Input& input) {
    const auto [bytes, info] = reader.read(input);
    Chain chain = {given_stage("features", bytes, info)};
    append_localization(chain, localizer);
    if (job.scores.empty()) return chain;
    return chain_from(saved_scores(chain, job.scores, bundle, input, job.files.cache, stats));
  };
  FilesJob files = job.files;
  files.each.at_once = job.device.is_gpu() ? 1 : job.threads;
  return find_segments(inputs, files, scores_chain, stats, receiver, observer);
}

}  // namespace co2net
