#include "pipeline/stages/stage.h"

#include <gtest/gtest.h>

#include "pipeline/base/files.h"
#include "tests/unit/expect_error.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

using Names = std::vector<std::string>;

// A chain a -> b -> c in which each stage appends its letter to its input's bytes.
class ChainTest : public testing::Test {
 protected:
  Chain chain() {
    Chain stages;
    for (const std::string name : {"a", "b", "c"}) {
      Stage stage;
      stage.name = name;
      KeyBuilder key(name, 1);
      key.add("option", options_[name]);
      if (!stages.empty()) {
        key.add("input", stages.back().key);
        stage.inputs = {stages.size() - 1};
      }
      stage.key = key.build();
      stage.compute = [this, name](const std::vector<Entry>& inputs, const fs::path&) {
        ran_.push_back(name);
        return Entry{{{"made_by", name}}, (inputs.empty() ? "" : inputs[0].bytes) + name, {}};
      };
      stages.push_back(std::move(stage));
    }
    return stages;
  }

  // The stages that running the chain ran.
  Names run(const Chain& stages) {
    ran_.clear();
    EXPECT_EQ(run_chain(stages, &cache_, "a.mp4").entry.bytes, "abc");
    return ran_;
  }

  std::map<std::string, StageForecast> forecasts(const Chain& stages) {
    std::map<std::string, StageForecast> by_stage;
    for (const StageForecast& forecast : explain_chain(stages, cache_, "a.mp4")) {
      by_stage[forecast.stage] = forecast;
    }
    return by_stage;
  }

  TempDir dir_;
  DiskCache cache_{dir_.path()};
  std::map<std::string, int> options_;
  Names ran_;
};

TEST_F(ChainTest, RunsEveryStageOnceAndThenNone) {
  EXPECT_EQ(run(chain()), (Names{"a", "b", "c"}));
  EXPECT_EQ(run(chain()), Names());
}

TEST_F(ChainTest, RunsNothingUpstreamOfACachedGoal) {
  run(chain());
  cache_.remove(chain()[0].key);
  cache_.remove(chain()[1].key);
  EXPECT_EQ(run(chain()), Names());
}

TEST_F(ChainTest, RunsOnlyTheMissingMiddleThatTheGoalNeeds) {
  run(chain());
  cache_.remove(chain()[1].key);
  EXPECT_EQ(run(chain()), Names()) << "the goal is there";
  cache_.remove(chain()[2].key);
  EXPECT_EQ(run(chain()), (Names{"b", "c"}));
}

TEST_F(ChainTest, RunsWhatDependsOnAChangedOption) {
  run(chain());
  options_["b"] = 1;
  EXPECT_EQ(run(chain()), (Names{"b", "c"}));
  options_["b"] = 0;
  EXPECT_EQ(run(chain()), Names()) << "the earlier results are kept";
}

TEST_F(ChainTest, MakesARequiredStageEvenIfTheGoalIsCached) {
  run(chain());
  Chain stages = chain();
  stages[1].required = true;
  EXPECT_EQ(run(stages), Names());
  cache_.remove(stages[1].key);
  EXPECT_EQ(run(stages), Names{"b"});
}

TEST_F(ChainTest, NeverKeepsAStageThatReadsItsOwnFile) {
  Chain stages = chain();
  stages[0].cached = false;
  EXPECT_EQ(run(stages), (Names{"a", "b", "c"}));
  EXPECT_FALSE(cache_.contains(stages[0].key));
  EXPECT_EQ(run(stages), Names());
  cache_.remove(stages[1].key);
  cache_.remove(stages[2].key);
  EXPECT_EQ(forecasts(stages)["a"].reason, "it reads its own file");
  EXPECT_EQ(run(stages), (Names{"a", "b", "c"}));
}

TEST_F(ChainTest, RunsEverythingWithoutACache) {
  for (int time = 0; time < 2; ++time) {
    ran_.clear();
    EXPECT_EQ(run_chain(chain(), nullptr, "a.mp4").entry.bytes, "abc");
    EXPECT_EQ(ran_, (Names{"a", "b", "c"}));
  }
}

TEST_F(ChainTest, GivesAStageThatMakesAFileAPathInTheCache) {
  Chain stages = chain();
  stages[1].file_suffix = ".mkv";
  stages[1].compute = [](const std::vector<Entry>&, const fs::path& path) {
    write_file(path, "ab");
    return Entry{{{"frames", 2}}, {}, {}};
  };
  stages[2].compute = [](const std::vector<Entry>& inputs, const fs::path&) {
    EXPECT_EQ(inputs[0].info.at("frames"), 2);
    return Entry{Json::object(), read_file(inputs[0].file) + "c", {}};
  };
  EXPECT_EQ(run_chain(stages, &cache_, "a.mp4").entry.bytes, "abc");
  test::expect_error(ErrorKind::kUsage, {"--keep"}, [&] { run_chain(stages, nullptr, "a.mp4"); });
}

TEST_F(ChainTest, ReportsWhatWasFoundAndWhatRan) {
  run(chain());
  cache_.remove(chain()[2].key);
  const auto timings = run_chain(chain(), &cache_, "a.mp4").timings;
  EXPECT_EQ(timings.size(), 2u);
  EXPECT_TRUE(timings.at("b").hit);
  EXPECT_FALSE(timings.at("c").hit);
}

TEST_F(ChainTest, NamesTheStageThatFailsAndKeepsWhatWasDone) {
  Chain stages = chain();
  const auto compute = stages[1].compute;
  stages[1].compute = [](const std::vector<Entry>&, const fs::path&) -> Entry {
    throw Error(ErrorKind::kInput, "broken");
  };
  EXPECT_EQ(test::failed_stage([&] { run_chain(stages, &cache_, "a.mp4"); }), "b");
  stages[1].compute = compute;
  EXPECT_EQ(run(stages), (Names{"b", "c"}));
}

TEST_F(ChainTest, KeepsTheInnerStageThatAFailureNames) {
  Chain stages = chain();
  stages[0].compute = [](const std::vector<Entry>&, const fs::path&) -> Entry {
    throw Error(ErrorKind::kInput, "broken").in_stage("decode");
  };
  EXPECT_EQ(test::failed_stage([&] { run_chain(stages, &cache_, "a.mp4"); }), "decode");
}

TEST_F(ChainTest, CleansUpOnceAResultIsKeptAndWhenItIsFound) {
  Chain stages = chain();
  int cleaned = 0;
  stages[1].clean_up = [&] {
    EXPECT_TRUE(cache_.contains(stages[1].key));
    ++cleaned;
  };
  run(stages);
  EXPECT_EQ(cleaned, 1);
  cache_.remove(stages[2].key);
  run(stages);
  EXPECT_EQ(cleaned, 2) << "a process may have been killed before it did";
}

TEST_F(ChainTest, CleansNothingUpWhereTheResultCannotBeKept) {
  write_file(dir_.path() / "file", "x");
  DiskCache unwritable(dir_.path() / "file" / "cache");
  Chain stages = chain();
  stages[1].clean_up = [] { FAIL(); };
  EXPECT_EQ(run_chain(stages, &unwritable, "a.mp4").entry.bytes, "abc");
}

TEST_F(ChainTest, WaitsForAnotherProcessNoLongerThanTheDeadline) {
  Chain stages = chain();
  limit_waits(stages, Deadline(std::chrono::milliseconds(1)));
  const auto held = cache_.lock(stages[1].key);
  EXPECT_EQ(test::failed_stage([&] { run_chain(stages, &cache_, "a.mp4"); }), "b");
}

TEST_F(ChainTest, ComputesAnewWhatIsDamaged) {
  run(chain());
  fs::resize_file(cache_.path_of(chain()[2].key), 5);
  EXPECT_EQ(run(chain()), Names{"c"});
}

TEST_F(ChainTest, ExplainsWhatRunsAndWhy) {
  EXPECT_EQ(forecasts(chain())["a"].reason, "never computed");
  EXPECT_TRUE(forecasts(chain())["a"].runs);
  run(chain());
  EXPECT_EQ(forecasts(chain())["c"].reason, "its result is in the cache");
  EXPECT_FALSE(forecasts(chain())["c"].runs);

  options_["b"] = 1;
  auto changed = forecasts(chain());
  EXPECT_FALSE(changed["a"].runs);
  EXPECT_TRUE(changed["b"].runs);
  EXPECT_EQ(changed["b"].reason, "option 0 -> 1");
  EXPECT_EQ(changed["c"].reason, "input changed");
  options_["b"] = 0;

  cache_.remove(chain()[1].key);
  EXPECT_EQ(forecasts(chain())["b"].reason, "no later stage needs it");
  EXPECT_FALSE(forecasts(chain())["b"].runs);
  cache_.remove(chain()[2].key);
  EXPECT_EQ(forecasts(chain())["b"].reason, "its result is no longer in the cache");
  EXPECT_TRUE(forecasts(chain())["b"].runs);
}

TEST_F(ChainTest, ExplainsExactlyWhatRunDoes) {
  for (int missing = 0; missing < 8; ++missing) {
    for (int required = 0; required < 8; ++required) {
      Chain stages = chain();
      run(stages);
      for (std::size_t i = 0; i < 3; ++i) {
        if ((missing >> i & 1) != 0) cache_.remove(stages[i].key);
        stages[i].required = (required >> i & 1) != 0;
      }
      Names expected;
      for (const StageForecast& forecast : explain_chain(stages, cache_, "a.mp4")) {
        if (forecast.runs) expected.push_back(forecast.stage);
      }
      EXPECT_EQ(run(stages), expected) << missing << ", " << required;
      run(chain());
    }
  }
}

}  // namespace
}  // namespace co2net
