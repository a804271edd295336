#pragma once

#include <filesystem>

#include "localizer/co2net.h"

namespace co2net {

// A CO2-Net that the authors' training code saved: a state dict (pipeline/formats/state_dict.h) of
// the published names, "feat_encoder.0" among them or not. Feature size and classes are the
// parameters'; what the names do not tell, the variant and its max_seqlen, the caller knows.
// Errors: Error(kIo); Error(kInput) naming the file and what is missing, unknown, not finite or of
// another shape.
Co2Net import_co2net(const std::filesystem::path& file, Variant variant, int max_seqlen);

}  // namespace co2net
