#pragma once

#include <filesystem>

#include "pipeline/formats/npy.h"

namespace co2net::test {

// Writes a state dict of these parameters as torch.save does.
void write_state_dict(const std::filesystem::path& path, const Arrays& parameters);

}  // namespace co2net::test
