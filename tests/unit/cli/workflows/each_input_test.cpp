#include "cli/workflows/each_input.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <optional>
#include <thread>

#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/devices/threads.h"
#include "pipeline/stages/disk_cache.h"
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
      EXPECT_EQ(told.errors[i].message,
                "not tried, since 1 failed before; leave out --fail-fast to try it");
    }
  }
}

TEST(ForEachInput, LeavesOutOfAMessageTheInputThatIsNamedBesideIt) {
  Strings messages;
  const std::function<Delivery(const Input&)> work = [](const Input& input) -> Delivery {
    const std::string place = input.id == "0" ? input.path.string() : "another.npy";
    throw Error(ErrorKind::kInput, place + ": broken: " + input.path.string());
  };
  const test::LogCapture log;
  for_each_input(source_of(inputs(2)), EachInput{}, {}, work,
                 [&](const VideoError& error) { messages.push_back(error.message); });
  EXPECT_EQ(messages, (Strings{"broken: 0.npy", "another.npy: broken: 1.npy"}));
  EXPECT_NE(log.lines().find("0.npy: input: broken: 0.npy\n"), std::string::npos) << log.lines();
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

// Goes through shared inputs as another process would, until that is waited for; each with its own
// cache of one folder.
class OtherProcess {
 public:
  OtherProcess(const std::filesystem::path& folder, int count, int at_once = 1)
      : cache_(folder), thread_([=, this] {
          const std::function<Delivery(const Input&)> work =
              [this](const Input& input) -> Delivery {
            return [this, id = input.id] {
              worked_on_.push_back(id);
              done_ = static_cast<int>(worked_on_.size());
              done_.notify_all();
            };
          };
          for_each_input(source_of(inputs(count)), {.at_once = at_once, .shared = &cache_}, {},
                         work);
        }) {}

  void wait_until_done(int count) {
    for (int seen = done_; seen < count; seen = done_) done_.wait(seen);
  }
  Strings all() {
    thread_.join();
    return worked_on_;
  }

 private:
  DiskCache cache_;
  Strings worked_on_;
  std::atomic<int> done_ = 0;
  std::thread thread_;
};

TEST(ForEachInput, PassesOverASharedInputThatAnotherWorksOnUntilTheEnd) {
  for (const int at_once : {1, 4}) {
    const TempDir dir;
    DiskCache cache(dir.path());
    std::optional<OtherProcess> other;
    Strings worked_on;
    const std::function<Delivery(const Input&)> work = [&](const Input& input) -> Delivery {
      if (input.id == "0") {
        other.emplace(dir.path(), 5, at_once);
        other->wait_until_done(4);
      }
      worked_on.push_back(input.id);
      return nullptr;
    };
    EXPECT_EQ(for_each_input(source_of(inputs(5)), {.shared = &cache}, {}, work), 0);
    EXPECT_EQ(other->all(), (Strings{"1", "2", "3", "4", "0"}));
    EXPECT_EQ(worked_on, (Strings{"0", "1", "2", "3", "4"}));
  }
}

TEST(ForEachInput, HoldsASharedInputUntilItIsDelivered) {
  for (const int at_once : {1, 4}) {
    const TempDir dir;
    DiskCache cache(dir.path());
    std::optional<OtherProcess> other;
    bool is_delivered = false;
    const std::function<Delivery(const Input&)> work = [&](const Input&) -> Delivery {
      return [&] {
        other.emplace(dir.path(), 2);
        other->wait_until_done(1);
        is_delivered = true;
      };
    };
    for_each_input(source_of(inputs(1)), {.at_once = at_once, .shared = &cache}, {}, work);
    EXPECT_TRUE(is_delivered);
    EXPECT_EQ(other->all(), (Strings{"1", "0"}));
  }
}

TEST(ForEachInput, TakesOverWhatAnotherProcessHoldsForTooLong) {
  const TempDir dir;
  DiskCache cache(dir.path()), others(dir.path());
  Told told;
  const std::function<Delivery(const Input&)> hold_the_first = [&](const Input& input) -> Delivery {
    const EachInput how = {.shared = &others, .patience = std::chrono::milliseconds(100)};
    if (input.id == "0") told = go_through(source_of(inputs(2)), how, {});
    return nullptr;
  };
  for_each_input(source_of(inputs(1)), {.shared = &cache}, {}, hold_the_first);
  EXPECT_EQ(told.delivered, (Strings{"1", "0"}));
}

TEST(ForEachInput, NamesSharedInputsThatWerePassedOverWhereFailFastStops) {
  const TempDir dir;
  DiskCache cache(dir.path()), others(dir.path());
  Told told;
  const std::function<Delivery(const Input&)> hold_the_first = [&](const Input& input) -> Delivery {
    if (input.id == "0") {
      told = go_through(source_of(inputs(4)), {.fail_fast = true, .shared = &others}, {"2"});
    }
    return nullptr;
  };
  for_each_input(source_of(inputs(1)), {.shared = &cache}, {}, hold_the_first);
  EXPECT_EQ(told.delivered, Strings{"1"});
  ASSERT_EQ(told.errors.size(), 3u);
  EXPECT_EQ(told.errors[0].id, "2");
  EXPECT_EQ(told.errors[1].id, "0");
  EXPECT_EQ(told.errors[2].id, "3");
  EXPECT_EQ(told.errors[2].stage, "not tried");
}

}  // namespace
}  // namespace co2net
