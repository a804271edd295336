#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>

namespace co2net::test {

// Does `work` in a process of its own, which is killed right after it or within it: by die().
inline void be_killed_after(const std::function<void()>& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    work();
    ::raise(SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status)) << status;
}

[[noreturn]] inline void die() {
  ::raise(SIGKILL);
  ::_exit(1);  // which is not reached
}

}  // namespace co2net::test
