#pragma once

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/variables_map.hpp>
#include <functional>
#include <string>
#include <vector>

#include "cli/cli.h"
#include "cli/workflows/segments.h"

namespace co2net {

// Commands from files of features or of scores to segments.

void add_segments_of_files_options(boost::program_options::options_description& options);

struct FileInputs {
  std::string what;    // as the usage calls them
  std::string suffix;  // of those that folders are searched for
  std::vector<std::string> bundle_files;
};
using FilesWorkflow =
    std::function<Outcome(const FilesJob&, const InputSource&, const ResultReceiver&)>;

// Runs the workflow on the files that the command line names, and writes what it finds. Returns the
// exit code.
int write_segments_of_files(const boost::program_options::variables_map& args, Io& io,
                            const FileInputs& wanted, const FilesWorkflow& workflow);

}  // namespace co2net
