#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "pipeline/formats/npy.h"

namespace co2net {

// The classification layers of both streams' I3D, linear on the features: how likely each of their
// classes is at each snippet. It was trained on trimmed clips and knows no background. Several
// threads may use one at once.
class I3dClassifier {
 public:
  //   layers  as i3d_logits.npz has them (pipeline/datasets/bundle.h), of `classes` classes and
  //           `feature_size` features, RGB and flow together
  // Errors: Error(kModel), led by `name`, for what is not that, or not finite.
  I3dClassifier(const Arrays& layers, std::size_t classes, int feature_size,
                const std::string& name);

  //   features  [T, 2D], T >= 1, RGB first
  //   reported  classes, by number
  //   returns   "cas" [T, R + 1]: softmax over all classes of both streams' summed logits, of the
  //             reported ones, in their order, and a column of zeros for the background
  //             "attn" [T]: the largest of these
  // Errors: Error(kInput) for another shape, no snippets, or values that are not finite.
  Arrays localize(const Array& features, const std::vector<std::size_t>& reported) const;

 private:
  std::vector<double> probabilities(const float* feature) const;  // of one snippet, [K]

  Array weight_;              // [2D, K], of both streams
  std::vector<double> bias_;  // [K], their sum
};

}  // namespace co2net
