#include "cli/workflows/each_input.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/devices/threads.h"
#include "tests/unit/expect_error.h"
#include "tests/unit/log_capture.h"

namespace co2net {
namespace {

using Strings = std::vector<std::string>;

std::vector<Input> inputs(int count) {
  std::vector<Input> inputs;
  for (int i = 0; i < count; ++i) inputs.push_back({std::to_string(i) + ".npy", std::to_string(i)});
  return inputs;
}

// What was started, delivered and failed.
struct Told {
  Strings started, delivered;
  std::vector<VideoError> errors;
  int failed = 0;
};

Told go_through(const InputSource& source, const EachInput& how, const Strings& broken) {
  Told told;
  Observer observer;
  observer.on_start = [&](const std::string& id) { told.started.push_back(id); };
  const auto work = [&](const Input& input) -> Delivery {
    if (std::ranges::count(broken, input.id) > 0) {
      throw Error(ErrorKind::kInput, "broken").in_stage("decode");
    }
    return [&told, id = input.id] { told.delivered.push_back(id); };
  };
  told.failed = for_each_input(source, how, observer, work,
                               [&](const VideoError& error) { told.errors.push_back(error); });
  return told;
}

TEST(ForEachInput, TriesAgainWhatAsksForItUnlessThereIsNothingToReadAgain) {
  const TempDir dir;
  const std::string file = dir.path() / "a.npy";
  write_file(file, "a");
  const auto attempts_at = [](const std::string& path) {
    int attempts = 0;
    std::vector<VideoError> errors;
    for_each_input(
        source_of({{path, "a"}}), {}, {},
        [&](const Input&) -> Delivery {
          if (++attempts < 3) throw Error(ErrorKind::kRetry, "less of it").in_stage("features");
          return nullptr;
        },
        [&](const VideoError& error) { errors.push_back(error); });
    return std::pair(attempts, errors.size());
  };
  EXPECT_EQ(attempts_at(file), std::pair(3, std::size_t{0}));
  EXPECT_EQ(attempts_at("/dev/null"), std::pair(1, std::size_t{1})) << "not a regular file";
}

TEST(ForEachInput, DeliversInOrderHoweverManyAreWorkedOnAtOnce) {
  for (const int at_once : {1, 4}) {
    const Told told = go_through(source_of(inputs(40)), {.at_once = at_once}, {"3", "30"});
    EXPECT_EQ(told.failed, 2);
    EXPECT_EQ(told.started.size(), 40u);
    EXPECT_EQ(told.delivered.size(), 38u);
    EXPECT_TRUE(std::ranges::is_sorted(told.delivered, {},
                                       [](const std::string& id) { return std::stoi(id); }));
    ASSERT_EQ(told.errors.size(), 2u);
    EXPECT_EQ(told.errors[0].id, "3");
    EXPECT_EQ(told.errors[0].stage, "decode");
  }
}

TEST(ForEachInput, WorksOnSeveralAtOnce) {
  use_threads(2);  // also where there is one core
  std::atomic<int> waiting = 0;
  const std::function<Delivery(const Input&)> meet = [&](const Input&) -> Delivery {
    ++waiting;
    waiting.notify_all();
    for (int seen = waiting; seen < 2; seen = waiting) waiting.wait(seen);
    return nullptr;
  };
  EXPECT_EQ(
      for_each_input(source_of(inputs(2)), {.at_once = 2}, {}, meet, [](const VideoError&) {}), 0);
}

TEST(ForEachInput, LogsWhatIsSaidOfEachInputInOrderHoweverManyAreWorkedOnAtOnce) {
  use_threads(4);
  const auto log_of = [](int at_once) {
    const test::LogCapture log;
    const std::function<Delivery(const Input&)> work = [](const Input& input) -> Delivery {
      std::this_thread::sleep_for(std::chrono::milliseconds(input.id == "0" ? 50 : 1));
      spdlog::warn("{} is short", input.id);
      if (input.id == "5") throw Error(ErrorKind::kInput, "broken");
      return [id = input.id] { spdlog::info("{} is delivered", id); };
    };
    for_each_input(source_of(inputs(8)), {.at_once = at_once}, {}, work, [](const VideoError&) {});
    return log.lines();
  };
  const std::string in_turn = log_of(1);
  EXPECT_EQ(log_of(4), in_turn);
  EXPECT_LT(in_turn.find("0 is short"), in_turn.find("0 is delivered")) << in_turn;
}

TEST(ForEachInput, NamesTheInputsThatFailFastLeavesUntried) {
  for (const int at_once : {1, 4}) {
    const Told told =
        go_through(source_of(inputs(20)), {.fail_fast = true, .at_once = at_once}, {"1"});
    EXPECT_EQ(told.failed, 1);
    EXPECT_EQ(told.delivered, Strings{"0"});
    ASSERT_EQ(told.errors.size(), 19u);
    EXPECT_EQ(told.errors[0].stage, "decode");
    for (std::size_t i = 1; i < told.errors.size(); ++i) {
      EXPECT_EQ(told.errors[i].id, std::to_string(i + 1));
      EXPECT_EQ(told.errors[i].stage, "not tried");
      EXPECT_EQ(told.errors[i].message, "not tried, since 1 failed before");
    }
  }
}

TEST(ForEachInput, AsksASourceThatWaitsForNothingAfterItStopped) {
  InputSource source = source_of(inputs(3));
  source.waits = true;
  const Told told = go_through(source, {.fail_fast = true}, {"0"});
  EXPECT_EQ(told.errors.size(), 1u);
  EXPECT_TRUE(source.next().has_value());
}

TEST(ForEachInput, HandsOnWhatMeetsEveryInput) {
  for (const int at_once : {1, 4}) {
    const std::function<Delivery(const Input&)> full = [](const Input&) -> Delivery {
      throw Error(ErrorKind::kIo, "disk full");
    };
    test::expect_error(ErrorKind::kIo, {"disk full"}, [&] {
      for_each_input(source_of(inputs(3)), {.at_once = at_once}, {}, full,
                     [](const VideoError&) {});
    });
  }
}

}  // namespace
}  // namespace co2net
