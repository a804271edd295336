#include "cli/workflows/wiring.h"

#include <utility>

namespace co2net {

std::unique_ptr<Extractor> make_extractor(const Bundle& bundle,
                                          const ExtractionSettings& settings) {
  ExtractorOptions options;
  options.recipe = settings.recipe;
  for (const Modality stream : settings.streams) {
    const char* file = i3d_file(stream);
    options.networks.push_back({stream, bundle.file(file), bundle.sha256.at(file)});
  }
  options.feature_size = bundle.feature_size / 2;
  options.flow_backend = settings.flow_backend;
  options.device = settings.device;
  options.i3d_precision = settings.i3d_precision;
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

std::unique_ptr<LocalizerModel> make_localizer(const Bundle& bundle, const Device& device) {
  Co2NetConfig config;
  config.network = bundle.network;
  config.classes = static_cast<int>(bundle.classes.size());
  config.feature_size = bundle.feature_size;
  expect_sizes(bundle.file(kCo2NetFile), config);  // before videos are decoded for it
  return std::make_unique<LocalizerModel>(bundle.file(kCo2NetFile), bundle.sha256.at(kCo2NetFile),
                                          config, device);
}

void append_localization(Chain& chain, LocalizerModel& localizer) {
  chain.push_back(localizer.stage(chain.size() - 1, chain.back().key));
}

}  // namespace co2net
