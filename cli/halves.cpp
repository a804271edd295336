#include "cli/halves.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "cli/commit.h"
#include "pipeline/base/error.h"
#include "pipeline/base/version.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

constexpr std::string_view kHandedOver = "handed over by co2net ";
constexpr std::string_view kRemedy = "; install both programs from one build";

fs::path own_path() { return fs::read_symlink("/proc/self/exe"); }

// A full program that knows nothing of this, being older, calls it an unknown command: as a
// sentence with a remedy, it is then still the message that helps.
std::string handed_over() { return std::string(kHandedOver) + build_name() + std::string(kRemedy); }

}  // namespace

std::string build_name() {
  return std::string(version()) + " (commit " + std::string(commit()) + ")";
}

void become_full_program(const std::vector<std::string>& arguments) {
  const fs::path full = (own_path().parent_path() / CO2NET_FULL_PROGRAM).lexically_normal();
  std::vector<std::string> words = {"co2net", handed_over()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execv(full.c_str(), argv.data());
  throw Error(ErrorKind::kIo, "this command needs " + full.string() +
                                  ", which cannot be started: " + std::strerror(errno) +
                                  "; install co2net completely");
}

std::vector<std::string> taken_over(const std::vector<std::string>& arguments) {
  if (arguments.empty() || !arguments.front().starts_with(kHandedOver)) return arguments;
  if (arguments.front() != handed_over()) {
    const std::string_view given = std::string_view(arguments.front()).substr(kHandedOver.size());
    throw Error(ErrorKind::kIo, own_path().string() + " is co2net " + build_name() +
                                    ", but was started by co2net " +
                                    std::string(given.substr(0, given.find(kRemedy))) +
                                    std::string(kRemedy));
  }
  return {arguments.begin() + 1, arguments.end()};
}

}  // namespace co2net
