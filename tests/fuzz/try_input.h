#pragma once

#include "pipeline/base/error.h"

namespace co2net {

// Runs what may only fail for its input.
template <class Action>
void try_input(Action&& action) {
  try {
    action();
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::kInput) throw;
  }
}

}  // namespace co2net
