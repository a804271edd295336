#pragma once

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/variables_map.hpp>
#include <optional>

#include "cli/workflows/training.h"

namespace co2net {

// A published dataset as commands that train on one take it: --features, --annotations,
// --train-subset, --test-subset.
void add_benchmark_options(boost::program_options::options_description& options);

// The videos of both subsets that can be used; the log names the others. Errors: Error(kUsage) for
// a missing option or a subset to learn from that no video is in; as read_annotations and
// FeatureSet.
TrainingData read_benchmark(const boost::program_options::variables_map& args,
                            const TrainingSettings& settings);

// The features' recipe: what sidecars say, the extractor's, or the default. Errors:
// Error(kInput) for features of several recipes, or of another one than the extractor's.
Recipe features_recipe(const boost::program_options::variables_map& args, const TrainingData& data,
                       const std::optional<Bundle>& extractor);

}  // namespace co2net
