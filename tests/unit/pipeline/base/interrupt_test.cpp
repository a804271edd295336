#include "pipeline/base/interrupt.h"

#include <gtest/gtest.h>
#include <sys/time.h>

#include <chrono>
#include <csignal>
#include <cstdlib>

#include "pipeline/base/file_lock.h"
#include "pipeline/base/files.h"
#include "tests/unit/expect_error.h"

namespace co2net {
namespace {

using std::chrono_literals::operator""s;

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
    // Should the first tick come before the wait, the next one wakes it.
    struct sigaction action {};
    action.sa_handler = [](int) {
      static volatile std::sig_atomic_t raised = 0;
      if (raised == 0) std::raise(SIGINT);
      raised = 1;
    };
    ::sigaction(SIGALRM, &action, nullptr);
    const itimerval ticks{{0, 20000}, {0, 20000}};  // 20 ms
    ::setitimer(ITIMER_REAL, &ticks, nullptr);
    exit_with_7_if_interrupted([&] { const FileLock lock(dir.path() / "lock"); });
  };
  EXPECT_EXIT(wait_and_be_interrupted(), testing::ExitedWithCode(7), "");
}

TEST(Deadline, NeverComesUnlessOneIsSet) {
  Deadline().check();
  Deadline(3600s).check();
}

TEST(Deadline, SaysHowMuchTimeThereWas) {
  const Deadline passed(-2.5s);
  test::expect_error(ErrorKind::kInput, {"timed out after -2.5", "--timeout"},
                     [&] { passed.check(); });
}

}  // namespace
}  // namespace co2net
