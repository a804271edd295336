#include "cli/workflows/merge.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <system_error>

#include "cli/workflows/merged_folders.h"
#include "cli/workflows/stats.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/interrupt.h"
#include "pipeline/base/text.h"
#include "pipeline/base/unmatched.h"
#include "postprocess/merged_results.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

using Strings = std::vector<std::string>;

// The output takes the place of what is there, the folder with all that is in it.
void expect_free(const MergeJob& job) {
  std::vector<Input> read = job.inputs;
  for (const fs::path& part : job.parts) read.push_back({part, ""});
  expect_no_input_at(job.output, read);
  std::error_code absent;
  if (!fs::exists(fs::weakly_canonical(job.output, absent))) return;
  for (const Input& input : read) {
    if (!lies_in(input.path, job.output)) continue;
    throw Error(ErrorKind::kUsage, "-o would replace the folder that " + input.path.string() +
                                       " lies in; choose another place");
  }
}

// Compares what there is with what there should be. `ids` are those of the parts, sorted.
void look_for_missing(const MergeJob& job, const Strings& ids,
                      const std::function<bool(const std::string&)>& has, Merged& merged) {
  if (job.inputs.empty()) return;
  std::set<std::string> wanted;
  for (const Input& input : job.inputs) {
    wanted.insert(input.id);
    if (!has(input.id)) merged.missing.push_back(input);
  }
  std::ranges::copy_if(ids, std::back_inserter(merged.not_inputs),
                       [&](const std::string& id) { return !wanted.contains(id); });
  if (!ids.empty() && merged.not_inputs.size() == ids.size()) {
    throw nothing_matches({"videos of the parts", ids}, {"inputs", ids_of(job.inputs)});
  }
}

// Goes through the files, each of which is in memory only while it is added.
void add_files(const std::vector<fs::path>& files, const Observer& observer,
               const std::function<void(const std::string& bytes, const std::string& name)>& add) {
  observer.on_series("files", files.size());
  for (const fs::path& file : files) {
    throw_if_interrupted();
    observer.on_start(file.filename().string());
    const std::string bytes = read_input(read_file, file);
    add(bytes, file.string());
    const auto size = static_cast<std::int64_t>(bytes.size());
    observer.on_progress("bytes", size, size);
    observer.on_end();
  }
}

void put(const MergeJob& job, std::string text, Merged& merged) {
  if (job.output.empty()) {
    merged.text = std::move(text);
  } else {
    write_file(job.output, text);
  }
}

Merged merge_folders(const MergeJob& job, const Observer& observer) {
  if (job.output.empty()) {
    throw Error(ErrorKind::kUsage, "folders go into a folder: name one with -o DIR");
  }
  MergedFolders folders;
  for (const fs::path& part : job.parts) {
    read_input([&](const fs::path& path) { folders.add(path); }, part);
  }
  Merged merged;
  const Strings ids = folders.ids();
  if (ids.empty()) throw Error(ErrorKind::kInput, "the parts hold no features or scores");
  merged.videos = ids.size();
  look_for_missing(
      job, ids, [&](const std::string& id) { return folders.has(id); }, merged);
  folders.write(job.output, observer);
  return merged;
}

Merged merge_stats(const MergeJob& job, const StatsSum& stats) {
  Merged merged;
  Strings ids;
  for (const auto& [id, video] : stats.sum().at("videos").items()) ids.push_back(id);
  merged.videos = ids.size();
  look_for_missing(
      job, ids, [&](const std::string& id) { return std::ranges::binary_search(ids, id); }, merged);
  put(job, to_text(stats.sum()) + "\n", merged);
  return merged;
}

Merged merge_results(const MergeJob& job, const MergedResults& results) {
  Merged merged;
  merged.failed = results.failed();
  const Strings ids = results.ids();
  merged.videos = ids.size() - merged.failed.size();
  const auto has = [&](const std::string& id) {
    return results.has(id) && !std::ranges::binary_search(merged.failed, id);
  };
  look_for_missing(job, ids, has, merged);
  if (job.inputs.empty()) merged.shards = results.missing_shards();
  if (!results.tells_failures() && !merged.missing.empty()) {
    spdlog::warn(
        "CSV does not tell videos that failed or are missing from those in which nothing was "
        "found: "
        "all without a row are taken to be missing");
  }
  put(job, results.text(ids_of(job.inputs)), merged);
  return merged;
}

Merged merge_files(const MergeJob& job, const Observer& observer) {
  MergedResults results;
  StatsSum stats;
  std::string of_stats, of_results;
  add_files(job.parts, observer, [&](const std::string& bytes, const std::string& name) {
    const bool has_stats = is_stats(bytes);
    (has_stats ? of_stats : of_results) = name;
    if (!of_stats.empty() && !of_results.empty()) {
      throw Error(ErrorKind::kUsage, of_stats + " holds statistics and " + of_results +
                                         " none; merge them one after the other");
    }
    if (has_stats) {
      stats.add(parse_json(bytes, name, ErrorKind::kInput), name);
    } else {
      results.add(bytes, name);
    }
  });
  return of_stats.empty() ? merge_results(job, results) : merge_stats(job, stats);
}

void warn_of_missing_shards(const Strings& shards) {
  if (!shards.empty()) spdlog::warn("no part is of {}", counted("shards", shards));
}

void tell(const Merged& merged) {
  std::set<std::string> failed(merged.failed.begin(), merged.failed.end());
  Strings missing;
  for (const Input& input : merged.missing) {
    if (!failed.contains(input.id)) missing.push_back(input.id);
  }
  if (!merged.failed.empty()) spdlog::warn("failed: {}", counted("videos", merged.failed));
  if (!missing.empty()) spdlog::warn("missing: {}", counted("videos", missing));
  if (!merged.not_inputs.empty()) {
    spdlog::warn("not among the inputs, but kept: {}", counted("videos", merged.not_inputs));
  }
  warn_of_missing_shards(merged.shards);
}

}  // namespace

Merged merge_parts(const MergeJob& job, const Observer& observer) {
  for (const fs::path& part : job.parts) {
    if (!fs::exists(part)) throw Error(ErrorKind::kInput, part.string() + " does not exist");
  }
  const auto folders =
      std::ranges::count_if(job.parts, [](const fs::path& part) { return fs::is_directory(part); });
  if (folders > 0 && static_cast<std::size_t>(folders) < job.parts.size()) {
    throw Error(ErrorKind::kUsage, "files and folders are merged apart: give either");
  }
  if (!job.output.empty()) expect_free(job);
  Merged merged = folders > 0 ? merge_folders(job, observer) : merge_files(job, observer);
  tell(merged);
  return merged;
}

std::string list_of(const std::vector<Input>& missing, bool nul_separated) {
  const char end = nul_separated ? '\0' : '\n';
  std::string list;
  std::vector<fs::path> paths;
  for (const Input& input : missing) {
    const std::string path = input.path.string();
    if (path.find_first_of("\r\n") != std::string::npos && !nul_separated) {
      throw Error(ErrorKind::kUsage, "a line cannot hold the path " + printable(path) +
                                         "; give -0, also to the command that reads the list");
    }
    list += path + end;
    paths.push_back(input.path);
  }
  Strings others;
  const std::vector<Input> by_themselves = with_ids(paths);
  for (std::size_t i = 0; i < missing.size(); ++i) {
    if (by_themselves[i].id != missing[i].id) others.push_back(missing[i].id);
  }
  if (!others.empty()) {
    spdlog::warn(
        "by the list alone these have other ids, since names collide among all inputs: {}; run "
        "all inputs again with the same cache, which computes only these",
        counted("videos", others));
  }
  return list;
}

std::string read_results(const std::vector<fs::path>& files) {
  if (files.size() == 1) return read_input(read_file, files.front());
  MergedResults results;
  add_files(files, {},
            [&](const std::string& bytes, const std::string& name) { results.add(bytes, name); });
  warn_of_missing_shards(results.missing_shards());
  return results.text();
}

std::string name_of(const std::vector<fs::path>& files) {
  const std::string first = files.front().string();
  return files.size() == 1 ? first : first + " and " + std::to_string(files.size() - 1) + " others";
}

}  // namespace co2net
