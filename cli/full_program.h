#pragma once

#include <string>
#include <vector>

namespace co2net {

// Becomes the program that can do every command, in this process. It is a file of its own since it
// links libraries that take half a second to load; this one starts at once. It is looked for at
// CO2NET_FULL_PROGRAM, from the folder of the running program. Errors: Error(kIo) naming the file.
[[noreturn]] void become_full_program(const std::vector<std::string>& arguments);

}  // namespace co2net
