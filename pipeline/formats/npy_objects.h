#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "pipeline/formats/array.h"

namespace co2net {

// Writes a one-dimensional .npy of Python objects, one after the other, so that a file much larger
// than memory can be made. numpy.load(path, allow_pickle=True) of Python 3 reads it; the pickle has
// protocol 3. Equal elements give equal bytes. Errors: Error(kIo) naming the file.
class ObjectNpyWriter {
 public:
  using Pair = std::array<double, 2>;

  ObjectNpyWriter(const std::filesystem::path& path, std::int64_t count);
  void add(const Array& array);                     // a float32 ndarray; at most 4 GiB
  void add(const std::vector<std::string>& texts);  // a list of str; UTF-8
  void add(const std::vector<Pair>& pairs);         // a list of lists of two floats
  void finish();                                    // once `count` elements were added

 private:
  void write(std::string_view bytes);

  std::string name_;
  std::ofstream file_;
  std::int64_t missing_;
};

}  // namespace co2net
