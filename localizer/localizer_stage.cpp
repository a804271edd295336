#include "localizer/localizer_stage.h"

#include <torch/torch.h>

#include <utility>

#include "localizer/training_options.h"
#include "pipeline/formats/npy.h"

namespace co2net {
namespace {

constexpr int kVersion = 1;

}  // namespace

LocalizerModel::LocalizerModel(std::filesystem::path file, std::string sha256, Co2NetConfig config,
                               Device device)
    : file_(std::move(file)), sha256_(std::move(sha256)), config_(config), device_(device) {}

LocalizerModel::~LocalizerModel() = default;

Stage LocalizerModel::stage(std::size_t features, const CacheKey& features_key) {
  Stage stage;
  stage.name = "localization";
  stage.key = KeyBuilder("localization", kVersion)
                  .add("features", features_key)
                  .add("co2net", sha256_)
                  .add("variant", config_.network.variant)
                  .add("max_seqlen", config_.network.max_seqlen)
                  .add("network", to_json(config_.network))
                  .add("device", device_description(device_))
                  .add("torch", TORCH_VERSION)
                  .add("machine", machine_identity())
                  .build();
  stage.inputs = {features};
  stage.compute = [this](const std::vector<Entry>& inputs, const std::filesystem::path&) {
    const Array rows = parse_npy(inputs[0].bytes, "features");
    return Entry{inputs[0].info, format_npz(loaded().localize(rows)), {}};
  };
  return stage;
}

const Co2Net& LocalizerModel::loaded() {
  std::call_once(is_loaded_, [this] {
    net_ = std::make_unique<Co2Net>(Co2Net::load(file_, config_));
    net_->move_to(device_);
  });
  return *net_;
}

}  // namespace co2net
