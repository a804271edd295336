#include "pipeline/base/shard.h"

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/environment.h"
#include "tests/unit/expect_error.h"

namespace co2net {
namespace {

TEST(Shard, GivesEveryIdToExactlyOneAndAboutAsManyToEach) {
  const std::uint64_t count = 7;
  std::vector<int> sizes(count);
  for (int i = 0; i < 7000; ++i) {
    int owners = 0;
    for (std::uint64_t index = 0; index < count; ++index) {
      if (!Shard{index, count}.has("video_" + std::to_string(i))) continue;
      ++owners;
      ++sizes[index];
    }
    EXPECT_EQ(owners, 1) << i;
  }
  for (const int size : sizes) EXPECT_NEAR(size, 1000, 150);
}

TEST(Shard, IsTheSameForEverAndEverywhere) {  // sha256("abc") starts with ba7816bf8f01cfea
  EXPECT_TRUE((Shard{0xba7816bf8f01cfea % 10, 10}).has("abc"));
  EXPECT_TRUE((Shard{0xba7816bf8f01cfea % 3, 3}).has("abc"));
  EXPECT_TRUE((Shard{0xe3b0c44298fc1c14 % 10, 10}).has(""));
}

using Variables = std::vector<std::pair<const char*, const char*>>;

// Nothing but the variables is set of those that tests or schedulers set, while it lives.
class Task {
 public:
  explicit Task(const Variables& variables) {
    for (const char* name :
         {"SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_MAX",
          "SLURM_ARRAY_TASK_STEP", "SLURM_ARRAY_TASK_COUNT", "PBS_ARRAY_INDEX", "PBS_ARRAYID",
          "LSB_JOBINDEX", "LSB_JOBINDEX_END", "LSB_JOBINDEX_STEP", "SGE_TASK_ID", "SGE_TASK_FIRST",
          "SGE_TASK_LAST", "SGE_TASK_STEPSIZE", "JOB_COMPLETION_INDEX"}) {
      set_.emplace_back(name, nullptr);
    }
    for (const auto& [name, value] : variables) set_.emplace_back(name, value);
  }
  ~Task() {
    while (!set_.empty()) set_.pop_back();
  }
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

 private:
  std::deque<test::Environment> set_;
};

std::string shard_in(const Variables& variables, const std::string& text) {
  const Task task(variables);
  return to_string(parse_shard(text));
}

void expect_refused(const Variables& variables, const std::string& text,
                    const std::vector<std::string>& words) {
  const Task task(variables);
  std::vector<std::string> all = words;
  all.emplace_back("--shard");
  test::expect_error(ErrorKind::kUsage, all, [&] { parse_shard(text); });
}

Variables slurm(const char* id, const char* first, const char* last, const char* step,
                const char* count) {
  return {{"SLURM_ARRAY_JOB_ID", "36"},    {"SLURM_ARRAY_TASK_ID", id},
          {"SLURM_ARRAY_TASK_MIN", first}, {"SLURM_ARRAY_TASK_MAX", last},
          {"SLURM_ARRAY_TASK_STEP", step}, {"SLURM_ARRAY_TASK_COUNT", count}};
}

Variables pbs_pro(const char* index) {
  return {{"PBS_ARRAY_ID", "1234[].server"}, {"PBS_ARRAY_INDEX", index}};
}

Variables torque(const char* id) { return {{"PBS_ARRAYID", id}}; }

Variables lsf(const char* index) {
  return {{"LSB_JOBINDEX", index}, {"LSB_JOBINDEX_END", "4"}, {"LSB_JOBINDEX_STEP", "1"}};
}

Variables grid_engine(const char* id, const char* first, const char* last, const char* step) {
  return {{"SGE_TASK_ID", id},
          {"SGE_TASK_FIRST", first},
          {"SGE_TASK_LAST", last},
          {"SGE_TASK_STEPSIZE", step}};
}

Variables kubernetes(const char* index) { return {{"JOB_COMPLETION_INDEX", index}}; }

TEST(ParseShard, ReadsIndexAndCount) { EXPECT_EQ(shard_in({}, "2/5"), "2/5"); }

TEST(ParseShard, RefusesWhatIsNoShard) {
  for (const char* text : {"5/5", "0/0"}) expect_refused({}, text, {"numbered 0 to n - 1"});
  expect_refused({}, "3/1000001", {"at most 1000000"});
  for (const char* text : {"a/5", "1/", "/5", "-1/5", "1/5x", "1 /5", "99999999999999999999/5"}) {
    expect_refused({}, text, {"not a whole number"});
  }
  expect_refused({}, "3", {"want i/n"});
  for (const char* text : {"env/", "env/x", "env/4@", "env/4@x", "env/@1", "env/4/2", "env/-4"}) {
    expect_refused(torque("0"), text, {"not a whole number"});
  }
  expect_refused(torque("0"), "environment", {"want i/n"});
}

TEST(ParseShard, TakesTheIndexFromEachSchedulerAndTheCountFromTheCommandLine) {
  EXPECT_EQ(shard_in(slurm("2", "0", "3", "1", "4"), "env/4"), "2/4");
  EXPECT_EQ(shard_in(slurm("4", "1", "4", "1", "4"), "env/4@1"), "3/4");
  EXPECT_EQ(shard_in(pbs_pro("2"), "env/4"), "2/4");
  EXPECT_EQ(shard_in(torque("2"), "env/4"), "2/4");
  EXPECT_EQ(shard_in(lsf("2"), "env/4@1"), "1/4");
  EXPECT_EQ(shard_in(grid_engine("2", "1", "4", "1"), "env/4@1"), "1/4");
  EXPECT_EQ(shard_in(kubernetes("2"), "env/4"), "2/4");
}

TEST(ParseShard, GivesATaskThatIsSubmittedAgainTheSameShare) {
  EXPECT_EQ(shard_in(slurm("2", "2", "2", "1", "1"), "env/4"), "2/4");
  EXPECT_EQ(shard_in(slurm("3", "1", "3", "1", "2"), "env/4"), "3/4");
  EXPECT_EQ(shard_in(grid_engine("3", "3", "3", "1"), "env/4@1"), "2/4");
}

TEST(ParseShard, RefusesAnIdThatIsNoneOfTheTasks) {
  expect_refused(slurm("4", "0", "7", "1", "8"), "env/4", {"SLURM_ARRAY_TASK_ID is 4", "env/N@"});
  expect_refused(slurm("0", "0", "3", "1", "4"), "env/4@1", {"SLURM_ARRAY_TASK_ID is 0"});
  expect_refused(kubernetes("0"), "env/0", {"JOB_COMPLETION_INDEX is 0"});
}

TEST(ParseShard, RefusesToCountFromZeroWhereASchedulerCountsFromOne) {
  expect_refused(lsf("2"), "env/4", {"LSF", "env/4@1"});
  expect_refused(grid_engine("2", "1", "4", "1"), "env/4", {"Grid Engine", "env/4@1"});
}

TEST(ParseShard, RefusesWhatIsNoTaskOfAnArray) {
  for (const char* text : {"env", "env/4"}) {
    expect_refused({}, text, {"SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX", "--shard i/n"});
    expect_refused({{"LSB_JOBINDEX", "0"}}, text, {"none of"});
    expect_refused(grid_engine("undefined", "undefined", "undefined", "undefined"), text,
                   {"none of"});
    expect_refused(torque(""), text, {text == std::string("env") ? "env/N" : "PBS_ARRAYID: ''"});
    expect_refused(slurm("", "0", "3", "1", "4"), text, {"SLURM_ARRAY_TASK_ID: ''"});
    expect_refused(slurm("x", "0", "3", "1", "4"), text, {"SLURM_ARRAY_TASK_ID: 'x'"});
  }
}

TEST(ParseShard, RefusesSeveralSchedulersAtOnce) {
  Variables both = slurm("2", "0", "3", "1", "4");
  both.emplace_back("JOB_COMPLETION_INDEX", "1");
  for (const char* text : {"env", "env/4"}) {
    expect_refused(both, text, {"SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX", "unset"});
  }
}

TEST(ParseShard, TakesTheCountFromArraysThatTellIt) {
  EXPECT_EQ(shard_in(slurm("2", "0", "3", "1", "4"), "env"), "2/4");
  EXPECT_EQ(shard_in(slurm("2", "1", "4", "1", "4"), "env"), "1/4");
  EXPECT_EQ(shard_in(slurm("4", "0", "6", "2", "4"), "env"), "2/4");
  EXPECT_EQ(shard_in(slurm("4", "0", "7", "2", "4"), "env"), "2/4");
  EXPECT_EQ(shard_in(grid_engine("5", "1", "7", "2"), "env"), "2/4");
}

TEST(ParseShard, RefusesToGuessTheCount) {
  expect_refused(slurm("2", "2", "2", "1", "1"), "env", {"submitted again", "env/N"});
  expect_refused(slurm("0", "0", "0", "1", "1"), "env", {"submitted again", "env/N"});
  expect_refused(slurm("5", "3", "9", "2", "4"), "env", {"from 3 to 9 in steps of 2", "env/N"});
  expect_refused(slurm("3", "1", "3", "1", "2"), "env", {"not evenly", "env/N"});
  expect_refused(slurm("7", "0", "3", "1", "4"), "env", {"without 7", "env/N"});
  expect_refused(slurm("0", "0", "3", "0", "4"), "env", {"steps of 0", "env/N"});
  expect_refused(slurm("0", "0", "", "1", "4"), "env", {"SLURM_ARRAY_TASK_MAX: ''"});
  expect_refused(pbs_pro("2"), "env", {"PBS Pro", "env/N"});
  expect_refused(torque("2"), "env", {"Torque", "env/N"});
  expect_refused(lsf("2"), "env", {"LSF", "env/N@1"});
  expect_refused(kubernetes("2"), "env", {"Kubernetes", "env/N"});
}

}  // namespace
}  // namespace co2net
