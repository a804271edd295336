#include "pipeline/base/allowance.h"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/text.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

using Strings = std::vector<std::string>;

std::string text_of(const fs::path& file) {
  try {
    return read_file(file);
  } catch (const Error&) {
    return "";
  }
}

Strings split(const std::string& text, char separator) {
  Strings fields;
  std::istringstream rest(text);
  for (std::string field; std::getline(rest, field, separator);) fields.push_back(field);
  return fields;
}

bool is_among(const std::string& name, const std::string& list) {
  return std::ranges::count(split(list, ','), name) > 0;
}

// The number that a text begins with; nothing for "max" and a version 1's -1, which limit nothing.
std::optional<std::int64_t> limit_in(std::string_view text) {
  std::int64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc() || number < 0) return std::nullopt;
  return number;
}

std::optional<std::int64_t> limit_at(const fs::path& file) { return limit_in(text_of(file)); }

// As the kernel writes a path with blanks: "\040".
fs::path unescaped(const std::string& text) {
  std::string path;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 3 >= text.size()) {
      path += text[i];
      continue;
    }
    path += static_cast<char>(std::stoi(text.substr(i + 1, 3), nullptr, 8));
    i += 3;
  }
  return path;
}

// Where a hierarchy of control groups is mounted, and which of its groups is there.
struct Mount {
  fs::path point, group;
};

// "31 23 0:26 /group /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu". `controller` is empty for
// version 2.
std::vector<Mount> mounts_of(const std::string& controller, const fs::path& root) {
  std::vector<Mount> mounts;
  for (const std::string& line : lines_of(text_of(root / "proc/self/mountinfo"))) {
    const Strings words = split(line, ' ');
    const auto dash = std::ranges::find(words, "-");
    if (words.size() < 6 || words.end() - dash < 4) continue;
    const bool is_wanted = controller.empty()
                               ? dash[1] == "cgroup2"
                               : dash[1] == "cgroup" && is_among(controller, dash[3]);
    if (is_wanted) mounts.push_back({unescaped(words[4]), unescaped(words[3])});
  }
  return mounts;
}

// "4:cpu,cpuacct:/group", of version 2 "0::/group".
std::optional<fs::path> group_of(const std::string& controller, const fs::path& root) {
  for (const std::string& line : lines_of(text_of(root / "proc/self/cgroup"))) {
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const bool is_wanted = controller.empty() ? controllers.empty() && line.starts_with("0:")
                                              : is_among(controller, controllers);
    if (is_wanted) return line.substr(second + 1);
  }
  return std::nullopt;
}

// The folders of the process's group and of all that it is in, as far as they are seen: a container
// may see its own alone, as what is mounted.
std::vector<fs::path> folders_of(const std::string& controller, const fs::path& root) {
  const std::optional<fs::path> group = group_of(controller, root);
  std::vector<fs::path> folders;
  for (const Mount& mount : group ? mounts_of(controller, root) : std::vector<Mount>()) {
    const fs::path point = root / mount.point.relative_path();
    fs::path below = group->lexically_relative(mount.group);
    if (below.empty() || *below.begin() == ".." || *below.begin() == ".") below.clear();
    for (; !below.empty(); below = below.parent_path()) folders.push_back(point / below);
    folders.push_back(point);
  }
  return folders;
}

template <class T>
void lower(std::optional<T>& least, const std::optional<T>& limit) {
  if (limit) least = std::min(least.value_or(*limit), *limit);
}

std::optional<double> share(const std::optional<std::int64_t>& quota,
                            const std::optional<std::int64_t>& period) {
  if (!quota || !period || *period == 0) return std::nullopt;
  return static_cast<double>(*quota) / static_cast<double>(*period);
}

// "200000 100000": microseconds of each period.
std::optional<double> cpu_time_in(const std::string& text) {
  const std::size_t blank = text.find(' ');
  if (blank == std::string::npos) return std::nullopt;
  return share(limit_in(text), limit_in(std::string_view(text).substr(blank + 1)));
}

int cpus_of_mask() {
  for (int most = 1024; most <= 1 << 20; most *= 2) {  // that a mask has place for
    const std::unique_ptr<cpu_set_t, void (*)(cpu_set_t*)> mask(
        CPU_ALLOC(static_cast<std::size_t>(most)), [](cpu_set_t* set) { CPU_FREE(set); });
    const std::size_t size = CPU_ALLOC_SIZE(static_cast<std::size_t>(most));
    if (::sched_getaffinity(0, size, mask.get()) == 0) return CPU_COUNT_S(size, mask.get());
  }
  return static_cast<int>(std::thread::hardware_concurrency());
}

}  // namespace

Allowance allowance(const fs::path& root) {
  Allowance found;
  found.cpus = std::max(1, cpus_of_mask());
  for (const fs::path& folder : folders_of("", root)) {
    lower(found.cpu_time, cpu_time_in(text_of(folder / "cpu.max")));
    lower(found.memory_bytes, limit_at(folder / "memory.max"));
  }
  for (const fs::path& folder : folders_of("cpu", root)) {
    lower(found.cpu_time,
          share(limit_at(folder / "cpu.cfs_quota_us"), limit_at(folder / "cpu.cfs_period_us")));
  }
  for (const fs::path& folder : folders_of("memory", root)) {
    lower(found.memory_bytes, limit_at(folder / "memory.limit_in_bytes"));
  }
  // Version 1 says "no limit" by the largest number of whole pages.
  constexpr std::int64_t kNoLimit = std::numeric_limits<std::int64_t>::max() / 2;
  if (found.memory_bytes && *found.memory_bytes > kNoLimit) found.memory_bytes.reset();
  return found;
}

int threads_in(const Allowance& allowance) {
  if (!allowance.cpu_time) return allowance.cpus;
  const double enough = std::max(1.0, std::ceil(*allowance.cpu_time));
  return static_cast<int>(std::min<double>(enough, allowance.cpus));
}

}  // namespace co2net
