#include "cli/workflows/wiring.h"

#include <algorithm>
#include <string>
#include <utility>

#include "localizer/classifier_stage.h"
#include "localizer/localizer_stage.h"
#include "pipeline/base/error.h"

namespace co2net {
namespace {

// A CO2-Net or a W-TALC.
Localizer network_of(const Bundle& bundle, const Device& device) {
  const std::string file = localizer_file(bundle.network.kind);
  Co2NetConfig config;
  config.network = bundle.network;
  config.classes = static_cast<int>(bundle.classes.size());
  config.feature_size = bundle.feature_size;
  expect_sizes(bundle.file(file), config);  // before videos are decoded for it
  const auto model =
      std::make_shared<LocalizerModel>(bundle.file(file), bundle.sha256.at(file), config, device);
  return [model](std::size_t features, const CacheKey& key) { return model->stage(features, key); };
}

// What is wrong with a model's file is not an input's fault.
Arrays read_model_arrays(const std::filesystem::path& file) {
  try {
    return read_npz(file);
  } catch (const Error& e) {
    throw e.kind() == ErrorKind::kInput ? Error(ErrorKind::kModel, e.what()) : e;
  }
}

Localizer classifier_of(const Bundle& bundle) {
  const std::filesystem::path file = bundle.file(kI3dLogitsFile);
  const auto classifier = std::make_shared<const I3dClassifier>(
      read_model_arrays(file), bundle.classes.size(), bundle.feature_size, file.string());
  std::vector<std::size_t> reported;
  for (const std::string& label : reported_classes(bundle)) {
    reported.push_back(static_cast<std::size_t>(std::ranges::find(bundle.classes, label) -
                                                bundle.classes.begin()));
  }
  return [classifier, reported, sha256 = bundle.sha256.at(kI3dLogitsFile)](std::size_t features,
                                                                           const CacheKey& key) {
    return classifier_stage(features, key, *classifier, sha256, reported);
  };
}

}  // namespace

std::unique_ptr<Extractor> make_extractor(const Bundle& bundle, const ExtractionSettings& settings,
                                          DiskCache* cache) {
  ExtractorOptions options;
  options.recipe = settings.recipe;
  for (const Modality stream : settings.streams) {
    const char* file = i3d_file(stream);
    options.networks.push_back({stream, bundle.file(file), bundle.sha256.at(file)});
  }
  options.feature_size = bundle.feature_size / 2;
  options.flow_backend = settings.flow_backend;
  options.kernels = cache;
  options.device = settings.device;
  options.i3d_precision = settings.i3d_precision;
  options.clips_at_once = settings.clips_at_once;
  options.threads = settings.threads;
  options.checkpoint_s = settings.checkpoint_s;
  return std::make_unique<Extractor>(std::move(options));
}

Chain features_chain(const Extractor& extractor, const ExtractionSettings& settings,
                     const VideoJob& job, DiskCache* cache) {
  Chain chain;
  // The position in the chain of a stage that is kept or was kept before; nothing else wants it.
  const auto add_kept = [&](bool required, Stage stage) -> std::size_t {
    stage.required = required;
    const bool present = cache != nullptr && cache->contains(stage.key);
    if (!stage.required && !present) return Extractor::kNone;
    chain.push_back(std::move(stage));
    return chain.size() - 1;
  };
  const bool has_flow = settings.streams.back() == Modality::kFlow;
  const std::size_t frames = add_kept(settings.keep_frames, extractor.frames_stage(job));
  const std::size_t flow =
      has_flow ? add_kept(settings.keep_flow, extractor.flow_stage(job)) : Extractor::kNone;
  chain.push_back(extractor.features_stage(job, cache, frames, flow));
  limit_waits(chain, job.deadline);
  return chain;
}

Localizer make_localizer(const Bundle& bundle, const Device& device) {
  return bundle.network.kind == NetworkKind::kClassifier ? classifier_of(bundle)
                                                         : network_of(bundle, device);
}

void append_localization(Chain& chain, const Localizer& localizer) {
  chain.push_back(localizer(chain.size() - 1, chain.back().key));
}

}  // namespace co2net
