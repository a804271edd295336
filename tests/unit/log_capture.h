#pragma once

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <sstream>
#include <string>

namespace co2net::test {

// What is logged while this exists, a line "level: message" each.
class LogCapture {
 public:
  LogCapture() {
    const auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(lines_);
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("test", sink));
    spdlog::set_pattern("%l: %v");
  }
  ~LogCapture() { spdlog::set_default_logger(before_); }
  std::string lines() const { return lines_.str(); }

 private:
  std::ostringstream lines_;
  std::shared_ptr<spdlog::logger> before_ = spdlog::default_logger();
};

}  // namespace co2net::test
