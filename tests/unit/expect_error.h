#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "pipeline/base/error.h"

namespace co2net::test {

// Expects that `action` throws an Error of that kind whose message contains every one of `parts`.
template <class Action>
void expect_error(ErrorKind kind, const std::vector<std::string>& parts, Action&& action) {
  try {
    action();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), kind) << e.what();
    for (const std::string& part : parts) {
      EXPECT_NE(std::string(e.what()).find(part), std::string::npos)
          << "'" << e.what() << "' lacks '" << part << "'";
    }
    return;
  }
  ADD_FAILURE() << "no error" << (parts.empty() ? "" : " about " + parts.front());
}

// The stage that the Error thrown by `action` names.
template <class Action>
std::string failed_stage(Action&& action) {
  try {
    action();
  } catch (const Error& e) {
    return e.stage();
  }
  return "no error";
}

}  // namespace co2net::test
