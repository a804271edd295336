#include "cli/workflows/merged_folders.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>
#include <system_error>

#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/inputs.h"
#include "pipeline/base/interrupt.h"
#include "pipeline/base/text.h"
#include "pipeline/datasets/feature_files.h"
#include "pipeline/formats/python_file.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

using Strings = std::vector<std::string>;

const Strings kArraySuffixes = {".npy", ".npz"};

bool is_array(const fs::path& file) {
  return std::ranges::count(kArraySuffixes, file.extension().string()) > 0;
}

bool have_same_bytes(const fs::path& one, const fs::path& other) {
  if (fs::equivalent(one, other)) return true;
  return fs::file_size(one) == fs::file_size(other) && read_file(one) == read_file(other);
}

// In what two arrays of an id differ.
std::string difference(const fs::path& one, const fs::path& other) {
  const bool have_sidecars = fs::exists(sidecar_path(one)) && fs::exists(sidecar_path(other));
  if (have_sidecars != (fs::exists(sidecar_path(one)) || fs::exists(sidecar_path(other)))) {
    return "one has no .json beside it";
  }
  const Strings told =
      have_sidecars ? json_differences(read_sidecar(one), read_sidecar(other)) : Strings();
  return told.empty() ? "their numbers" : joined(told);
}

bool are_same(const fs::path& one, const fs::path& other) {
  const fs::path beside_one = sidecar_path(one), beside_other = sidecar_path(other);
  if (fs::exists(beside_one) != fs::exists(beside_other)) return false;
  return have_same_bytes(one, other) &&
         (!fs::exists(beside_one) || have_same_bytes(beside_one, beside_other));
}

void put_copy(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::copy_file(from, to, error);
  if (error) {
    throw Error(ErrorKind::kIo,
                "copy " + from.string() + " to " + to.string() + ": " + error.message());
  }
}

bool is_sidecar(const fs::path& file) {
  const auto is_of = [&](const std::string& suffix) {
    return fs::exists(fs::path(file).replace_extension(suffix));
  };
  return file.extension() == ".json" && std::ranges::any_of(kArraySuffixes, is_of);
}

// Replacing the folder would delete whatever else is in it.
void expect_only_arrays_in(const fs::path& folder) {
  expect_only_in(folder, [&](const std::string& name) {
    if (fs::is_symlink(folder / name)) return false;
    return fs::is_directory(folder / name) || is_array(name) || is_sidecar(folder / name);
  });
  if (!fs::exists(folder)) return;
  for (const std::string& name : names_in(folder)) {
    if (fs::is_directory(folder / name)) expect_only_arrays_in(folder / name);
  }
}

// Beside what is hidden, such as what a writer that was killed left.
bool has_something(const fs::path& folder) {
  return std::ranges::any_of(names_in(folder),
                             [](const std::string& name) { return !name.starts_with('.'); });
}

// Throws Error(kInput) for what is broken off: numbers that are not there, an archive without its
// end.
void expect_whole(const fs::path& file) {
  const PythonFile contents(file);
  const bool is_one = std::holds_alternative<RawArray>(contents.root().value);
  if (is_one != (file.extension() == ".npy")) {
    throw Error(ErrorKind::kInput,
                file.string() + " is no file of " + (is_one ? "scores, but an array" : "features"));
  }
}

std::string id_at(const fs::path& relative) { return fs::path(relative).replace_extension(); }

}  // namespace

void MergedFolders::add(const fs::path& folder) {
  if (!fs::is_directory(folder)) {
    throw Error(ErrorKind::kInput, folder.string() + " is no folder");
  }
  const std::vector<fs::path> files = files_at({folder}, {".npy", ".npz", ".json"});
  std::set<fs::path> taken;
  for (const fs::path& file : files) {
    if (!is_array(file)) continue;
    throw_if_interrupted();
    add_array(file, file.lexically_relative(folder));
    taken.insert(file);
    taken.insert(sidecar_path(file));
  }
  Strings others;
  for (const fs::path& file : files) {
    if (!taken.contains(file)) others.push_back(file.lexically_relative(folder).string());
  }
  if (taken.empty() && has_something(folder)) {
    throw Error(ErrorKind::kInput,
                folder.string() + " holds other files, and no features or scores");
  }
  if (!others.empty()) {
    spdlog::warn("{}: left out, with no array beside them: {}", folder.string(),
                 counted("files", others));
  }
}

void MergedFolders::add_array(const fs::path& file, const fs::path& relative) {
  expect_whole(file);
  suffixes_.insert(file.extension().string());
  const auto [place, is_new] = arrays_.emplace(relative, file);
  if (!is_new) {
    if (are_same(place->second, file)) return;
    throw Error(ErrorKind::kInput, file.string() + " is another than " + place->second.string() +
                                       ": " + difference(place->second, file) +
                                       "; leave out the part that does not count");
  }
  if (fs::exists(sidecar_path(file))) {
    expect_same_making(file);
  } else {
    spdlog::warn("{}: no {} beside it; taken to be made as the others", file.string(),
                 sidecar_path(file).filename().string());
  }
}

void MergedFolders::expect_same_making(const fs::path& file) {
  Json made_by = read_sidecar(file);
  made_by.erase("video");
  const auto [place, is_new] = makers_.try_emplace(file.extension().string());
  if (is_new) place->second = {made_by, file};
  const Maker& maker = place->second;
  if (made_by == maker.made_by) return;
  throw Error(ErrorKind::kInput, file.string() + ": made otherwise than " + maker.file.string() +
                                     ": " + joined(json_differences(maker.made_by, made_by)) +
                                     "; merge what one recipe and model made");
}

fs::path MergedFolders::file_of(const std::string& id, const std::string& suffix) const {
  const auto found = arrays_.find(id + suffix);
  return found == arrays_.end() ? fs::path() : found->second;
}

bool MergedFolders::has(const std::string& id) const {
  const auto is_there = [&](const std::string& suffix) { return !file_of(id, suffix).empty(); };
  return !suffixes_.empty() && std::ranges::all_of(suffixes_, is_there);
}

Strings MergedFolders::ids() const {
  std::set<std::string> ids;
  for (const auto& [relative, file] : arrays_) ids.insert(id_at(relative));
  return {ids.begin(), ids.end()};
}

void MergedFolders::write(const fs::path& folder, const Observer& observer) const {
  expect_only_arrays_in(folder);
  observer.on_series("files", arrays_.size());
  write_folder_with(folder, [&](const fs::path& target) {
    for (const auto& [relative, file] : arrays_) {
      throw_if_interrupted();
      observer.on_start(relative.string());
      make_directories((target / relative).parent_path());
      put_copy(file, target / relative);
      if (fs::exists(sidecar_path(file)))
        put_copy(sidecar_path(file), sidecar_path(target / relative));
      observer.on_end();
    }
  });
}

ScoreFiles::ScoreFiles(std::vector<fs::path> folders) {
  if (folders.size() == 1) {
    folder_ = std::move(folders.front());
    return;
  }
  for (const fs::path& folder : folders) {
    read_input([&](const fs::path& path) { merged_.add(path); }, folder);
  }
}

fs::path ScoreFiles::of(const std::string& id) const {
  if (folder_.empty()) return merged_.file_of(id, ".npz");
  const fs::path file = folder_ / (id + ".npz");
  return fs::exists(file) ? file : fs::path();
}

Strings ScoreFiles::ids() const {
  return folder_.empty() ? merged_.ids() : ids_below(folder_, ".npz");
}

std::vector<Input> merged_scores(const std::vector<fs::path>& folders) {
  MergedFolders merged;
  for (const fs::path& folder : folders) {
    read_input([&](const fs::path& path) { merged.add(path); }, folder);
  }
  std::vector<fs::path> relative;
  for (const auto& [path, file] : merged.arrays()) {
    if (path.extension() == ".npz") relative.push_back(path);
  }
  std::vector<Input> inputs = with_ids(relative);
  for (Input& input : inputs) input.path = merged.arrays().at(input.path);
  return inputs;
}

}  // namespace co2net
