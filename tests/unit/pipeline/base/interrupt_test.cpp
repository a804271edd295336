#include "pipeline/base/interrupt.h"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "pipeline/base/files.h"
#include "tests/unit/expect_error.h"

namespace co2net {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;

[[noreturn]] void exit_with_7_if_interrupted(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& e) {
    std::exit(e.kind() == ErrorKind::kInterrupted ? 7 : 1);
  }
  std::exit(0);
}

TEST(Interrupt, IsThrownAfterASignalAndByEveryDeadline) {
  for (const int signal : {SIGINT, SIGTERM}) {
    const auto raise_and = [signal](const std::function<void()>& action) {
      install_interrupt_handlers();
      throw_if_interrupted();
      std::raise(signal);
      exit_with_7_if_interrupted(action);
    };
    EXPECT_EXIT(raise_and([] { throw_if_interrupted(); }), testing::ExitedWithCode(7), "");
    EXPECT_EXIT(raise_and([] { Deadline().check(); }), testing::ExitedWithCode(7), "");
  }
}

TEST(Interrupt, EndsTheProgramAtOnceTheSecondTime) {
  const auto raise_twice = [] {
    install_interrupt_handlers();
    std::raise(SIGINT);
    std::raise(SIGINT);
  };
  EXPECT_EXIT(raise_twice(), testing::KilledBySignal(SIGINT), "");
}

TEST(Interrupt, EndsTheWaitForALock) {
  const TempDir dir;
  const FileLock held(dir.path() / "lock");
  const auto wait_and_be_interrupted = [&] {
    install_interrupt_handlers();
    struct sigaction action {};
    action.sa_handler = [](int) { std::raise(SIGINT); };
    ::sigaction(SIGALRM, &action, nullptr);
    ::alarm(1);
    exit_with_7_if_interrupted([&] { const FileLock lock(dir.path() / "lock"); });
  };
  EXPECT_EXIT(wait_and_be_interrupted(), testing::ExitedWithCode(7), "");
}

TEST(Deadline, NeverComesUnlessOneIsSet) {
  Deadline().check();
  Deadline(3600s).check();
}

TEST(Deadline, SaysHowMuchTimeThereWas) {
  const Deadline deadline(1ms);
  std::this_thread::sleep_for(5ms);
  test::expect_error(ErrorKind::kInput, {"timed out after 0.001", "--timeout"},
                     [&] { deadline.check(); });
}

}  // namespace
}  // namespace co2net
