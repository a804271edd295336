#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "pipeline/base/json.h"

namespace co2net {

// What a machine has, in groups that a reader goes through from the top.
struct Fact {
  std::string name;  // a key of JSON: "instruction_set"
  Json value;        // a text, a number, a truth value, or a list of texts; null: not known
};
struct FactGroup {
  std::string name;
  std::vector<Fact> facts;
};

struct Problem {
  std::string what;
  std::string remedy;
  bool is_fatal = false;  // nothing can be done here
};

struct Diagnosis {
  std::vector<FactGroup> groups;
  std::vector<Problem> problems;
};

// Looks at system, processor, memory, GPUs, the cache's folder and that of temporary files, and
// chooses as the program would choose. Nothing is written that stays, and no cache is made.
// `threads`: that would be used. What says whose machine it is is left out; a home folder is "~".
Diagnosis diagnose(const std::filesystem::path& cache, int threads);

// A path as a stranger may see it.
std::string without_home(const std::filesystem::path& path);

}  // namespace co2net
