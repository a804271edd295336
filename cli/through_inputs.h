#pragma once

#include <filesystem>
#include <functional>

#include "cli/cli.h"
#include "cli/options.h"
#include "cli/progress.h"

namespace co2net {

// How a command goes through its inputs: `work` returns how many failed. Its progress is shown,
// what failed is told in the end, and the statistics that --stats asks for are written, also where
// an error or an interruption ends it. `errors_in` is the file of results that has the failures,
// too, if one does. Returns the exit code.
int through_inputs(const VideoOptions& options, Io& io,
                   const std::function<int(Stats&, const Observer&)>& work,
                   const std::filesystem::path& errors_in = {});

// The last of these, of other commands.
void tell_failures(const Progress& progress, Io& io, const std::filesystem::path& errors_in = {});

}  // namespace co2net
