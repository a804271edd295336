#include "pipeline/interrupt.h"

#include <csignal>
#include <string>

#include "pipeline/error.h"

namespace co2net {
namespace {

volatile std::sig_atomic_t interrupted = 0;

}  // namespace

void install_interrupt_handlers() {
  struct sigaction action {};
  action.sa_handler = [](int) { interrupted = 1; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

void throw_if_interrupted() {
  if (interrupted != 0) throw Error(ErrorKind::kInterrupted, "interrupted");
}

Deadline::Deadline(std::chrono::duration<double> from_now)
    : allowed_(from_now),
      end_(std::chrono::steady_clock::now() +
           std::chrono::duration_cast<std::chrono::steady_clock::duration>(from_now)) {}

void Deadline::check() const {
  throw_if_interrupted();
  if (end_ && std::chrono::steady_clock::now() > *end_) {
    throw Error(ErrorKind::kInput, "timed out after " + std::to_string(allowed_.count()) +
                                       " s; raise --timeout to give it longer");
  }
}

}  // namespace co2net
