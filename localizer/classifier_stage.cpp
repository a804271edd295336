#include "localizer/classifier_stage.h"

namespace co2net {
namespace {

constexpr int kVersion = 1;

}  // namespace

Stage classifier_stage(std::size_t features, const CacheKey& features_key,
                       const I3dClassifier& classifier, const std::string& sha256,
                       const std::vector<std::size_t>& reported) {
  Stage stage;
  stage.name = "localization";
  stage.key = KeyBuilder("localization.classifier", kVersion)
                  .add("features", features_key)
                  .add("i3d_logits", sha256)
                  .add("reported", reported)
                  .add("machine", machine_identity())
                  .build();
  stage.inputs = {features};
  stage.compute = [&classifier, reported](const std::vector<Entry>& inputs,
                                          const std::filesystem::path&) {
    const Array rows = parse_npy(inputs[0].bytes, "features");
    return Entry{inputs[0].info, format_npz(classifier.localize(rows, reported)), {}};
  };
  return stage;
}

}  // namespace co2net
