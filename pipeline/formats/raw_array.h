#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/formats/array.h"

namespace co2net {

// A number or text type as numpy writes it, without byte order: "f4", "i8", "b1", "c8", "S24",
// "U7", or "O" for Python objects; "bf2" is torch's bfloat16.
struct Dtype {
  std::string code;
  bool big_endian = false;
};

// From "<f4", "|S24", ">i8" or the same without byte order. Error(kInput), led by `name`, for
// structured dtypes, dates and what numpy does not have.
Dtype parse_dtype(std::string_view text, const std::string& name);
bool is_supported_dtype(std::string_view text);

// Bytes of an element: 4 for "f4", 28 for "U7".
std::size_t item_size(std::string_view code);

// An array as a file holds it: nothing is copied or converted.
struct RawArray {
  std::string dtype;  // a Dtype's code, never "O"
  bool big_endian = false;
  Shape shape;
  Shape strides;           // in elements, one a dimension, never negative
  std::string_view bytes;  // begins with the first element and holds every one that strides reach
};

// Number of elements. Errors: Error(kInput), led by `name`, for a shape that cannot be: negative,
// too large, or of more than 64 dimensions.
std::int64_t element_count(const Shape& shape, const std::string& name);

// All of `bytes` as an array in C or Fortran order. Errors: Error(kInput), led by `name`, unless
// they are exactly as many as `shape` needs.
RawArray dense_view(const Dtype& dtype, const Shape& shape, bool fortran_order,
                    std::string_view bytes, const std::string& name);

// The array that starts at element `offset` of `storage`. Errors: Error(kInput), led by `name`, for
// a shape that cannot be, a negative stride or offset, or elements beyond the storage.
RawArray strided_view(const Dtype& dtype, const Shape& shape, const Shape& strides,
                      std::int64_t offset, std::string_view storage, const std::string& name);

// The array whose axis i is axis axes[i] of this one, as numpy's transpose. Errors: Error(kInput),
// led by `name`, unless `axes` names each axis once.
RawArray transposed(const RawArray& array, const Shape& axes, const std::string& name);

// All give the elements in C order. Errors: Error(kInput), led by `name`. Strides may make an
// array larger than what the file holds: beyond a million elements, more than 16 times as many as
// its bytes hold are refused.

// Errors: a dtype that is not a real number's.
Array to_float32(const RawArray& array, const std::string& name);
// The elements' bytes, in this machine's byte order.
std::string to_dense(const RawArray& array, const std::string& name);
// Text in UTF-8. Errors: a dtype that is not text.
std::vector<std::string> to_texts(const RawArray& array, const std::string& name);

}  // namespace co2net
