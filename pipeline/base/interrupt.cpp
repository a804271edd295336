#include "pipeline/base/interrupt.h"

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <string>

#include "pipeline/base/error.h"

namespace co2net {
namespace {

constexpr int kInterruptedCode = 130;

volatile std::sig_atomic_t interrupted = 0;
volatile std::sig_atomic_t ends_at_once = 0;

void on_signal(int) {
  interrupted = 1;
  if (ends_at_once != 0) ::_exit(kInterruptedCode);
}

}  // namespace

void install_interrupt_handlers() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

void throw_if_interrupted() {
  if (interrupted != 0) throw Error(ErrorKind::kInterrupted, "interrupted");
}

EndOnSignal::EndOnSignal() {
  ends_at_once = 1;
  throw_if_interrupted();  // by a signal that came just before
}

EndOnSignal::~EndOnSignal() { ends_at_once = 0; }

Deadline::Deadline(std::chrono::duration<double> from_now)
    : allowed_(from_now), start_(std::chrono::steady_clock::now()) {}

bool Deadline::is_over() const noexcept {
  const bool has_passed = start_ && std::chrono::steady_clock::now() - *start_ > allowed_;
  return has_passed || interrupted != 0;
}

void Deadline::check() const {
  throw_if_interrupted();
  if (is_over()) {
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, "%g", allowed_.count());
    throw Error(ErrorKind::kInput, std::string("timed out after ") + seconds +
                                       " s; raise --timeout to give it longer");
  }
}

}  // namespace co2net
