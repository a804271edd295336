#pragma once

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/variables_map.hpp>
#include <cstdint>
#include <functional>

namespace co2net {

// One of the programs here: its options, and what it does once they are parsed. `run` throws
// boost::program_options::error or Error(kUsage) for a value that makes no sense.
struct SampleProgram {
  const char* name;
  const char* usage;  // the arguments that it must have, "-o DIR"
  boost::program_options::options_description options;
  std::function<void(const boost::program_options::variables_map&)> run;
};

// Returns the exit code: 0, 2 for arguments that it does not take, 3 for any other error, both with
// a line on standard error.
int run_program(int argc, char** argv, const SampleProgram& program);

// --seed, 1 unless given.
void add_seed_option(boost::program_options::options_description& options, const char* meaning);
std::uint64_t parse_seed(const boost::program_options::variables_map& args);

}  // namespace co2net
