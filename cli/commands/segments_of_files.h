#pragma once

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/variables_map.hpp>
#include <functional>

#include "cli/cli.h"
#include "cli/options.h"
#include "cli/workflows/segments.h"

namespace co2net {

// Commands from files of features or of scores to segments.

void add_segments_of_files_options(boost::program_options::options_description& options);

struct FileInputs {
  VideoOptions options;
  ShardedInputs taken;
  bool localizes = false;  // the model's network is needed, too
};
// Returns how many inputs failed.
using FilesWorkflow = std::function<int(const FilesJob&, const InputSource&, Stats&,
                                        const ResultReceiver&, const Observer&)>;

// Runs the workflow on the files, and writes what it finds. Returns the exit code.
int write_segments_of_files(const boost::program_options::variables_map& args, Io& io,
                            const FileInputs& inputs, const FilesWorkflow& workflow);

}  // namespace co2net
