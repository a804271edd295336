#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "postprocess/exporters.h"

namespace co2net {

// Hears how far a workflow is, on the thread that runs it: of series of things, such as videos, one
// after the other. By default nobody listens.
struct Observer {
  // So many things, which are `what`, follow; 0 where it is not known how many.
  std::function<void(const std::string& what, std::size_t count)> on_series = [](const std::string&,
                                                                                 std::size_t) {};
  // One is begun. Those that are worked on beside each other are told one after the other, each
  // when it is done.
  std::function<void(const std::string& name)> on_start = [](const std::string&) {};
  // How far it is, first of all where it begins: a part may be there from before. `expected` is 0
  // where it is not known.
  std::function<void(const std::string& unit, std::int64_t done, std::int64_t expected)>
      on_progress = [](const std::string&, std::int64_t, std::int64_t) {};
  // All that it needs was there from before, so that its time tells nothing of the others'.
  std::function<void()> on_reuse = [] {};
  std::function<void(const VideoError&)> on_failure = [](const VideoError&) {};
  std::function<void()> on_end = [] {};
};

}  // namespace co2net
