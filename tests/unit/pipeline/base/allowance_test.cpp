#include "pipeline/base/allowance.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "pipeline/base/files.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

// A machine as a process sees it.
class AllowanceTest : public testing::Test {
 protected:
  void put(const std::string& path, const std::string& text) const {
    write_file(dir_.path() / path, text + "\n");
  }
  // Of version 2, at the usual place; the process is in `group`.
  void mount_version_2(const std::string& group) const {
    put("proc/self/mountinfo",
        "22 28 0:21 / /proc rw,nosuid - proc proc rw\n"
        "35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate");
    put("proc/self/cgroup", "0::" + group);
  }
  Allowance found() const { return allowance(dir_.path()); }

 private:
  TempDir dir_;
};

TEST_F(AllowanceTest, IsTheLeastOfAllGroupsThatAProcessIsIn) {
  mount_version_2("/user.slice/job");
  const std::string slice = "sys/fs/cgroup/user.slice/";
  put(slice + "job/cpu.max", "400000 100000");
  put(slice + "job/memory.max", "max");
  put(slice + "cpu.max", "150000 100000");
  put(slice + "memory.max", "1073741824");
  put("sys/fs/cgroup/user.slice/other/cpu.max", "1000 100000");
  EXPECT_EQ(found().cpu_time, 1.5);
  EXPECT_EQ(found().memory_bytes, 1073741824);
}

TEST_F(AllowanceTest, HasNoLimitWhereNoneIsSet) {
  mount_version_2("/job");
  put("sys/fs/cgroup/job/cpu.max", "max 100000");
  put("sys/fs/cgroup/job/memory.max", "max");
  EXPECT_EQ(found().cpu_time, std::nullopt);
  EXPECT_EQ(found().memory_bytes, std::nullopt);
  EXPECT_EQ(threads_in(found()), found().cpus);
}

TEST_F(AllowanceTest, ReadsVersion1ByItsControllers) {
  put("proc/self/mountinfo",
      "31 24 0:26 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
      "32 24 0:27 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
      "33 24 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory");
  put("proc/self/cgroup", "5:memory:/slurm/job\n4:cpu,cpuacct:/slurm/job\n3:cpuset:/");
  const std::string cpu = "sys/fs/cgroup/cpu,cpuacct/slurm/",
                    memory = "sys/fs/cgroup/memory/slurm/";
  put(cpu + "job/cpu.cfs_quota_us", "-1");
  put(cpu + "job/cpu.cfs_period_us", "100000");
  put(cpu + "cpu.cfs_quota_us", "25000");
  put(cpu + "cpu.cfs_period_us", "50000");
  put(memory + "job/memory.limit_in_bytes", "536870912");
  put(memory + "memory.limit_in_bytes", "9223372036854771712");
  EXPECT_EQ(found().cpu_time, 0.5);
  EXPECT_EQ(found().memory_bytes, 536870912);
  put(memory + "job/memory.limit_in_bytes", "9223372036854771712");
  EXPECT_EQ(found().memory_bytes, std::nullopt) << "which says that there is none";
}

TEST_F(AllowanceTest, ReadsBothVersionsWhereBothAreMounted) {
  put("proc/self/mountinfo",
      "32 24 0:27 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
      "34 24 0:29 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw");
  put("proc/self/cgroup", "4:cpu:/job\n0::/job");
  put("sys/fs/cgroup/cpu/job/cpu.cfs_quota_us", "300000");
  put("sys/fs/cgroup/cpu/job/cpu.cfs_period_us", "100000");
  put("sys/fs/cgroup/unified/job/memory.max", "4096");
  EXPECT_EQ(found().cpu_time, 3);
  EXPECT_EQ(found().memory_bytes, 4096);
}

TEST_F(AllowanceTest, ReadsAContainersGroupWhereThatIsMountedAlone) {
  put("proc/self/mountinfo",
      R"(32 24 0:27 /docker/1f /mnt/c\040groups/cpu ro - cgroup cgroup rw,cpu)");
  put("proc/self/cgroup", "4:cpu:/docker/1f/step");
  put("mnt/c groups/cpu/cpu.cfs_quota_us", "200000");
  put("mnt/c groups/cpu/cpu.cfs_period_us", "100000");
  EXPECT_EQ(found().cpu_time, 2);
  put("mnt/c groups/cpu/step/cpu.cfs_quota_us", "100000");
  put("mnt/c groups/cpu/step/cpu.cfs_period_us", "100000");
  EXPECT_EQ(found().cpu_time, 1);
}

TEST_F(AllowanceTest, TakesWhatIsMountedForAGroupThatIsNotBelowIt) {
  for (const char* group : {"/", "/../elsewhere"}) {
    mount_version_2(group);
    put("sys/fs/cgroup/cpu.max", "200000 100000");
    put("sys/fs/elsewhere/cpu.max", "100000 100000");
    EXPECT_EQ(found().cpu_time, 2) << group;
  }
}

TEST_F(AllowanceTest, KnowsTheAffinityMask) {
  const pid_t child = ::fork();
  if (child == 0) {
    cpu_set_t mask;
    CPU_ZERO(&mask);
    CPU_SET(::sched_getcpu(), &mask);
    if (::sched_setaffinity(0, sizeof mask, &mask) != 0) ::_exit(2);
    ::_exit(found().cpus == 1 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  cpu_set_t mask;
  ASSERT_EQ(::sched_getaffinity(0, sizeof mask, &mask), 0);
  EXPECT_EQ(found().cpus, CPU_COUNT(&mask));
}

TEST(ThreadsIn, AreOfTheCpusAndOfTheirTime) {
  EXPECT_EQ(threads_in({.cpus = 4}), 4);
  EXPECT_EQ(threads_in({.cpus = 64, .cpu_time = 2}), 2);
  EXPECT_EQ(threads_in({.cpus = 2, .cpu_time = 8}), 2);
  EXPECT_EQ(threads_in({.cpus = 64, .cpu_time = 1.5}), 2);
  EXPECT_EQ(threads_in({.cpus = 64, .cpu_time = 0.1}), 1);
}

}  // namespace
}  // namespace co2net
