#include "cli/workflows/input_queue.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "pipeline/base/error.h"
#include "pipeline/base/interrupt.h"
#include "pipeline/base/text.h"
#include "pipeline/stages/cache_key.h"
#include "pipeline/stages/disk_cache.h"

namespace co2net {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLongestPause(5000), kBetweenLooks(100);

CacheKey claim_on(const Input& input) {
  return KeyBuilder("claim", 1).add("input", subject_of(input)).build();
}

}  // namespace

std::optional<Input> InputQueue::from_source_or_round() {
  if (is_first_round_) return source_.next();
  if (round_.empty()) return std::nullopt;
  Input input = std::move(round_.front());
  round_.pop_front();
  return input;
}

std::optional<ClaimedInput> InputQueue::next() {
  while (std::optional<Input> input = from_source_or_round()) {
    if (shared_ == nullptr || has_lost_patience()) return ClaimedInput{*std::move(input)};
    throw_if_interrupted();
    auto lock = within("claim " + input->id, [&] { return shared_->try_lock(claim_on(*input)); });
    if (lock) {
      has_handed_out_ = true;
      return ClaimedInput{*std::move(input), std::make_shared<FileLock>(*std::move(lock))};
    }
    spdlog::debug("{}: another process works on it", place_of(*input));
    passed_over_.push_back(*std::move(input));
  }
  return std::nullopt;
}

bool InputQueue::begin_round() {
  if (passed_over_.empty()) return false;
  if (has_handed_out_) {
    pause_ = kBetweenLooks;
    waited_ = {};
  } else {
    wait();
  }
  round_.assign(passed_over_.begin(), passed_over_.end());
  passed_over_.clear();
  is_first_round_ = has_handed_out_ = false;
  return true;
}

bool InputQueue::has_lost_patience() const { return patience_ && waited_ >= *patience_; }

// Longer and longer, so that many that wait do not keep a file server busy.
void InputQueue::wait() {
  if (!std::exchange(told_, true)) {
    spdlog::info("other processes work on the last {}; waiting for them{}",
                 counted("inputs", ids_of(passed_over_)),
                 patience_ ? "" : "; if one is stopped, Ctrl-C and the same line with --timeout");
  }
  for (milliseconds waited(0); waited < pause_ && !has_lost_patience(); waited += kBetweenLooks) {
    throw_if_interrupted();
    std::this_thread::sleep_for(kBetweenLooks);
    waited_ += kBetweenLooks;
  }
  if (has_lost_patience()) {
    spdlog::warn("waited as long as --timeout is for other processes; taking over {}",
                 counted("inputs", ids_of(passed_over_)));
  }
  pause_ = std::min(kLongestPause, pause_ + pause_ / 4);
}

std::vector<Input> InputQueue::take_rest() {
  std::vector<Input> rest = std::exchange(passed_over_, {});
  rest.insert(rest.end(), round_.begin(), round_.end());
  round_.clear();
  if (source_.waits || !is_first_round_) return rest;
  while (std::optional<Input> input = source_.next()) rest.push_back(*std::move(input));
  return rest;
}

}  // namespace co2net
