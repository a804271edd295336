#pragma once

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/variables_map.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cli/cli.h"
#include "cli/options.h"
#include "cli/workflows/batch.h"
#include "cli/workflows/stats.h"
#include "pipeline/datasets/bundle.h"
#include "pipeline/stages/disk_cache.h"
#include "pipeline/stages/stage.h"
#include "postprocess/proposals.h"

namespace co2net {

// Appends proposals to a chain that ends with localization.
void append_proposals(Chain& chain, const Bundle& bundle, const Recipe& recipe, Compat compat);

// A chain's first stage that reads `file` (.npy or .npz), with `info` about the video.
Stage file_stage(const std::string& name, const std::filesystem::path& file, const Json& info);

// Commands from files to segments: each input file is where a video's chain starts.
void add_file_batch_options(boost::program_options::options_description& options);
struct FileBatch {
  FileBatch(const boost::program_options::variables_map& args, Io& io, const std::string& what,
            const std::string& suffix, const std::vector<std::string>& bundle_files);

  // `scores_chain` makes an input's chain up to its scores; proposals follow. Returns the exit
  // code.
  int run(Io& io, const std::function<Chain(const Input&)>& scores_chain);

  VideoOptions options;
  std::vector<Input> inputs;
  ResultOptions result_options;
  Compat compat;
  Bundle bundle;
  std::unique_ptr<DiskCache> cache;
  Stats stats;
};

}  // namespace co2net
