#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "pipeline/formats/array.h"
#include "pipeline/formats/raw_array.h"

namespace co2net {

// What a .npy file, versions 1 to 3, says before its data, which are the rest of the file: the
// elements, or a pickle where the dtype is "O". Errors: Error(kInput), led by `name`.
struct NpyHeader {
  Dtype dtype;
  bool fortran_order = false;
  Shape shape;
  std::size_t size = 0;  // of all that is before the data
};
bool is_npy(std::string_view bytes);
NpyHeader parse_npy_header(std::string_view bytes, const std::string& name);

// NumPy's .npy format, versions 1 to 3, without pickled objects.
// Read: float16/32/64, (u)int8..64 and bool, either byte order, C or Fortran order; all become
// float32 in C order. Written: little-endian float32, C order, version 1.0.
// Errors: Error(kInput) naming the defect; sizes are checked against the bytes at hand before
// memory is taken. `name` leads the message.
Array parse_npy(std::string_view bytes, const std::string& name);
std::string format_npy(const Array& array);
// What precedes the data of a C-order array, version 1.0, whose dtype is `descr`, such as "<f8".
std::string npy_header(const std::string& descr, const Shape& shape);
Array read_npy(const std::filesystem::path& path);

// A .npz: a zip archive of .npy files, stored or deflated; the keys are the names without ".npy".
// Written with fixed dates and without compression, so that equal arrays give equal bytes.
using Arrays = std::map<std::string, Array>;
Arrays parse_npz(std::string_view bytes, const std::string& name);
std::string format_npz(const Arrays& arrays);
Arrays read_npz(const std::filesystem::path& path);

}  // namespace co2net
