#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "cli/cli.h"
#include "cli/terminal.h"
#include "cli/workflows/observer.h"

namespace co2net {

// How progress is shown.
struct ProgressView {
  enum class Mode { kOff, kPlain, kBar };
  Mode mode = Mode::kOff;
  bool has_colour = false;
  std::function<std::size_t()> columns = terminal_columns;
};

// "auto" is bars on a terminal and nothing elsewhere; on a terminal that draws none, plain lines.
ProgressView progress_view(const std::string& how, const Io& io);
// As --progress says. Errors: Error(kUsage).
ProgressView parse_progress(const boost::program_options::variables_map& args, const Io& io);

// Says on `err` how far a run is, at once and then now and then: on a terminal by two bars, of the
// thing under work and of the series that it is in, redrawn in their place five times a second;
// plainly by a line, every half minute. Belongs to one thread at a time; the log may be written
// from any, and takes the bars' place until they are drawn again below it.
//
// Debian has bars in libindicators-dev: they know nothing of lines that are written between them,
// of names in UTF-8 or of what is resumed, and tell the time left from the whole time only, so that
// what is left of them is the drawing.
class Progress {
 public:
  using Mode = ProgressView::Mode;
  using Clock = std::chrono::steady_clock;

  // `now` tells the time.
  Progress(std::ostream& err, ProgressView view,
           std::function<Clock::time_point()> now = Clock::now);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Tells what a workflow does; the object must outlive it.
  Observer observer();

  // What failed so far.
  const std::vector<VideoError>& failures() const { return failures_; }

 private:
  // What is said of the thing under work, or of the series.
  struct Figures {
    std::string name, unit;
    std::int64_t done = 0, expected = 0;  // 0: not known
    double share = 0;                     // of it that is done, 0 to 1
    std::string rate;
    std::optional<double> left_s;

    std::string words() const;  // "snippets 17/20  0.5/s  0:00:06 left"
  };

  void start_series(const std::string& what, std::size_t count);
  void start(const std::string& name);
  void update(const std::string& unit, std::int64_t done, std::int64_t expected);
  void end();

  double item_share() const;
  Figures item(Clock::time_point now) const;
  Figures series(Clock::time_point now) const;
  std::optional<double> item_left_s(Clock::time_point now) const;
  double each_s() const;  // that one of the series takes; 0 where it is not known
  std::optional<double> series_left_s(Clock::time_point now) const;
  bool has_series() const { return count_ > 1; }

  void show_if_due();
  bool shows_item() const { return has_told_ || !has_series(); }
  std::string plain_line(Clock::time_point now) const;
  std::string bars(Clock::time_point now) const;
  std::string bar_line(const Figures& figures, std::size_t name_columns, std::size_t most) const;
  void clear();

  std::ostream& err_;
  ProgressView view_;
  std::function<Clock::time_point()> now_;
  std::optional<Clock::time_point> shown_;  // when it last said something
  bool drawn_ = false;

  std::string what_ = "inputs";  // the series is of
  std::size_t count_ = 0, ended_ = 0;
  Clock::time_point last_end_;
  // Of those that were worked on to their end: the seconds from one's end to the next one's, and
  // how many they are; of what was resumed only the share that was done.
  double worked_s_ = 0, worked_ = 0;
  std::vector<double> failed_s_;  // the same of those that failed

  // Whether anything of the series told how far it was. Where nothing does, such as of things that
  // are worked on beside each other, which are told when they are done, the series stands alone.
  bool has_told_ = false;
  bool is_begun_ = false;  // one is under work, of which the rest tells
  std::string name_, unit_;
  std::int64_t first_done_ = -1;  // as it was first told; -1 before
  Clock::time_point first_told_;
  std::int64_t done_ = 0, expected_ = 0;
  bool is_reused_ = false, has_failed_ = false;
  std::vector<VideoError> failures_;
};

}  // namespace co2net
