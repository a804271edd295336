#include "pipeline/formats/array.h"

#include <limits>
#include <utility>

#include "pipeline/base/error.h"

namespace co2net {
namespace {

std::int64_t row_size(const Array& array) {
  return array.shape.at(0) == 0 ? 0
                                : static_cast<std::int64_t>(array.values.size()) / array.shape[0];
}

}  // namespace

Array::Array(Shape shape_) : shape(std::move(shape_)), values(element_count(shape)) {}

Array::Array(Shape shape_, std::vector<float> values_)
    : shape(std::move(shape_)), values(std::move(values_)) {
  if (element_count(shape) != static_cast<std::int64_t>(values.size())) {
    throw Error(ErrorKind::kInternal,
                "array " + to_string(shape) + " of " + std::to_string(values.size()) + " values");
  }
}

const float* Array::row(std::int64_t index) const {
  return values.data() + index * row_size(*this);
}

float* Array::row(std::int64_t index) { return values.data() + index * row_size(*this); }

std::int64_t element_count(const Shape& shape) {
  std::int64_t count = 1;
  for (const std::int64_t size : shape) {
    if (size < 0) throw Error(ErrorKind::kInput, "negative dimension in shape " + to_string(shape));
    if (size != 0 && count > std::numeric_limits<std::int64_t>::max() / size) {
      throw Error(ErrorKind::kInput, "shape " + to_string(shape) + " is too large");
    }
    count *= size;
  }
  return count;
}

std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (axis > 0) text += ", ";
    text += shape[axis] < 0 ? "*" : std::to_string(shape[axis]);
  }
  return text + "]";
}

void expect_shape(const Array& array, std::initializer_list<std::int64_t> want,
                  const std::string& what) {
  const Shape wanted(want);
  bool matches = wanted.size() == array.shape.size();
  for (std::size_t axis = 0; matches && axis < wanted.size(); ++axis) {
    matches = wanted[axis] == -1 || wanted[axis] == array.shape[axis];
  }
  if (!matches) {
    throw Error(ErrorKind::kInput,
                what + ": want float32 " + to_string(wanted) + ", got " + to_string(array.shape));
  }
}

}  // namespace co2net
