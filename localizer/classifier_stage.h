#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "localizer/i3d_classifier.h"
#include "pipeline/stages/stage.h"

namespace co2net {

// From the features (.npy) of the chain's stage at `features`, whose key is `features_key`, to the
// scores (.npz: cas, attn) of the reported classes. `sha256` is of the classifier's file and stands
// for its weights in the key. Facts about the video are passed on. The classifier must outlive the
// stage.
Stage classifier_stage(std::size_t features, const CacheKey& features_key,
                       const I3dClassifier& classifier, const std::string& sha256,
                       const std::vector<std::size_t>& reported);

}  // namespace co2net
