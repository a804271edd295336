#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <string>

#include "localizer/co2net.h"
#include "pipeline/devices/device.h"
#include "pipeline/stages/stage.h"

namespace co2net {

// A trained CO2-Net on disk, loaded when a stage first runs. Its stages may run on several threads
// at once.
class LocalizerModel {
 public:
  // `sha256` is of the file's content and stands for the weights in cache keys.
  LocalizerModel(std::filesystem::path file, std::string sha256, Co2NetConfig config,
                 Device device = {});
  ~LocalizerModel();

  // From the features (.npy) of the chain's stage at `features`, whose key is `features_key`, to
  // scores (.npz: cas, attn, attn_rgb, attn_flow). Facts about the video are passed on. The object
  // must outlive the stage.
  Stage stage(std::size_t features, const CacheKey& features_key);

 private:
  const Co2Net& loaded();

  std::filesystem::path file_;
  std::string sha256_;
  Co2NetConfig config_;
  Device device_;
  std::once_flag is_loaded_;
  std::unique_ptr<Co2Net> net_;
};

}  // namespace co2net
