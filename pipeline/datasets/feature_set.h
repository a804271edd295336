#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "pipeline/formats/array.h"

namespace co2net {

// Snippet features [T, 2D] of many videos on disk, of which memory holds only an index: rows are
// read when they are asked for. Safe for several threads at once.
class FeatureSet {
 public:
  // Each of `paths` is a folder of <id>.npy files or a packed "*-I3D-JOINTFeatures.npy", whose
  // arrays are in the order of `ids`. Which of them has a video makes no difference, nor their
  // order. Errors: Error(kInput) naming the file and the defect: another number of arrays than of
  // ids, widths that differ, not [T, 2D], a video that two of them have, no features at all;
  // Error(kIo).
  FeatureSet(const std::vector<std::filesystem::path>& paths, std::vector<std::string> ids);
  FeatureSet(const std::filesystem::path& path, std::vector<std::string> ids);
  FeatureSet(FeatureSet&&) noexcept;
  FeatureSet& operator=(FeatureSet&&) noexcept;
  ~FeatureSet();

  const std::vector<std::string>& ids() const;
  int feature_size() const;                        // 2D
  std::int64_t snippets(std::size_t video) const;  // T; 0 for a video without features

  // Of a video that has features: <id>.npy in a folder, or a packed file.
  std::filesystem::path file_of(std::size_t video) const;
  bool is_packed(std::size_t video) const;

  // float32 [T, 2D], or the given rows of it, each in [0, T), in the given order, [n, 2D]. Errors:
  // Error(kInput) naming the video for values that are not finite.
  Array rows(std::size_t video) const;
  Array rows(std::size_t video, std::span<const std::int64_t> indices) const;

  // Whether no value of them differs from zero. Errors: as rows().
  bool is_all_zero(std::size_t video) const;

 private:
  struct Index;
  std::unique_ptr<Index> index_;
};

}  // namespace co2net
