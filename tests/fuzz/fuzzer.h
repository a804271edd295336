#pragma once

#include <string>
#include <string_view>

#include "pipeline/base/error.h"

namespace co2net {

// Each fuzzer defines it: reads the bytes as files of its format are read. Only what try_input()
// lets pass may come out.
void read(std::string_view bytes);

// The last input that read() took without an error; empty before the first.
const std::string& last_accepted();

// Runs what may only fail for its input, or for the model that it is.
template <class Action>
void try_input(Action&& action) {
  try {
    action();
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::kInput && e.kind() != ErrorKind::kModel) throw;
  }
}

// A fault that a fuzzer must find, deep in what its parser accepts: ends the program if
// CO2NET_PLANTED_FAULT is set in the environment.
void fault_if(bool is_met);

}  // namespace co2net
