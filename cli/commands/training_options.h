#pragma once

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/variables_map.hpp>
#include <string>
#include <vector>

#include "cli/workflows/train_on_features.h"
#include "cli/workflows/training_settings.h"

namespace co2net {

// What commands that train have in common.

// --preset, --set, --iterations, --seed, --compat, --select, --held-out, --threads, --checkpoint,
// --progress, and --device with its help.
// Errors: Error(kUsage), here and below.
void add_training_options(boost::program_options::options_description& options,
                          const char* device_help);
// The folder is -o, which the command adds. The device is left to the command.
TrainingSettings parse_training(const boost::program_options::variables_map& args);
// What --set, --iterations, --seed and --compat change, as with_settings() takes it.
std::vector<std::string> given_changes(const boost::program_options::variables_map& args);

// A data set as files: --features, --annotations, --test-subset.
void add_dataset_options(boost::program_options::options_description& options);
void add_train_subset_option(boost::program_options::options_description& options);
// All of these, also --recipe, and --extractor where the command has it.
DatasetFiles parse_dataset(const boost::program_options::variables_map& args);

}  // namespace co2net
