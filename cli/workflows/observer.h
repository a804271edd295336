#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace co2net {

// Hears how far a workflow is, on the thread that runs it. By default nobody listens.
struct Observer {
  std::function<void(const std::string& name)> on_start = [](const std::string&) {};
  // `expected` is 0 where it is not known.
  std::function<void(const std::string& unit, std::int64_t done, std::int64_t expected)>
      on_progress = [](const std::string&, std::int64_t, std::int64_t) {};
  std::function<void()> on_end = [] {};
  // So many of what on_start names follow; 0 where it is not known.
  std::function<void(std::size_t count)> on_series = [](std::size_t) {};
};

}  // namespace co2net
