#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/workflows/observer.h"
#include "pipeline/datasets/bundle.h"

namespace co2net {

// PyTorch checkpoints into a model bundle. A new folder appears as a whole; in one that is there,
// model.json comes last.

// The bundle at `directory`, of which the files of `kept` stay if they are there, or a new one
// named "imported". Errors: Error(kInput) if something else is there; as load_bundle().
Bundle bundle_to_fill(const std::filesystem::path& directory, const std::vector<const char*>& kept);

// Both I3D networks. Where the bundle has no CO2-Net, their classification layers are kept, too,
// and are what it localizes with; the log says why not.
struct ImportI3dJob {
  std::filesystem::path rgb, flow;  // checkpoints
  // Of the names of their classes, as read_classes() takes them; empty: Kinetics-400's, if they
  // have as many.
  std::filesystem::path classes;
  Bundle bundle;     // of bundle_to_fill() with kCo2NetFile
  Recipe recipe;     // of the features that the networks are to make
  std::string name;  // the bundle's
};

// A CO2-Net in the place of what the bundle localized with, of which nothing stays; the log says
// so.
struct ImportCo2NetJob {
  std::filesystem::path checkpoint;
  std::filesystem::path classes;  // as read_classes() takes them
  Variant variant = Variant::kThumos14;
  int max_seqlen = NetworkSpec().max_seqlen;
  Bundle bundle;  // of bundle_to_fill() with both files of I3D
  Recipe recipe;  // of the features that the network learned from
  // The bundle's; without one that stays, or is "imported" where a training gave it.
  std::optional<std::string> name = {};
};

// Both return the bundle as it was written. Errors: Error(kInput) for networks that do not fit what
// stays in the bundle, or each other's classes and features, and for a CO2-Net where a training
// lies; as read_i3d_checkpoint(), read_classes() and import_co2net().
Bundle import_into_bundle(const ImportI3dJob& job, const Observer& observer = {});
Bundle import_into_bundle(const ImportCo2NetJob& job, const Observer& observer = {});

}  // namespace co2net
