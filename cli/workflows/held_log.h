#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace spdlog {
class logger;
}

namespace co2net {

// While it lives, what is logged of inputs that are worked on beside each other can wait for its
// turn. One at a time may live.
class HeldLog {
 public:
  // Logs one line as it would have been logged.
  using Lines = std::vector<std::function<void()>>;

  HeldLog();
  ~HeldLog();
  HeldLog(const HeldLog&) = delete;
  HeldLog& operator=(const HeldLog&) = delete;

  // Runs `work`; what it logs on this thread is returned. Any thread may call it.
  Lines hold(const std::function<void()>& work) const;
  static void tell(const Lines& lines);

 private:
  std::shared_ptr<spdlog::logger> before_;
};

}  // namespace co2net
