#include "samples/program.h"

#include <boost/program_options.hpp>
#include <exception>
#include <iostream>
#include <limits>

#include "pipeline/base/error.h"

namespace po = boost::program_options;

namespace co2net {

int run_program(int argc, char** argv, const SampleProgram& program) {
  po::options_description options("Options");
  options.add(program.options).add_options()("help,h", "print this help");
  try {
    po::variables_map args;
    po::store(po::command_line_parser(argc, argv).options(options).positional({}).run(), args);
    if (args.count("help") > 0) {
      std::cout << "Usage: " << program.name << " " << program.usage << " [OPTIONS]\n\n" << options;
      return 0;
    }
    po::notify(args);
    program.run(args);
    return 0;
  } catch (const po::error& e) {
    std::cerr << program.name << ": " << e.what() << '\n';
    return 2;
  } catch (const Error& e) {
    std::cerr << program.name << ": " << e.what() << '\n';
    return e.kind() == ErrorKind::kUsage ? 2 : 3;
  } catch (const std::exception& e) {
    std::cerr << program.name << ": " << e.what() << '\n';
    return 3;
  }
}

void add_seed_option(po::options_description& options, const char* meaning) {
  options.add_options()("seed", po::value<std::int64_t>()->value_name("N")->default_value(1),
                        meaning);
}

std::uint64_t parse_seed(const po::variables_map& args) {
  const auto seed = args["seed"].as<std::int64_t>();
  if (seed < 0 || seed > std::numeric_limits<std::int32_t>::max()) {
    throw po::error("--seed must be from 0 to 2147483647");
  }
  return static_cast<std::uint64_t>(seed);
}

}  // namespace co2net
