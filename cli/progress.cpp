#include "cli/progress.h"

#include <spdlog/spdlog.h>

#include <cmath>
#include <cstdio>
#include <string_view>
#include <utility>

#include "pipeline/base/text.h"

namespace co2net {
namespace {

constexpr std::string_view kEraseLine = "\r\x1b[K";
const std::string kLogPattern = "%n: %l: %v";
constexpr std::chrono::milliseconds kBarInterval(200);
constexpr std::chrono::seconds kPlainInterval(30);

std::string clock_text(double seconds) {
  const auto whole = std::llround(seconds);
  char text[48];
  std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60, whole % 60);
  return text;
}

std::string rate_text(double rate) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", rate);
  return text;
}

}  // namespace

Progress::Progress(std::ostream& err, Mode mode, std::size_t videos,
                   std::function<Clock::time_point()> now)
    : err_(err), mode_(mode), videos_(videos), now_(std::move(now)) {
  // A log line takes the place of the bar, which comes back below it.
  if (mode_ == Mode::kBar) spdlog::set_pattern(std::string(kEraseLine) + kLogPattern);
}

Progress::~Progress() {
  clear();
  if (mode_ == Mode::kBar) spdlog::set_pattern(kLogPattern);
}

Observer Progress::observer() {
  return {[this](const std::string& id) { start_video(id); },
          [this](const std::string& unit, std::int64_t done, std::int64_t expected) {
            update(unit, done, expected);
          },
          [this] { finish_video(); },
          [this](std::size_t count) {
            videos_ = count;
            current_ = 0;
          }};
}

void Progress::start_video(const std::string& id) {
  ++current_;
  id_ = id;
  started_ = now_();
  first_done_ = -1;
}

bool Progress::is_due(Clock::time_point now) const {
  if (mode_ == Mode::kOff) return false;
  if (!shown_) return true;
  return mode_ == Mode::kBar ? now - *shown_ >= kBarInterval : now - *shown_ >= kPlainInterval;
}

void Progress::update(const std::string& unit, std::int64_t done, std::int64_t expected) {
  const Clock::time_point now = now_();
  if (first_done_ < 0) first_done_ = done;
  if (!is_due(now)) return;
  shown_ = now;

  std::string line = "[" + std::to_string(current_);
  if (videos_ > 0) line += "/" + std::to_string(videos_);
  line += "] " + printable(id_) + "  " + unit + " " + std::to_string(done);
  if (expected > 0) line += "/" + std::to_string(expected);
  const double seconds = std::chrono::duration<double>(now - started_).count();
  const double rate = static_cast<double>(done - first_done_) / seconds;
  if (rate > 0) {
    line += "  " + rate_text(rate) + "/s";
    if (expected > done) {
      line += "  " + clock_text(static_cast<double>(expected - done) / rate) + " left";
    }
  }
  if (mode_ == Mode::kBar) {
    err_ << kEraseLine << line << std::flush;
    drawn_ = true;
  } else {
    err_ << line << std::endl;
  }
}

void Progress::finish_video() { clear(); }

void Progress::clear() {
  if (drawn_) err_ << kEraseLine << std::flush;
  drawn_ = false;
}

Progress::Mode progress_mode(const std::string& name, bool is_terminal) {
  if (name == "plain") return Progress::Mode::kPlain;
  return name == "auto" && is_terminal ? Progress::Mode::kBar : Progress::Mode::kOff;
}

}  // namespace co2net
