#pragma once

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <functional>

namespace co2net::test {

// Expects that `work` says yes when the user nobody does it, in a process of its own. For root
// only.
inline void expect_as_nobody(const std::function<bool()>& work) {
  constexpr uid_t kNobody = 65534;
  const auto exit_as_nobody = [&] {
    const bool is_nobody = ::setuid(kNobody) == 0;
    ::prctl(PR_SET_DUMPABLE, 1);  // so that /proc/self is its own, as after exec()
    ::_exit(is_nobody && work() ? 0 : 1);
  };
  EXPECT_EXIT(exit_as_nobody(), testing::ExitedWithCode(0), "");
}

}  // namespace co2net::test
