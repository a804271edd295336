#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

namespace co2net {

using Shape = std::vector<std::int64_t>;

// A dense float32 array, row-major, owned. It is what stages hand to each other, so that only the
// files that run a network need to know torch.
struct Array {
  Shape shape;
  std::vector<float> values;  // size is the product of shape

  Array() = default;
  explicit Array(Shape shape_);  // zeros
  Array(Shape shape_, std::vector<float> values_);

  std::int64_t dim(std::size_t axis) const { return shape.at(axis); }
  // First value of row `index` of the first axis.
  const float* row(std::int64_t index) const;
  float* row(std::int64_t index);

  bool operator==(const Array&) const = default;
};

// Number of elements; throws Error(kInput) if a dimension is negative or the product overflows.
std::int64_t element_count(const Shape& shape);

// "[12, 2048]"
std::string to_string(const Shape& shape);

// Throws Error(kInput, "<what>: want float32 [*, 2048], got [12, 1024]") unless `array` has the
// given shape; -1 stands for any size.
void expect_shape(const Array& array, std::initializer_list<std::int64_t> want,
                  const std::string& what);

}  // namespace co2net
