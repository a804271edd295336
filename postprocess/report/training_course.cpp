#include "postprocess/report/training_course.h"

#include <cmath>
#include <limits>

namespace co2net {
namespace {

// More than a screen has room for.
constexpr std::int64_t kMostPoints = 400;

}  // namespace

TrainingCourse::TrainingCourse(std::int64_t iterations)
    : every_((iterations + kMostPoints - 1) / kMostPoints) {}

void TrainingCourse::add(const Json& line) {
  if (!line.contains("losses")) {
    judgements_.push_back(line);
    return;
  }
  done_ = json_at<std::int64_t>(line, "iteration", ErrorKind::kModel);
  const auto point = static_cast<std::size_t>((done_ - 1) / every_);
  last_.resize(point + 1);
  last_.back() = done_;
  for (const auto& [name, loss] : line["losses"].items()) count(losses_[name], loss);
  if (!line.contains("attention")) return;
  for (const auto& [name, figures] : line["attention"].items()) {
    for (const auto& [figure, value] : figures.items()) count(attention_[name][figure], value);
  }
}

void TrainingCourse::count(Means& means, const Json& value) {
  means.resize(last_.size());
  means.back().sum +=
      value.is_number() ? value.get<double>() : std::numeric_limits<double>::quiet_NaN();
  ++means.back().count;
}

Json TrainingCourse::json_of(const Means& means) const {
  Json list = Json::array();
  for (const Mean& mean : means) {
    const double value = mean.sum / static_cast<double>(mean.count);
    list.push_back(std::isfinite(value) ? Json(value) : Json());
  }
  list.get_ref<Json::array_t&>().resize(last_.size());
  return list;
}

Json TrainingCourse::json() const {
  Json losses = Json::object(), attention = Json::object();
  for (const auto& [name, means] : losses_) losses[name] = json_of(means);
  for (const auto& [name, figures] : attention_) {
    for (const auto& [figure, means] : figures) attention[name][figure] = json_of(means);
  }
  return {{"done", done_},
          {"every", every_},
          {"points", {{"iteration", last_}, {"losses", losses}, {"attention", attention}}},
          {"judgements", judgements_}};
}

}  // namespace co2net
