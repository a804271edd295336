#pragma once

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/variables_map.hpp>
#include <filesystem>

#include "cli/options.h"
#include "cli/workflows/localize_videos.h"
#include "cli/workflows/wiring.h"
#include "pipeline/devices/device.h"

namespace co2net {

// Options that commands that make features of videos share.

// --device, with its help, and --tf32. "auto" becomes what is there, and the log says which.
void add_device_option(boost::program_options::options_description& options, const char* help);
Device parse_device(const boost::program_options::variables_map& args);

// --device, where flow may have a device of its own, and the next ones
void add_extraction_options(boost::program_options::options_description& options);
// --i3d-precision, --clips-at-once, --keep
void add_i3d_options(boost::program_options::options_description& options);
// --checkpoint
void add_checkpoint_option(boost::program_options::options_description& options);
ExtractionSettings parse_extraction(const boost::program_options::variables_map& args,
                                    const Recipe& recipe, int threads);

// --save-scores
void add_save_scores_option(boost::program_options::options_description& options);
// Empty: nowhere
std::filesystem::path parse_save_scores(const boost::program_options::variables_map& args);

// Warns that a model's networks are code, once for each cache, and each time without one.
void warn_of_unknown_code(const Bundle& bundle, DiskCache* cache);

// What 'run' does with videos, which 'explain' and 'suggest' have to know too: these, --model,
// --only, --recipe-set and --compat.
LocalizeVideosJob parse_localize_videos(const boost::program_options::variables_map& args,
                                        const VideoOptions& video, DiskCache* cache);

}  // namespace co2net
