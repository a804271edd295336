#include "cli/workflows/each_input.h"

#include <oneapi/tbb/parallel_pipeline.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <filesystem>
#include <utility>

#include "cli/workflows/held_log.h"
#include "pipeline/base/error.h"
#include "pipeline/base/interrupt.h"
#include "pipeline/base/text.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

bool concerns_every_input(ErrorKind kind) {
  return kind == ErrorKind::kModel || kind == ErrorKind::kIo || kind == ErrorKind::kInterrupted;
}

// What came of an input.
struct Attempt {
  Input input;
  Delivery deliver = nullptr;
  std::optional<Error> error = std::nullopt;
  HeldLog::Lines log = {};
};

class InputLoop {
 public:
  InputLoop(const InputSource& inputs, const EachInput& how, const Observer& observer,
            const std::function<Delivery(const Input&)>& work,
            const std::function<void(const VideoError&)>& on_error)
      : inputs_(inputs), how_(how), observer_(observer), work_(work), on_error_(on_error) {}

  int run() {
    observer_.on_series(how_.what, inputs_.count);
    how_.at_once > 1 ? run_at_once() : run_in_turn();
    if (has_stopped_) report_untried();
    return failed_;
  }

 private:
  void run_in_turn() {
    while (const std::optional<Input> input = next()) {
      begin(*input);
      conclude(attempt(*input));
    }
  }

  void run_at_once() {
    namespace tbb = oneapi::tbb;
    using tbb::filter_mode;
    const auto take = [this](tbb::flow_control& flow) {
      std::optional<Input> input = next();
      if (!input) flow.stop();
      return input.value_or(Input());
    };
    const HeldLog held;
    const auto work = [&](const Input& input) {
      Attempt made;
      made.log = held.hold([&] { made = attempt(input); });
      return made;
    };
    const auto finish = [this](const Attempt& attempt) {
      if (has_stopped_) return untried_.push_back(attempt.input.id);
      begin(attempt.input);
      HeldLog::tell(attempt.log);
      conclude(attempt);
    };
    tbb::parallel_pipeline(
        static_cast<std::size_t>(how_.at_once),
        tbb::make_filter<void, Input>(filter_mode::serial_in_order, take) &
            tbb::make_filter<Input, Attempt>(filter_mode::parallel, work) &
            tbb::make_filter<Attempt, void>(filter_mode::serial_in_order, finish));
  }

  std::optional<Input> next() const {
    if (has_stopped_) return std::nullopt;
    std::optional<Input> input = inputs_.next();
    throw_if_interrupted();
    return input;
  }

  void begin(const Input& input) const {
    observer_.on_start(input.id);
    spdlog::info("{}", place_of(input));
  }

  Attempt attempt(const Input& input) const {
    for (;;) {
      try {
        return {.input = input, .deliver = work_(input)};
      } catch (...) {
        const Error error = current_error();
        if (error.kind() != ErrorKind::kRetry || !can_be_read_again(input)) {
          return {.input = input, .error = error};
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
      report(attempt.input, *error);
    }
    observer_.on_end();
  }

  void report(const Input& input, const Error& error) {
    const std::string stage = error.stage().empty() ? "input" : error.stage();
    spdlog::error("{}: {}: {}", place_of(input), stage, error.what());
    const VideoError failure = {input.id, stage, error.what()};
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
    while (!inputs_.waits) {
      const std::optional<Input> input = inputs_.next();
      if (!input) break;
      untried_.push_back(input->id);
    }
    if (untried_.empty()) return;
    spdlog::warn("not tried, since {} failed: {}", failed_id_, counted("inputs", untried_));
    for (const std::string& id : untried_) {
      on_error_({id, "not tried", "not tried, since " + failed_id_ + " failed before"});
    }
  }

  const InputSource& inputs_;
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
