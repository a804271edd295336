#include "cli/full_program.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "pipeline/base/error.h"

namespace fs = std::filesystem;

namespace co2net {

void become_full_program(const std::vector<std::string>& arguments) {
  const fs::path own = fs::read_symlink("/proc/self/exe");
  const fs::path full = (own.parent_path() / CO2NET_FULL_PROGRAM).lexically_normal();
  std::vector<std::string> words = {"co2net"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execv(full.c_str(), argv.data());
  throw Error(ErrorKind::kIo, "this command needs " + full.string() +
                                  ", which cannot be started: " + std::strerror(errno) +
                                  "; install co2net completely");
}

}  // namespace co2net
