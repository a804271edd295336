#pragma once

#include <cstdint>
#include <filesystem>

#include "cli/workflows/judging.h"
#include "cli/workflows/split.h"

namespace co2net::test {

inline constexpr int kPlantedFeatureSize = 64;  // RGB and flow together

struct PlantedActions {
  Dataset dataset;
  Split split;
};

// Made-up features with planted actions, written to `file` (packed), and what is known of the
// videos: a training subset, of which only the labels serve, and a test subset. Equal seeds give
// equal bytes.
//
// A video shows one class. In RGB it has throughout a scene, mostly its class's own. On this,
// events follow each other with nothing between: the class's action, which has an appearance in RGB
// and a motion in flow at once; the appearance without the motion (a pose); the motion without the
// appearance; and the camera's motion. Only the first is a ground-truth segment, so that only
// both modalities together tell it from its context. Everything has noise.
PlantedActions plant_actions(const std::filesystem::path& file, std::uint64_t seed);

// Settings that learn them in seconds.
TrainingOptions planted_options();

// Trains with the videos' labels alone, in `directory`; the model after the last update.
Co2Net train_on(const PlantedActions& planted, const TrainingOptions& options,
                const std::filesystem::path& directory, int threads);

}  // namespace co2net::test
