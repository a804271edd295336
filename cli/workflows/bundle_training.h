#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "cli/workflows/observer.h"
#include "cli/workflows/split.h"
#include "cli/workflows/training_settings.h"
#include "localizer/trainer.h"
#include "pipeline/datasets/bundle.h"
#include "pipeline/datasets/dataset.h"

namespace co2net {

// What a trained bundle's provenance says of "made_by".
inline constexpr const char* kMadeByTraining = "co2net train";

// Throws Error(kUsage) if the folder holds something else than a training or features for one.
void expect_place_for_training(const std::filesystem::path& directory);

// Throws Error(kUsage) if settings.directory holds another training, naming the differences.
void expect_same_training(const Dataset& dataset, const Split& split,
                          const TrainingSettings& settings);

// Trains in settings.directory/training and makes the folder a bundle of that name: the network,
// the data set's classes and recipe, and the I3D of `extractor`, which the data set was checked
// against. Says how it goes in the log.
// The bundle's operating point is chosen on the held-out videos.
// Errors: as train(); Error(kUsage) for a folder that holds something else, or where too few hours
// of background are held out for settings.false_alarms.
TrainingResult train_bundle(const Dataset& dataset, const Split& split,
                            const TrainingSettings& settings, const std::string& name,
                            const std::optional<Bundle>& extractor, const Observer& observer);

// The model that a training kept.
Co2Net load_trained(const Dataset& dataset, const TrainingSettings& settings);

}  // namespace co2net
