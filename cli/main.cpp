#include <unistd.h>

#include <iostream>
#include <string>
#include <vector>

#include "cli/cli.h"
#include "pipeline/base/interrupt.h"

int main(int argc, char** argv) {
  std::ios::sync_with_stdio(false);
  co2net::install_interrupt_handlers();
  return co2net::run_cli(
      co2net::CO2NET_PROGRAM(), {argv + 1, argv + argc},
      {std::cin, std::cout, std::cerr, ::isatty(STDERR_FILENO) != 0, ::isatty(STDOUT_FILENO) != 0});
}
