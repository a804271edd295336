#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <thread>

#include "cli/halves.h"
#include "cli/workflows/diagnosis.h"
#include "pipeline/devices/device.h"
#include "tests/e2e/program.h"
#include "tests/support.h"
#include "tests/unit/as_nobody.h"
#include "tests/unit/environment.h"

namespace co2net::test {
namespace {

// What another program prints, without the last line's end.
std::string said_by(const std::string& line) {
  std::string text = shell(line).out;
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

class DoctorTest : public testing::Test {
 protected:
  Json facts(const Strings& more = {}) const {
    const Outcome outcome =
        co2net(Strings{"doctor", "--json", "--cache", (dir_.path() / "cache").string()} + more);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome.json();
  }

  TempDir dir_;
};

TEST_F(DoctorTest, SaysOfTheMachineWhatOthersSay) {
  const Json said = facts();
  EXPECT_EQ(said.at("schema"), "co2net.doctor/1");
  const Json& cpu = said.at("cpu");
  EXPECT_EQ(cpu.at("cores"), std::thread::hardware_concurrency());
  const int cpus = std::stoi(said_by("env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc"));
  const Json limit = cpu.at("cgroup_limit");
  const int enough =
      limit.is_null() ? cpus : std::max(1, static_cast<int>(std::ceil(limit.get<double>())));
  EXPECT_EQ(cpu.at("threads_used"), std::min(cpus, enough));
  const std::string model = said_by("sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1");
  EXPECT_EQ(cpu.at("model"), model.empty() ? Json() : Json(model));
  const Json& system = said.at("system");
  EXPECT_EQ(system.at("kernel"), said_by("uname -sr"));
  EXPECT_EQ(system.at("machine"), said_by("uname -m"));
  EXPECT_EQ(system.at("distribution"), said_by(". /etc/os-release; echo \"$PRETTY_NAME\""));
  EXPECT_EQ(said.at("memory").at("bytes"),
            ::sysconf(_SC_PHYS_PAGES) * std::int64_t{::sysconf(_SC_PAGE_SIZE)});
  EXPECT_EQ(said.at("program").at("co2net"), build_name());
}

TEST_F(DoctorTest, NamesAnInstructionSetThatTheCpuHas) {
  const std::string flags = said_by("grep -m1 ^flags /proc/cpuinfo");
  if (flags.empty()) GTEST_SKIP() << "/proc/cpuinfo names no flags here";
  const Json cpu = facts().at("cpu");
  for (const char* which : {"flow_instruction_set", "i3d_instruction_set"}) {
    const bool has_avx512 = flags.find(" avx512bw") != std::string::npos;
    const bool has_avx2 = flags.find(" avx2") != std::string::npos;
    EXPECT_EQ(cpu.at(which), has_avx512 ? "AVX3" : has_avx2 ? "AVX2" : cpu.at(which)) << which;
  }
}

TEST_F(DoctorTest, ListsTheCodecsThatTheFfmpegProgramLists) {
  const Json ffmpeg = facts().at("ffmpeg");
  const auto is_listed = [](const std::string& kind, const std::string& name) {
    return shell("ffmpeg -hide_banner -" + kind + " | grep -Eq '^ [A-Z.]+ " + name + " '").code ==
           0;
  };
  for (const auto& [kind, present, missing] :
       {std::tuple("decoders", "decoders", "missing_decoders"),
        {"encoders", "encoders", "missing_encoders"}}) {
    EXPECT_FALSE(ffmpeg.at(present).empty());
    for (const std::string name : ffmpeg.at(present)) {
      EXPECT_TRUE(is_listed(kind, name == "av1" ? "(libdav1d|libaom-av1)" : name)) << name;
    }
    for (const std::string name : ffmpeg.at(missing)) {
      EXPECT_FALSE(is_listed(kind, name)) << name;
    }
  }
}

TEST_F(DoctorTest, SaysWhatKeepsNetworksAndFlowFromAGpuOrThatNothingDoes) {
  const Json gpu = facts().at("gpu");
  const Outcome run = co2net(
      {"run", "absent.mp4", "--model", CO2NET_TEST_BUNDLE, "--no-cache", "--device", "cuda"});
  const Json& missing = gpu.at("missing_for_networks");
  EXPECT_EQ(missing.is_null(), best_device().is_gpu());
  EXPECT_EQ(missing.is_null(), !gpu.at("cuda_devices").empty());
  if (!missing.is_null()) {
    EXPECT_EQ(run.code, 2);
    EXPECT_TRUE(run.says("--device: " + missing.get<std::string>())) << run.err;
    EXPECT_TRUE(run.says("samples/cuda.sh") || run.says("driver")) << run.err;
  }
  const bool has_driver = shell("ldconfig -p | grep -q libcuda.so.1").code == 0;
  const std::string flow = gpu.at("missing_for_cuda_flow").dump();
  EXPECT_EQ(flow.find("libcuda.so.1, which is not here") == std::string::npos, has_driver) << flow;
}

TEST_F(DoctorTest, NamesTheDevicesThatFlowTakesByOpenCl) {
  const Json gpu = facts().at("gpu");
  const Json& devices = gpu.at("opencl_devices");
  EXPECT_EQ(gpu.at("missing_for_opencl").is_null(), !devices.empty());
  if (devices.empty()) GTEST_SKIP() << kNoOpenCl;
  const std::string clip = dir_.path() / "clip.mkv";
  draw_clip(clip, 2);
  for (std::size_t i = 0; i < devices.size(); ++i) {
    const std::string name = "opencl:" + std::to_string(i);
    const auto text = devices[i].get<std::string>();
    EXPECT_TRUE(text.starts_with(name + " (")) << text;
    const bool is_for_flow = text.ends_with(", a GPU") || text.ends_with(": only if it is named");
    const Outcome flow = co2net({"flow", clip, "-o", dir_.path() / name, "--backend", name});
    EXPECT_EQ(flow.code == 0, is_for_flow) << text << flow.err;
  }
}

TEST_F(DoctorTest, LooksAtTheCacheWithoutMakingOne) {
  const Json cache = facts().at("cache");
  EXPECT_EQ(cache.at("bytes"), 0);
  EXPECT_EQ(cache.at("can_be_written"), true);
  EXPECT_EQ(cache.at("has_locks"), true);
  const auto free_kb =
      std::stoll(said_by("df --output=avail -k " + dir_.path().string() + " | tail -1"));
  EXPECT_NEAR(cache.at("free_bytes").get<double>() / 1024, static_cast<double>(free_kb), 1e6);
  EXPECT_TRUE(files_below(dir_.path()).empty());
}

TEST_F(DoctorTest, CountsWhatTheCacheHolds) {
  const Workplace here;
  EXPECT_EQ(here.call("run", {here.clip("clip.mkv", 16)}).code, 0);
  const Json said = co2net({"doctor", "--json", "--cache", here.cache()}).json();
  EXPECT_EQ(said.at("cache").at("bytes"), here.cache_call({"stat"}).json().at("bytes"));
}

TEST_F(DoctorTest, TellsAFolderThatCannotBeWrittenWithTheRemedy) {
  const fs::path open = dir_.path() / "open", locked = open / "v1";  // as of another user's cache
  fs::create_directories(locked);
  fs::permissions(open, fs::perms::all);
  fs::permissions(dir_.path(), fs::perms::owner_all | fs::perms::group_all | fs::perms::others_all);
  fs::permissions(locked, fs::perms::owner_read | fs::perms::owner_exec | fs::perms::others_read |
                              fs::perms::others_exec);
  const auto is_told_of = [](const fs::path& cache) {
    const Diagnosis diagnosis = diagnose(cache, 1);
    return std::ranges::any_of(diagnosis.problems, [](const Problem& problem) {
      return problem.what.find("cannot be written") != std::string::npos &&
             problem.remedy.find("--cache") != std::string::npos && !problem.is_fatal;
    });
  };
  const auto is_told = [&] { return is_told_of(locked / "cache") && is_told_of(open); };
  if (::geteuid() == 0) {
    expect_as_nobody(is_told);
  } else {
    EXPECT_TRUE(is_told());
  }
}

// What is said of a cache there, which is no fit place for one.
void expect_no_place(const fs::path& cache, const std::string& why) {
  const Diagnosis diagnosis = diagnose(cache, 1);
  const auto is_told = [&](const Problem& problem) {
    return problem.what == "cache: " + why && problem.remedy.find("--cache") != std::string::npos;
  };
  EXPECT_TRUE(std::ranges::any_of(diagnosis.problems, is_told)) << why;
  const auto cache_facts = std::ranges::find(diagnosis.groups, "cache", &FactGroup::name)->facts;
  EXPECT_EQ(std::ranges::find(cache_facts, "can_be_written", &Fact::name)->value, false) << why;
}

TEST_F(DoctorTest, TellsACacheThatIsOrLiesBelowNoFolder) {
  const fs::path file = dir_.path() / "results.json", link = dir_.path() / "link";
  write_file(file, "{}");
  fs::create_symlink(dir_.path() / "nowhere", link);
  expect_no_place(file, file.string() + " is no folder");
  expect_no_place(file / "cache", file.string() + " is no folder");
  expect_no_place("/dev/null/x/y", "/dev/null is no folder");
  expect_no_place(link, link.string() + " is no folder");
  EXPECT_EQ(read_file(file), "{}");
}

TEST_F(DoctorTest, TriesWhetherAFolderCanBeWritten) {
  expect_no_place("/proc/x", "/proc cannot be written");
  const std::string cache = (dir_.path() / "cache").string();
  fs::create_directory(cache);
  EXPECT_EQ(co2net({"doctor", "--json", "--cache", cache}).json().at("cache").at("has_locks"),
            true);
  EXPECT_TRUE(fs::is_empty(cache)) << "what was tried is removed";
}

TEST_F(DoctorTest, ShowsTheHomeFolderAsATilde) {
  const Environment home("HOME", dir_.path().c_str());
  const Outcome outcome = co2net({"doctor", "--cache", (dir_.path() / "cache").string()});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find(" ~/cache\n"), std::string::npos) << outcome.out;
  EXPECT_EQ(outcome.out.find(dir_.path().string()), std::string::npos) << outcome.out;
  EXPECT_EQ(without_home(dir_.path()), "~");
  EXPECT_EQ(without_home(dir_.path().string() + "x"), dir_.path().string() + "x");
}

TEST_F(DoctorTest, TextAndJsonTellTheSame) {
  const Json said = facts();
  const std::string text = co2net({"doctor", "--cache", (dir_.path() / "cache").string()}).out;
  for (const auto& [group, values] : said.items()) {
    if (group == "schema") continue;
    EXPECT_NE(("\n" + text).find("\n" + group + "\n"), std::string::npos) << group << text;
  }
  EXPECT_NE(text.find("libtorch "), std::string::npos);
  EXPECT_EQ(text.find('\x1b'), std::string::npos) << "no colour where it is piped";
}

TEST_F(DoctorTest, IsOfTheFullHalfAndTheLightOneSaysSo) {
  const std::string light = dir_.path() / "bin/co2net";
  fs::create_directory(dir_.path() / "bin");
  fs::copy(CO2NET_PROGRAM, light);
  const Outcome outcome = shell(light + " doctor");
  EXPECT_EQ(outcome.code, 3);
  EXPECT_NE(outcome.out.find("install co2net completely"), std::string::npos) << outcome.out;
  EXPECT_EQ(co2net({"doctor", "everything"}).code, 2);
}

}  // namespace
}  // namespace co2net::test
