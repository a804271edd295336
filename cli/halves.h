#pragma once

#include <string>
#include <vector>

namespace co2net {

// The program is two files: the one that users call, which starts at once, and the full one, which
// can do every command and links libraries that take half a second to load. Both are of one build,
// or refuse to work together.

// The number and the commit that this half was built from: "0.1.0 (commit 8e7efa4b0c12)"; the
// commit is "unknown" outside git, and ends with "-dirty" where files differed from it.
std::string build_name();

// Becomes the full program, in this process, and tells it by a first argument which build handed
// over. It is looked for at CO2NET_FULL_PROGRAM, from the folder of the running program. Errors:
// Error(kIo) naming the file.
[[noreturn]] void become_full_program(const std::vector<std::string>& arguments);

// The arguments that follow what become_full_program() puts before them; all, where the full
// program was started by itself. Errors: Error(kIo) naming both builds if they differ.
std::vector<std::string> taken_over(const std::vector<std::string>& arguments);

}  // namespace co2net
