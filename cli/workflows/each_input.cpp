#include "cli/workflows/each_input.h"

#include <oneapi/tbb/parallel_pipeline.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <filesystem>
#include <utility>

#include "cli/workflows/held_log.h"
#include "cli/workflows/input_queue.h"
#include "pipeline/base/error.h"
#include "pipeline/base/interrupt.h"
#include "pipeline/base/text.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

bool concerns_every_input(ErrorKind kind) {
  return kind == ErrorKind::kModel || kind == ErrorKind::kIo || kind == ErrorKind::kInterrupted;
}

// Every report of an error names the input already.
std::string without_place(const std::string& message, const Input& input) {
  const std::string place = input.path.string() + ": ";
  return message.starts_with(place) ? message.substr(place.size()) : message;
}

// What came of an input.
struct Attempt {
  ClaimedInput claimed;
  Delivery deliver = nullptr;
  std::optional<Error> error = std::nullopt;
  HeldLog::Lines log = {};
};

class InputLoop {
 public:
  InputLoop(const InputSource& inputs, const EachInput& how, const Observer& observer,
            const std::function<Delivery(const Input&)>& work,
            const std::function<void(const VideoError&)>& on_error)
      : count_(inputs.count),
        queue_(inputs, how.shared, how.patience),
        how_(how),
        observer_(observer),
        work_(work),
        on_error_(on_error) {}

  int run() {
    observer_.on_series(how_.what, count_);
    do {
      how_.at_once > 1 ? run_at_once() : run_in_turn();
    } while (!has_stopped_ && queue_.begin_round());
    if (has_stopped_) report_untried();
    return failed_;
  }

 private:
  void run_in_turn() {
    while (std::optional<ClaimedInput> claimed = next()) {
      begin(claimed->input);
      conclude(attempt(*std::move(claimed)));
    }
  }

  void run_at_once() {
    namespace tbb = oneapi::tbb;
    using tbb::filter_mode;
    const auto take = [this](tbb::flow_control& flow) {
      std::optional<ClaimedInput> claimed = next();
      if (!claimed) flow.stop();
      return claimed.value_or(ClaimedInput());
    };
    const HeldLog held;
    const auto work = [&](const ClaimedInput& claimed) {
      Attempt made;
      made.log = held.hold([&] { made = attempt(claimed); });
      return made;
    };
    const auto finish = [this](const Attempt& attempt) {
      const Input& input = attempt.claimed.input;
      if (has_stopped_) return untried_.push_back(input.id);
      begin(input);
      HeldLog::tell(attempt.log);
      conclude(attempt);
    };
    tbb::parallel_pipeline(
        static_cast<std::size_t>(how_.at_once),
        tbb::make_filter<void, ClaimedInput>(filter_mode::serial_in_order, take) &
            tbb::make_filter<ClaimedInput, Attempt>(filter_mode::parallel, work) &
            tbb::make_filter<Attempt, void>(filter_mode::serial_in_order, finish));
  }

  std::optional<ClaimedInput> next() {
    if (has_stopped_) return std::nullopt;
    std::optional<ClaimedInput> claimed = queue_.next();
    throw_if_interrupted();
    return claimed;
  }

  void begin(const Input& input) const {
    observer_.on_start(input.id);
    spdlog::info("{}", place_of(input));
  }

  Attempt attempt(ClaimedInput claimed) const {
    Attempt made = {.claimed = std::move(claimed)};
    for (;;) {
      try {
        made.deliver = work_(made.claimed.input);
        return made;
      } catch (...) {
        const Error error = current_error();
        if (error.kind() != ErrorKind::kRetry || !can_be_read_again(made.claimed.input)) {
          made.error = error;
          return made;
        }
      }
    }
  }

  // A pipe has been emptied.
  static bool can_be_read_again(const Input& input) {
    std::error_code unreachable;
    return fs::is_regular_file(input.path, unreachable);
  }

  void conclude(const Attempt& attempt) {
    const std::optional<Error> error = attempt.error ? attempt.error : delivered(attempt);
    if (error) {
      if (concerns_every_input(error->kind())) throw Error(*error);
      report(attempt.claimed.input, *error);
    }
    observer_.on_end();
  }

  void report(const Input& input, const Error& error) {
    const std::string stage = error.stage().empty() ? "input" : error.stage();
    const std::string message = without_place(error.what(), input);
    spdlog::error("{}: {}: {}", place_of(input), stage, message);
    const VideoError failure = {input.id, stage, message};
    observer_.on_failure(failure);
    on_error_(failure);
    ++failed_;
    failed_id_ = input.id;
    has_stopped_ = how_.fail_fast;
  }

  static std::optional<Error> delivered(const Attempt& attempt) {
    try {
      if (attempt.deliver) attempt.deliver();
      return std::nullopt;
    } catch (...) {
      return current_error();
    }
  }

  void report_untried() {
    for (const Input& input : queue_.take_rest()) untried_.push_back(input.id);
    if (untried_.empty()) return;
    spdlog::warn("not tried, since {} failed: {}", failed_id_, counted("inputs", untried_));
    for (const std::string& id : untried_) {
      on_error_(
          {id, "not tried",
           "not tried, since " + failed_id_ + " failed before; leave out --fail-fast to try it"});
    }
  }

  const std::size_t count_;
  InputQueue queue_;
  const EachInput how_;
  const Observer& observer_;
  const std::function<Delivery(const Input&)>& work_;
  const std::function<void(const VideoError&)>& on_error_;
  int failed_ = 0;
  std::string failed_id_;  // the last one's
  std::atomic<bool> has_stopped_ = false;
  std::vector<std::string> untried_;
};

}  // namespace

InputSource source_of(std::vector<Input> inputs) {
  const std::size_t count = inputs.size();
  const auto next = [inputs = std::move(inputs),
                     at = std::size_t{0}]() mutable -> std::optional<Input> {
    if (at == inputs.size()) return std::nullopt;
    return inputs[at++];
  };
  return {.next = next, .count = count};
}

int for_each_input(const InputSource& inputs, const EachInput& how, const Observer& observer,
                   const std::function<Delivery(const Input&)>& work,
                   const std::function<void(const VideoError&)>& on_error) {
  return InputLoop(inputs, how, observer, work, on_error).run();
}

int for_each_input(const InputSource& inputs, bool fail_fast, const Observer& observer,
                   const std::function<void(const Input&)>& work,
                   const std::function<void(const VideoError&)>& on_error) {
  const std::function<Delivery(const Input&)> work_at_once = [&](const Input& input) -> Delivery {
    work(input);
    return nullptr;
  };
  return for_each_input(inputs, EachInput{.fail_fast = fail_fast}, observer, work_at_once,
                        on_error);
}

std::string subject_of(const Input& input) {
  const fs::path path = fs::absolute(input.path).lexically_normal();
  return place_of({path, input.id, input.is_part});
}

void expect_whole(const Json& video) {
  if (!video.contains("decode")) return;
  const Json& decode = video.at("decode");
  if (decode.at("complete").get<bool>()) return;
  throw Error(ErrorKind::kInput,
              "decoded only in part: " + decode.at("first_error").get<std::string>() +
                  "; leave out --strict to take what could be decoded")
      .in_stage("decode");
}

}  // namespace co2net
