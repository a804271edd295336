#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "pipeline/base/json.h"

namespace co2net {

// The course of a training, in so few points that a page can draw it: means over as many
// iterations each.
class TrainingCourse {
 public:
  // `iterations`: most that there will be, >= 1.
  explicit TrainingCourse(std::int64_t iterations);

  // A line of a training's metrics.jsonl. Of an update, "losses" and "attention" count, of
  // whatever names; what is null or not there is not a number.
  void add(const Json& line);

  std::int64_t done() const { return done_; }

  // {"done", "every": iterations of a point, "points": {"iteration": the last of each,
  // "losses": {name: [...]}, "attention": {name: {"mean": [...], "deviation": [...]}}},
  // "judgements": those lines}. A mean that is no finite number is null. Depends on nothing but the
  // lines.
  Json json() const;

 private:
  struct Mean {
    double sum = 0;
    std::int64_t count = 0;
  };
  // By point.
  using Means = std::vector<Mean>;

  std::int64_t every_;
  std::int64_t done_ = 0;
  std::map<std::string, Means> losses_;
  std::map<std::string, std::map<std::string, Means>> attention_;
  std::vector<std::int64_t> last_;  // iteration of each point
  Json judgements_ = Json::array();

  void count(Means& means, const Json& value);
  Json json_of(const Means& means) const;
};

}  // namespace co2net
