#pragma once

#include <memory>

#include "cli/workflows/localize_videos.h"
#include "cli/workflows/wiring.h"

namespace co2net {

// Chains from videos to scores, which share their networks; must outlive them.
class ScoreChains {
 public:
  // Errors: as localize_videos(), of the job, which must outlive the object.
  explicit ScoreChains(const LocalizeVideosJob& job);

  Chain chain(const VideoJob& video) const;

 private:
  const LocalizeVideosJob& job_;
  std::unique_ptr<Extractor> extractor_;
  Localizer localizer_;
};

}  // namespace co2net
