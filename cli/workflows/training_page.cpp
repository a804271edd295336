#include "cli/workflows/training_page.h"

#include <spdlog/spdlog.h>

#include <utility>

#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "postprocess/report/pages.h"

namespace co2net {
namespace {

// As often as the page looks for news.
constexpr std::chrono::seconds kInterval(5);

}  // namespace

TrainingPage::TrainingPage(Facts facts, std::function<Clock::time_point()> now)
    : facts_(std::move(facts)), now_(std::move(now)), course_(facts_.iterations) {}

void TrainingPage::add(const Json& line) { course_.add(line); }

void TrainingPage::advance() {
  const Clock::time_point now = now_();
  if (!first_) first_ = {course_.done(), now};
  if (written_ && now - *written_ < kInterval) return;
  written_ = now;
  write("running", forecast(now));
}

void TrainingPage::stop() {
  if (written_) write("stopped", Json::object());
}

void TrainingPage::finish() { write("finished", Json::object()); }

Json TrainingPage::forecast(Clock::time_point now) const {
  const std::int64_t timed = course_.done() - first_->iterations;
  if (timed == 0) return Json::object();
  const std::chrono::duration<double> elapsed = now - first_->time;
  const double each = elapsed.count() / static_cast<double>(timed);
  const auto left = static_cast<double>(facts_.iterations - course_.done());
  return {{"seconds_each", each}, {"seconds_left", each * left}};
}

void TrainingPage::write(const std::string& state, const Json& forecast) {
  try {
    write_all(state, forecast);
  } catch (const Error& e) {
    if (!has_warned_) spdlog::warn("the page of the training is not up to date: {}", e.what());
    has_warned_ = true;
  }
}

void TrainingPage::write_all(const std::string& state, const Json& forecast) {
  Json data = course_.json();
  data.update({{"name", facts_.name},
               {"network", facts_.network},
               {"state", state},
               {"iterations", facts_.iterations},
               {"judged_by", facts_.judged_by},
               {"weights", facts_.weights}});
  data.update(forecast);
  if (!has_page_) write_file(facts_.folder / kTrainingPageName, kTrainingPage);
  has_page_ = true;
  write_file(facts_.folder / kTrainingScript, training_script(data));
}

}  // namespace co2net
