#include "cli/workflows/held_log.h"

#include <spdlog/details/log_msg_buffer.h>
#include <spdlog/sinks/sink.h>
#include <spdlog/spdlog.h>

#include <utility>

namespace co2net {
namespace {

thread_local HeldLog::Lines* held = nullptr;

// Hands on to a logger's sinks what no thread holds back.
class HoldingSink : public spdlog::sinks::sink {
 public:
  explicit HoldingSink(std::shared_ptr<spdlog::logger> to) : to_(std::move(to)) {}

  void log(const spdlog::details::log_msg& message) override {
    if (held == nullptr) return hand_on(*to_, message);
    held->push_back(
        [to = to_, line = spdlog::details::log_msg_buffer(message)] { hand_on(*to, line); });
  }
  void flush() override { to_->flush(); }
  // Lines get their form from the other logger's sinks.
  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

 private:
  static void hand_on(const spdlog::logger& to, const spdlog::details::log_msg& message) {
    for (const spdlog::sink_ptr& sink : to.sinks()) sink->log(message);
  }

  std::shared_ptr<spdlog::logger> to_;
};

}  // namespace

HeldLog::HeldLog() : before_(spdlog::default_logger()) {
  const auto logger =
      std::make_shared<spdlog::logger>(before_->name(), std::make_shared<HoldingSink>(before_));
  logger->set_level(before_->level());
  spdlog::set_default_logger(logger);
}

HeldLog::~HeldLog() { spdlog::set_default_logger(before_); }

HeldLog::Lines HeldLog::hold(const std::function<void()>& work) const {
  struct Holding {
    explicit Holding(Lines& to) : outer(std::exchange(held, &to)) {}
    ~Holding() { held = outer; }
    Lines* outer;
  };
  Lines lines;
  const Holding holding(lines);
  work();
  return lines;
}

void HeldLog::tell(const Lines& lines) {
  for (const auto& line : lines) line();
}

}  // namespace co2net
