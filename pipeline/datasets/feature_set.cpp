#include "pipeline/datasets/feature_set.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <deque>
#include <numeric>
#include <optional>

#include "pipeline/base/error.h"
#include "pipeline/base/text.h"
#include "pipeline/base/unmatched.h"
#include "pipeline/datasets/feature_files.h"
#include "pipeline/formats/python_file.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

[[noreturn]] void bad(const std::string& why) { throw Error(ErrorKind::kInput, why); }

// One array [T, 2D] a video; a video without features has no shape.
using Views = std::vector<RawArray>;

RawArray array_of(const PythonValue& value, const std::string& name) {
  if (const auto* array = std::get_if<RawArray>(&value.value)) return *array;
  bad(name + ": want an array of numbers, got " + kind_of(value));
}

RawArray row_of(const RawArray& array, std::int64_t index) {
  const std::size_t offset =
      static_cast<std::size_t>(index * array.strides[0]) * item_size(array.dtype);
  return {array.dtype, array.big_endian, Shape(array.shape.begin() + 1, array.shape.end()),
          Shape(array.strides.begin() + 1, array.strides.end()), array.bytes.substr(offset)};
}

void expect_count(std::size_t arrays, std::size_t videos, const std::string& name) {
  if (arrays == videos) return;
  bad(name + ": holds " + counted(arrays, "arrays") + ", but for " + counted(videos, "videos") +
      "; they must be those of the annotations, in order");
}

// The arrays of a packed file. numpy makes one dense array of videos that have equal lengths.
Views packed_views(const PythonFile& file, std::size_t videos, const std::string& name) {
  Views views;
  if (const auto* dense = std::get_if<RawArray>(&file.root().value)) {
    if (dense->shape.size() != 3) bad(name + ": not packed features: " + to_string(dense->shape));
    expect_count(static_cast<std::size_t>(dense->shape[0]), videos, name);
    for (std::int64_t i = 0; i < dense->shape[0]; ++i) views.push_back(row_of(*dense, i));
    return views;
  }
  const auto* objects = std::get_if<PythonValue::ObjectArray>(&file.root().value);
  if (objects == nullptr || objects->shape.size() != 1) {
    bad(name + ": not packed features: want an array of arrays, one a video");
  }
  expect_count(objects->items.size(), videos, name);
  for (std::size_t i = 0; i < objects->items.size(); ++i) {
    views.push_back(array_of(*objects->items[i], name + ": array " + std::to_string(i)));
  }
  return views;
}

void expect_finite(const Array& rows, std::span<const std::int64_t> indices,
                   const std::string& name) {
  for (std::size_t i = 0; i < rows.values.size(); ++i) {
    if (std::isfinite(rows.values[i])) continue;
    const std::size_t width = rows.values.size() / indices.size();
    bad(name + ": snippet " + std::to_string(indices[i / width]) + ", column " +
        std::to_string(i % width) + " is not finite");
  }
}

// The given rows of a video's array, [n, 2D].
Array rows_of(const RawArray& view, std::span<const std::int64_t> indices,
              const std::string& name) {
  const std::int64_t width = view.shape[1];
  Array rows({static_cast<std::int64_t>(indices.size()), width});
  const bool plain = view.dtype == "f4" && !view.big_endian && view.strides.back() == 1;
  for (std::size_t i = 0; i < indices.size(); ++i) {
    const RawArray row = row_of(view, indices[i]);
    float* to = rows.row(static_cast<std::int64_t>(i));
    if (plain) {
      std::memcpy(to, row.bytes.data(), static_cast<std::size_t>(width) * sizeof(float));
    } else {
      std::ranges::copy(to_float32(row, name).values, to);
    }
  }
  expect_finite(rows, indices, name);
  return rows;
}

}  // namespace

// The arrays of a packed file are views of it as it is mapped. Those of a folder are looked at and
// let go of, since a process may map some 65,000 files and no more; a video's is mapped again while
// its rows are read.
struct FeatureSet::Index {
  struct Place {
    fs::path path;
    std::optional<PythonFile> packed = std::nullopt;  // none: a folder
  };

  std::vector<std::string> ids;
  std::deque<Place> places;
  std::vector<const Place*> place_of;  // by video; null for one without features
  Views views;                         // by video; of a folder without bytes
  std::int64_t width = 0;

  void open(const fs::path& path);
  void open_folder(const Place& folder);
  void open_packed(Place& packed);
  void take(std::size_t video, const RawArray& view, const Place& place, const std::string& name);
  void check(const Shape& shape, const std::string& name);
  fs::path file_of(std::size_t video, const Place& place) const {
    return place.packed ? place.path : place.path / (ids[video] + ".npy");
  }
  fs::path file_of(std::size_t video) const { return file_of(video, *place_of[video]); }
};

void FeatureSet::Index::open(const fs::path& path) {
  Place& place = places.emplace_back(Place{path});
  fs::is_directory(path) ? open_folder(place) : open_packed(place);
}

void FeatureSet::Index::open_folder(const Place& folder) {
  bool found_any = false;
  for (std::size_t video = 0; video < ids.size(); ++video) {
    const fs::path path = file_of(video, folder);
    std::error_code absent;
    if (!fs::exists(path, absent)) continue;
    found_any = true;
    RawArray view = array_of(PythonFile(path).root(), path.string());
    view.bytes = {};
    take(video, view, folder, path.string());
  }
  if (!found_any) {
    throw nothing_matches({"features in " + folder.path.string(), ids_below(folder.path, ".npy")},
                          {"videos of the annotations", ids});
  }
}

void FeatureSet::Index::open_packed(Place& packed) {
  packed.packed.emplace(packed.path);
  const std::string name = packed.path.string();
  const Views found = packed_views(*packed.packed, ids.size(), name);
  for (std::size_t video = 0; video < ids.size(); ++video) {
    take(video, found[video], packed, name + ": video " + ids[video]);
  }
}

void FeatureSet::Index::take(std::size_t video, const RawArray& view, const Place& place,
                             const std::string& name) {
  const bool is_empty = !view.shape.empty() && view.shape[0] == 0;
  if (is_empty) return;
  check(view.shape, name);
  if (place_of[video] != nullptr) {
    bad("video " + ids[video] + " has features in " + file_of(video).string() + " and in " +
        file_of(video, place).string() + "; leave one of them out");
  }
  place_of[video] = &place;
  views[video] = view;
}

void FeatureSet::Index::check(const Shape& shape, const std::string& name) {
  if (shape.size() != 2 || shape[1] == 0) {
    bad(name + ": want features [T, 2D], got " + to_string(shape));
  }
  if (width == 0) width = shape[1];
  if (shape[1] != width) {
    bad(name + ": " + std::to_string(shape[1]) + " columns, the videos before have " +
        std::to_string(width));
  }
}

FeatureSet::FeatureSet(const std::vector<fs::path>& paths, std::vector<std::string> ids)
    : index_(std::make_unique<Index>()) {
  index_->ids = std::move(ids);
  index_->views.resize(index_->ids.size());
  index_->place_of.resize(index_->ids.size());
  for (const fs::path& path : paths) index_->open(path);
  if (index_->width == 0)
    bad(joined({paths.begin(), paths.end()}) + ": no features of any of the videos");
}

FeatureSet::FeatureSet(const fs::path& path, std::vector<std::string> ids)
    : FeatureSet(std::vector{path}, std::move(ids)) {}

FeatureSet::FeatureSet(FeatureSet&&) noexcept = default;
FeatureSet& FeatureSet::operator=(FeatureSet&&) noexcept = default;
FeatureSet::~FeatureSet() = default;

const std::vector<std::string>& FeatureSet::ids() const { return index_->ids; }

int FeatureSet::feature_size() const { return static_cast<int>(index_->width); }

std::int64_t FeatureSet::snippets(std::size_t video) const {
  const Shape& shape = index_->views.at(video).shape;
  return shape.empty() ? 0 : shape[0];
}

fs::path FeatureSet::file_of(std::size_t video) const { return index_->file_of(video); }

bool FeatureSet::is_packed(std::size_t video) const {
  return index_->place_of.at(video)->packed.has_value();
}

Array FeatureSet::rows(std::size_t video) const {
  std::vector<std::int64_t> all(static_cast<std::size_t>(snippets(video)));
  std::iota(all.begin(), all.end(), std::int64_t{0});
  return rows(video, all);
}

Array FeatureSet::rows(std::size_t video, std::span<const std::int64_t> indices) const {
  const RawArray& known = index_->views.at(video);
  const std::string name = "features of " + index_->ids[video];
  if (indices.empty()) return Array({0, index_->width});
  if (const std::optional<PythonFile>& packed = index_->place_of[video]->packed) {
    Array rows = rows_of(known, indices, name);
    packed->release(known.bytes);
    packed->expect_unchanged();
    return rows;
  }
  const fs::path path = index_->file_of(video);
  const PythonFile file(path);
  const RawArray view = array_of(file.root(), path.string());
  if (view.shape != known.shape || view.dtype != known.dtype) {
    bad(path.string() + ": was changed while it was in use");
  }
  Array rows = rows_of(view, indices, name);
  file.expect_unchanged();
  return rows;
}

bool FeatureSet::is_all_zero(std::size_t video) const {
  for (std::int64_t snippet = 0; snippet < snippets(video); ++snippet) {
    const Array row = rows(video, std::span(&snippet, 1));
    if (std::ranges::any_of(row.values, [](float value) { return value != 0; })) return false;
  }
  return true;
}

}  // namespace co2net
