#include "cli/workflows/diagnosis.h"

#include <sys/utsname.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <functional>
#include <optional>
#include <thread>

#include "extractors/flow/cuda.h"
#include "extractors/flow/flow_backend.h"
#include "extractors/flow/opencl.h"
#include "extractors/flow/tvl1_kernels.h"
#include "extractors/i3d/conv_kernels.h"
#include "pipeline/base/allowance.h"
#include "pipeline/base/error.h"
#include "pipeline/base/file_lock.h"
#include "pipeline/base/files.h"
#include "pipeline/base/temporary.h"
#include "pipeline/base/text.h"
#include "pipeline/devices/device.h"
#include "pipeline/stages/disk_cache.h"
#include "pipeline/stages/recipe.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

constexpr std::int64_t kGiB = std::int64_t{1} << 30;

// Empty where there is no such file, or it cannot be read.
std::string text_of(const fs::path& path) {
  try {
    return read_file(path);
  } catch (const Error&) {
    return "";
  }
}

// What follows "key" and the separator in a line of a file; null where none has it.
Json value_in(const fs::path& file, std::string_view key, char separator) {
  for (const std::string& line : lines_of(text_of(file))) {
    const std::size_t at = line.find(separator);
    if (at == std::string::npos || trimmed(std::string_view(line).substr(0, at)) != key) continue;
    std::string_view value = trimmed(std::string_view(line).substr(at + 1));
    if (value.size() > 1 && value.front() == '"' && value.back() == '"') {
      value = value.substr(1, value.size() - 2);
    }
    return std::string(value);
  }
  return nullptr;
}

// The number that a text begins with, times `unit`; null for none.
Json number_in(std::string_view text, std::int64_t unit) {
  std::int64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  return parsed.ec == std::errc() ? Json(number * unit) : Json();
}

FactGroup system_facts() {
  struct utsname name {};
  ::uname(&name);
  return {"system",
          {{"distribution", value_in("/etc/os-release", "PRETTY_NAME", '=')},
           {"kernel", std::string(name.sysname) + " " + name.release},
           {"machine", name.machine}}};
}

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

FactGroup cpu_facts(int threads) {
  return {"cpu",
          {{"model", value_in("/proc/cpuinfo", "model name", ':')},
           {"cores", std::thread::hardware_concurrency()},
           {"cgroup_limit", or_null(allowance().cpu_time)},
           {"threads_used", threads},
           {"flow_instruction_set", tvl1_kernels().front().name},
           {"i3d_instruction_set", conv_kernels().front().name}}};
}

Json kilobytes(std::string_view key) {
  const Json text = value_in("/proc/meminfo", key, ':');
  return text.is_null() ? Json() : number_in(text.get<std::string>(), 1024);
}

FactGroup memory_facts() {
  return {"memory",
          {{"bytes", kilobytes("MemTotal")},
           {"available_bytes", kilobytes("MemAvailable")},
           {"cgroup_limit_bytes", or_null(allowance().memory_bytes)}}};
}

// Why `use` fails, whatever it is for; null where it does not.
Json why_not(const std::function<void()>& use) {
  try {
    use();
    return nullptr;
  } catch (const Error& e) {
    return e.what();
  }
}

std::vector<std::string> gpus() {
  std::vector<std::string> found;
  for (Device device{DeviceKind::kCuda};; ++device.index) {
    std::string description = device_description(device);
    if (description == to_string(device)) return found;
    found.push_back(std::move(description));
  }
}

Json nvidia_driver() {
  const std::vector<std::string> lines = lines_of(text_of("/proc/driver/nvidia/version"));
  return lines.empty() ? Json() : Json(lines.front());
}

// All that flow by CUDA lacks here: a driver or a GPU, a compiler of kernels.
Json missing_for_cuda_flow() {
  Json missing = Json::array();
  for (const Json& reason : {why_not([] { cuda_api(); }), why_not([] { nvrtc_api(); })}) {
    if (!reason.is_null()) missing.push_back(reason);
  }
  return missing;
}

// Those that flow can run on, and what keeps it from the others.
Json opencl_facts() {
  Json devices = Json::array();
  for (const OpenClDevice& device : opencl_devices(opencl_api())) {
    devices.push_back(device.name + (!device.fault.empty() ? " " + device.fault
                                     : device.is_gpu       ? ", a GPU"
                                                           : ", no GPU: only if it is named"));
  }
  return devices;
}

FactGroup device_facts() {
  Json opencl = Json::array();
  const Json missing_opencl = why_not([&] { opencl = opencl_facts(); });
  return {"gpu",
          {{"cuda_devices", gpus()},
           {"nvidia_driver", nvidia_driver()},
           {"missing_for_networks", why_not([] { use_device({DeviceKind::kCuda}); })},
           {"missing_for_cuda_flow", missing_for_cuda_flow()},
           {"opencl_devices", opencl},
           {"missing_for_opencl", missing_opencl}}};
}

// What `auto` chooses for the default recipe.
FactGroup chosen(std::vector<Problem>& problems) {
  const Recipe recipe;
  const Device device = best_device();
  FactGroup group{"used", {{"recipe", recipe.name}, {"networks_on", device_description(device)}}};
  try {
    const auto gpu = device.is_gpu() ? std::optional(device.index) : std::nullopt;
    const FlowBackend backend = choose_flow_backend("auto", recipe.flow, gpu);
    group.facts.push_back({"flow_variant", name_of(recipe.flow.variant)});
    group.facts.push_back({"flow_backend", std::string(backend.name)});
  } catch (const Error& e) {
    group.facts.push_back({"flow_backend", nullptr});
    problems.push_back({e.what(), "install co2net for this machine", true});
  }
  return group;
}

// The path, or the nearest one above it that is there, whatever it is.
fs::path nearest_there(fs::path path) {
  std::error_code unreachable;
  path = fs::absolute(path, unreachable).lexically_normal();
  while (!fs::exists(fs::symlink_status(path, unreachable)) && path.has_relative_path()) {
    path = path.parent_path();
  }
  return path;
}

Json free_bytes(const fs::path& folder) {
  std::error_code unreachable;
  const fs::space_info space = fs::space(folder, unreachable);
  return unreachable ? Json() : Json(static_cast<std::int64_t>(space.available));
}

// What came of trying a folder.
struct FolderTrial {
  bool is_folder = false, can_be_written = false;
  Json has_locks = nullptr;  // null: not known
};

// By a folder with a file and a lock in it, which is removed again: permissions do not tell of
// what the kernel makes up, and network file systems answer for files and folders apart.
FolderTrial tried(const fs::path& folder) {
  FolderTrial trial;
  std::error_code unreachable;
  trial.is_folder = fs::is_directory(folder, unreachable);
  if (!trial.is_folder) return trial;
  try {
    const Temporary own(folder, "", Temporary::Kind::kFolder);
    write_file(own.path() / "file", "x");
    trial.can_be_written = true;
    const auto lock = FileLock::try_take(own.path() / "lock");
    trial.has_locks = lock && lock->is_held();
  } catch (const Error&) {
    return trial;  // as far as it went
  }
  return trial;
}

void add_folder_problems(const std::string& what, const fs::path& folder, const FolderTrial& trial,
                         const std::string& remedy, std::vector<Problem>& problems) {
  constexpr std::int64_t kLittle = kGiB;
  if (!trial.can_be_written) {
    const char* why = trial.is_folder ? " cannot be written" : " is no folder";
    problems.push_back({what + ": " + without_home(folder) + why, remedy});
    return;
  }
  const Json free = free_bytes(folder);
  if (!free.is_null() && free.get<std::int64_t>() < kLittle) {
    problems.push_back({what + ": less than 1 GiB is free in " + without_home(folder), remedy});
  }
}

// Reads what is there without making a cache.
Json bytes_kept(const fs::path& folder) {
  if (!DiskCache::is_at(folder)) return 0;
  std::int64_t bytes = 0;
  for (const auto& [stage, usage] : DiskCache(folder).usage_by_stage()) bytes += usage.bytes;
  return bytes;
}

FactGroup cache_facts(const fs::path& folder, std::vector<Problem>& problems) {
  constexpr const char* kRemedy = "name another folder with --cache DIR, or do without: --no-cache";
  const fs::path nearest = nearest_there(DiskCache::written_in(folder));
  const FolderTrial trial = tried(nearest);
  add_folder_problems("cache", nearest, trial, kRemedy, problems);
  if (trial.has_locks == false) {
    problems.push_back({"cache: the file system of " + without_home(nearest) + " has no locks",
                        "let one process work at a time, or name a folder on a local disk with "
                        "--cache DIR"});
  }
  return {"cache",
          {{"folder", without_home(folder)},
           {"bytes", bytes_kept(folder)},
           {"free_bytes", free_bytes(nearest)},
           {"can_be_written", trial.can_be_written},
           {"has_locks", trial.has_locks}}};
}

FactGroup temporary_facts(std::vector<Problem>& problems) {
  std::error_code absent;
  const fs::path folder = fs::temp_directory_path(absent);
  if (absent) {
    problems.push_back({"no folder for temporary files", "set TMPDIR to a folder that is there"});
    return {"temporary", {{"folder", nullptr}}};
  }
  const FolderTrial trial = tried(folder);
  add_folder_problems("temporary files", folder, trial, "set TMPDIR to another folder", problems);
  return {"temporary",
          {{"folder", without_home(folder)},
           {"free_bytes", free_bytes(folder)},
           {"can_be_written", trial.can_be_written}}};
}

}  // namespace

std::string without_home(const fs::path& path) {
  const char* home = std::getenv("HOME");
  const fs::path folder = home == nullptr ? "" : fs::path(home).lexically_normal();
  if (folder.empty() || folder == "/") return path.string();
  const fs::path inside = path.lexically_normal().lexically_relative(folder);
  if (inside.empty() || *inside.begin() == "..") return path.string();
  return inside == "." ? "~" : (fs::path("~") / inside).string();
}

Diagnosis diagnose(const fs::path& cache, int threads) {
  Diagnosis diagnosis;
  std::vector<Problem>& problems = diagnosis.problems;
  diagnosis.groups = {system_facts(),           cpu_facts(threads), memory_facts(),
                      device_facts(),           chosen(problems),   cache_facts(cache, problems),
                      temporary_facts(problems)};
  return diagnosis;
}

}  // namespace co2net
