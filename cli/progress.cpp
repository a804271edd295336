#include "cli/progress.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string_view>
#include <utility>

#include "cli/options.h"
#include "pipeline/base/text.h"

namespace co2net {
namespace {

constexpr std::chrono::milliseconds kBarInterval(200);
constexpr std::chrono::seconds kPlainInterval(30);
constexpr std::size_t kShortestBar = 6, kLongestBar = 40, kLongestName = 32;

double seconds_between(Progress::Clock::time_point from, Progress::Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

std::string clock_text(double seconds) {
  const auto whole = std::llround(std::min(seconds, 1e9));
  char text[48];
  std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60, whole % 60);
  return text;
}

// "0.5/s"; what is slow, by the minute or the hour. Empty for none.
std::string rate_text(double per_s, bool may_be_slow) {
  if (!(per_s > 0)) return "";
  const double per_min = 60 * per_s;
  char text[40];
  if (!may_be_slow || per_s >= 1) {
    std::snprintf(text, sizeof text, "%.1f/s", per_s);
  } else if (per_min >= 1) {
    std::snprintf(text, sizeof text, "%.1f/min", per_min);
  } else {
    std::snprintf(text, sizeof text, "%.1f/h", 60 * per_min);
  }
  return text;
}

std::string percent_text(double share) {
  char text[16];
  std::snprintf(text, sizeof text, "%3d%%", static_cast<int>(100 * share));
  return text;
}

std::string bar_text(double share, std::size_t columns, bool has_colour) {
  const auto full = static_cast<std::size_t>(share * static_cast<double>(columns));
  return "[" + painted(std::string(full, '#'), Colour::kGreen, has_colour) +
         std::string(columns - full, '.') + "]";
}

double share_of(double done, double expected) {
  return expected > 0 ? std::clamp(done / expected, 0., 1.) : 0;
}

}  // namespace

ProgressView progress_view(const std::string& how, const Io& io) {
  ProgressView view;
  if (how == "plain" || (how == "auto" && io.err_is_terminal && is_dumb_terminal())) {
    view.mode = ProgressView::Mode::kPlain;
  } else if (how == "auto" && io.err_is_terminal) {
    view.mode = ProgressView::Mode::kBar;
    view.has_colour = may_be_coloured(true);
  }
  return view;
}

ProgressView parse_progress(const boost::program_options::variables_map& args, const Io& io) {
  return progress_view(one_of(args, "progress", kProgressWays), io);
}

Progress::Progress(std::ostream& err, ProgressView view, std::function<Clock::time_point()> now)
    : err_(err), view_(std::move(view)), now_(std::move(now)), last_end_(now_()) {
  // A log line takes the place of the bars, which come back below it.
  if (view_.mode == Mode::kBar) spdlog::set_pattern(std::string(kEraseBelow) + kLogPattern);
}

Progress::~Progress() {
  clear();
  if (view_.mode == Mode::kBar) spdlog::set_pattern(kLogPattern);
}

Observer Progress::observer() {
  Observer observer;
  observer.on_series = [this](const std::string& what, std::size_t count) {
    start_series(what, count);
  };
  observer.on_start = [this](const std::string& name) { start(name); };
  observer.on_progress = [this](const std::string& unit, std::int64_t done, std::int64_t expected) {
    update(unit, done, expected);
  };
  observer.on_reuse = [this] { is_reused_ = true; };
  observer.on_failure = [this](const VideoError& error) {
    has_failed_ = true;
    failures_.push_back(error);
  };
  observer.on_end = [this] { end(); };
  return observer;
}

void Progress::start_series(const std::string& what, std::size_t count) {
  what_ = what;
  count_ = count;
  ended_ = 0;
  last_end_ = now_();
  worked_s_ = worked_ = 0;
  failed_s_.clear();
  has_told_ = is_begun_ = false;
}

void Progress::start(const std::string& name) {
  is_begun_ = true;
  name_ = printable(name);
  unit_.clear();
  first_done_ = -1;
  done_ = expected_ = 0;
  is_reused_ = has_failed_ = false;
  // Where things tell nothing of themselves, how many there were is told all the same.
  if (view_.mode == Mode::kBar && ended_ > 0 && has_series()) show_if_due();
}

void Progress::update(const std::string& unit, std::int64_t done, std::int64_t expected) {
  has_told_ = true;
  if (first_done_ < 0) {
    first_done_ = done;
    first_told_ = now_();
  }
  unit_ = unit;
  done_ = done;
  expected_ = expected;
  show_if_due();
}

void Progress::end() {
  const Clock::time_point now = now_();
  const double seconds = seconds_between(last_end_, now);
  if (has_failed_) {
    failed_s_.push_back(seconds);
  } else if (!is_reused_) {
    const bool has_begun_within = first_done_ > 0 && first_done_ < done_;
    worked_s_ += seconds;
    worked_ += has_begun_within
                   ? static_cast<double>(done_ - first_done_) / static_cast<double>(done_)
                   : 1;
  }
  last_end_ = now;
  ++ended_;
  is_begun_ = false;
  if (view_.mode == Mode::kPlain && !shows_item()) show_if_due();
  // What is next said may be a result, and nothing tells when the next one begins.
  if (count_ == 0 || ended_ >= count_) clear();
}

double Progress::item_share() const {
  return share_of(static_cast<double>(done_), static_cast<double>(expected_));
}

std::optional<double> Progress::item_left_s(Clock::time_point now) const {
  const double seconds = seconds_between(first_told_, now);
  if (!(seconds > 0) || done_ <= first_done_ || expected_ <= done_) return std::nullopt;
  return static_cast<double>(expected_ - done_) * seconds /
         static_cast<double>(done_ - first_done_);
}

// From those that were worked on to their end: before one was, nothing is known. What fails at once
// is no work, and tells nothing of the others; what fails late, by a timeout, takes as long as it
// did.
double Progress::each_s() const {
  if (!(worked_ > 0)) return 0;
  const double success_s = worked_s_ / worked_;
  double seconds = worked_s_, count = worked_;
  for (const double failed_s : failed_s_) {
    seconds += failed_s;
    count += success_s > 0 ? std::min(1., failed_s / success_s) : 0;
  }
  return seconds / count;
}

std::optional<double> Progress::series_left_s(Clock::time_point now) const {
  const double each_s = this->each_s();
  if (count_ <= ended_ || !(each_s > 0)) return std::nullopt;
  const std::size_t begun = is_begun_ ? 1 : 0;
  double left_s = each_s * static_cast<double>(count_ - ended_ - begun);
  if (is_begun_) {
    left_s += item_left_s(now).value_or(std::max(0., each_s - seconds_between(last_end_, now)));
  }
  return left_s;
}

Progress::Figures Progress::item(Clock::time_point now) const {
  const double seconds = seconds_between(first_told_, now);
  const double per_s = seconds > 0 ? static_cast<double>(done_ - first_done_) / seconds : 0;
  return {name_, unit_, done_, expected_, item_share(), rate_text(per_s, false), item_left_s(now)};
}

Progress::Figures Progress::series(Clock::time_point now) const {
  const auto ended = static_cast<std::int64_t>(ended_), count = static_cast<std::int64_t>(count_);
  const double begun = is_begun_ ? item_share() : 0;
  return {"all",
          what_,
          ended,
          count,
          share_of(static_cast<double>(ended) + begun, static_cast<double>(count)),
          rate_text(each_s() > 0 ? 1 / each_s() : 0, true),
          series_left_s(now)};
}

void Progress::show_if_due() {
  if (view_.mode == Mode::kOff) return;
  const Clock::time_point now = now_();
  if (view_.mode == Mode::kPlain) {
    if (shown_ && now - *shown_ < kPlainInterval) return;
    write_at_once(err_, plain_line(now) + "\n");
  } else {
    if (shown_ && now - *shown_ < kBarInterval) return;
    write_at_once(err_, bars(now));
    drawn_ = true;
  }
  shown_ = now;
}

std::string Progress::Figures::words() const {
  if (unit.empty()) return "";
  std::string text = unit + " " + std::to_string(done);
  if (expected > 0) text += "/" + std::to_string(expected);
  if (!rate.empty()) text += "  " + rate;
  if (left_s) text += "  " + clock_text(*left_s) + " left";
  return text;
}

std::string Progress::plain_line(Clock::time_point now) const {
  if (!shows_item()) return series(now).words();
  std::string line = "[" + std::to_string(ended_ + 1);
  if (count_ > 0) line += "/" + std::to_string(count_);
  line += "] " + name_ + "  " + item(now).words();
  if (has_series() && ended_ > 0) line += "  |  " + series(now).words();
  return line;
}

// The cursor is left where the bars begin, so that whatever is written next erases them first.
std::string Progress::bars(Clock::time_point now) const {
  const std::size_t columns = std::max<std::size_t>(2, view_.columns());
  std::vector<Figures> lines;
  if (shows_item()) lines.push_back(item(now));
  if (has_series()) lines.push_back(series(now));
  std::size_t longest = 0;
  for (const Figures& line : lines) longest = std::max(longest, columns_of(line.name));
  const std::size_t name_columns = std::min({longest, kLongestName, columns / 3});
  const std::size_t most = columns - 1;  // the last column would break the line
  std::string text = "\r" + bar_line(lines.front(), name_columns, most);
  if (lines.size() > 1) text += "\x1b[K\r\n" + bar_line(lines.back(), name_columns, most);
  text += lines.size() > 1 ? "\x1b[J\r\x1b[A" : "\x1b[K\x1b[J\r";
  return text;
}

// On a terminal that is too narrow for a bar, without one.
std::string Progress::bar_line(const Figures& figures, std::size_t name_columns,
                               std::size_t most) const {
  const std::string name = padded(cut_to_columns(figures.name, name_columns), name_columns) + "  ";
  const std::string rest =
      (figures.expected > 0 ? percent_text(figures.share) + "  " : "") + figures.words();
  constexpr std::size_t kFrame = 4;  // brackets, and blanks behind them
  const std::size_t used = columns_of(name) + columns_of(rest) + kFrame;
  if (figures.expected == 0 || used + kShortestBar > most) {
    return cut_to_columns(name + rest, most);
  }
  return name + bar_text(figures.share, std::min(kLongestBar, most - used), view_.has_colour) +
         "  " + rest;
}

void Progress::clear() {
  if (drawn_) write_at_once(err_, kEraseBelow);
  drawn_ = false;
}

}  // namespace co2net
