#pragma once

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/variables_map.hpp>

#include "cli/cli.h"

namespace co2net {

// The form of 'co2net train' that learns from a folder of videos and their labels.

// The options that only this form has.
boost::program_options::options_description videos_form();

// Looks through the videos, extracts their features to <output>/features (what an earlier run left
// there is kept), trains with settings that fit the set's size, and makes <output> a bundle.
// Returns 1 if a video had to be left out because it failed, else 0. Errors: Error(kUsage),
// Error(kInput) if no class has two videos, and as train_bundle().
int train_from_videos(const boost::program_options::variables_map& args, Io& io);

}  // namespace co2net
