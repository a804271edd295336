#include "pipeline/formats/raw_array.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <utility>

#include "pipeline/base/error.h"
#include "pipeline/base/text.h"

namespace co2net {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::size_t kMaxDimensions = 64;
constexpr std::int64_t kFreeElements = 1 << 20;
constexpr std::int64_t kMaxRepeats = 16;

[[noreturn]] void bad(const std::string& name, const std::string& why) {
  throw Error(ErrorKind::kInput, name + ": " + why);
}

// torch has the same; what reads files of arrays does without it.
float half_to_float(std::uint16_t half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000u) << 16;
  const std::uint32_t exponent = (half >> 10) & 0x1fu;
  const std::uint32_t mantissa = half & 0x3ffu;
  if (exponent == 0) {
    const float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
    return sign != 0 ? -magnitude : magnitude;
  }
  const std::uint32_t wide_exponent = exponent == 31 ? 255 : exponent + 112;
  return std::bit_cast<float>(sign | (wide_exponent << 23) | (mantissa << 13));
}

struct Half {
  std::uint16_t bits;
  explicit operator float() const { return half_to_float(bits); }
};

struct BFloat16 {
  std::uint16_t bits;
  explicit operator float() const { return std::bit_cast<float>(std::uint32_t{bits} << 16); }
};

// `count` elements at `from`, `step` bytes apart.
using Convert = void (*)(const char* from, std::size_t step, bool swap, std::size_t count,
                         float* to);

template <class T>
void convert(const char* from, std::size_t step, bool swap, std::size_t count, float* to) {
  for (std::size_t i = 0; i < count; ++i) {
    char raw[sizeof(T)];
    std::memcpy(raw, from + i * step, sizeof(T));
    if (swap) std::reverse(raw, raw + sizeof(T));
    to[i] = static_cast<float>(std::bit_cast<T>(raw));
  }
}

struct RealDtype {
  std::string_view code;
  Convert convert;
};

constexpr RealDtype kRealDtypes[] = {
    {"f2", convert<Half>},          {"f4", convert<float>},         {"f8", convert<double>},
    {"bf2", convert<BFloat16>},     {"i1", convert<std::int8_t>},   {"i2", convert<std::int16_t>},
    {"i4", convert<std::int32_t>},  {"i8", convert<std::int64_t>},  {"u1", convert<std::uint8_t>},
    {"u2", convert<std::uint16_t>}, {"u4", convert<std::uint32_t>}, {"u8", convert<std::uint64_t>},
    {"b1", convert<std::uint8_t>},
};

Convert converter_of(const std::string& code, const std::string& name) {
  for (const RealDtype& real : kRealDtypes) {
    if (real.code == code) return real.convert;
  }
  bad(name, "dtype " + code + " is not a real number's");
}

bool is_known(std::string_view code) {
  constexpr std::string_view kNumbers[] = {"b1",  "i1",  "i2", "i4",  "i8",  "u1",
                                           "u2",  "u4",  "u8", "f2",  "f4",  "f8",
                                           "f12", "f16", "c8", "c16", "c24", "c32"};
  if (code.starts_with('S') || code.starts_with('U')) return true;
  return std::find(std::begin(kNumbers), std::end(kNumbers), code) != std::end(kNumbers);
}

std::string_view without_byte_order(std::string_view text) {
  return text.substr(text.find_first_of("<>|=") == 0 ? 1 : 0);
}

// Digits alone, and few enough for every sum and product here.
bool is_size(std::string_view digits) {
  return !digits.empty() && digits.size() <= 9 &&
         digits.find_first_not_of("0123456789") == std::string_view::npos;
}

Shape dense_strides(const Shape& shape, bool fortran_order) {
  Shape strides(shape.size(), 0);
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return strides;
  std::int64_t stride = 1;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const std::size_t axis = fortran_order ? i : shape.size() - 1 - i;
    strides[axis] = stride;
    stride *= shape[axis];
  }
  return strides;
}

// Elements from an array's first to its last; throws where that is no number.
std::int64_t reach_of(const Shape& shape, const Shape& strides, const std::string& name) {
  std::int64_t last = 0;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    std::int64_t step = 0;
    if (strides[axis] < 0) bad(name, "negative stride in " + to_string(strides));
    if (__builtin_mul_overflow(shape[axis] - 1, strides[axis], &step) ||
        __builtin_add_overflow(last, step, &last)) {
      bad(name, "strides " + to_string(strides) + " are too large");
    }
  }
  return last;
}

std::size_t checked_count(const RawArray& array, const std::string& name) {
  const std::int64_t count = element_count(array.shape, name);
  const auto held = static_cast<std::int64_t>(array.bytes.size() / item_size(array.dtype));
  if (count > kFreeElements && count / kMaxRepeats > held) {
    bad(name, "shape " + to_string(array.shape) + " repeats the " + std::to_string(held) +
                  " elements that the file holds more than " + std::to_string(kMaxRepeats) +
                  " times");
  }
  return static_cast<std::size_t>(count);
}

// Calls `visit(first, count, step)` for each row along the last axis, in C order: where the row
// starts in `array.bytes`, its elements and the bytes from one to the next.
template <class Visit>
void for_each_row(const RawArray& array, Visit&& visit) {
  const std::size_t item = item_size(array.dtype);
  const std::size_t axes = array.shape.size();
  const std::size_t row = axes == 0 ? 1 : static_cast<std::size_t>(array.shape.back());
  const std::size_t step = axes == 0 ? item : static_cast<std::size_t>(array.strides.back()) * item;
  Shape index(axes, 0);
  for (;;) {
    std::int64_t at = 0;
    for (std::size_t axis = 0; axis < axes; ++axis) at += index[axis] * array.strides[axis];
    visit(array.bytes.data() + static_cast<std::size_t>(at) * item, row, step);
    std::size_t axis = axes < 2 ? 0 : axes - 1;
    for (; axis > 0; --axis) {
      if (++index[axis - 1] < array.shape[axis - 1]) break;
      index[axis - 1] = 0;
    }
    if (axis == 0) return;
  }
}

// Where rows follow each other without a gap they are one row.
RawArray flattened(const RawArray& array, std::size_t count) {
  if (array.strides != dense_strides(array.shape, false)) return array;
  RawArray flat = array;
  flat.shape.assign(1, static_cast<std::int64_t>(count));
  flat.strides.assign(1, 1);
  return flat;
}

// A complex number's parts, a text's characters and whole numbers each have their own byte order.
std::size_t swapped_size(std::string_view code) {
  if (code.starts_with('S')) return 1;
  if (code.starts_with('U')) return 4;
  return code.starts_with('c') ? item_size(code) / 2 : item_size(code);
}

std::string from_utf32(std::string_view characters, const std::string& name) {
  std::string text;
  for (; !characters.empty(); characters.remove_prefix(4)) {
    std::uint32_t character = 0;
    std::memcpy(&character, characters.data(), sizeof character);
    if (character > 0x10ffff) bad(name, "text with a character that is not Unicode's");
    append_utf8(text, character);
  }
  return text;
}

}  // namespace

Dtype parse_dtype(std::string_view text, const std::string& name) {
  if (!is_supported_dtype(text)) {
    const bool is_structured = without_byte_order(text).starts_with('V');
    bad(name, (is_structured ? "structured dtype '" : "dtype '") + std::string(text) +
                  "' is not supported");
  }
  const std::string_view code = without_byte_order(text);
  return {code.starts_with('O') ? "O" : std::string(code), text.starts_with('>')};
}

bool is_supported_dtype(std::string_view text) {
  const std::string_view code = without_byte_order(text);
  if (code == "O" || code == "O8" || code == "O4") return true;
  return is_known(code) && is_size(code.substr(1));
}

std::size_t item_size(std::string_view code) {
  const std::string_view digits =
      code.substr(std::min(code.find_first_of("0123456789"), code.size()));
  std::size_t size = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), size);
  return code.starts_with('U') ? 4 * size : size;
}

std::int64_t element_count(const Shape& shape, const std::string& name) {
  if (shape.size() > kMaxDimensions) {
    bad(name, std::to_string(shape.size()) + " dimensions, at most " +
                  std::to_string(kMaxDimensions) + " are read");
  }
  try {
    return element_count(shape);
  } catch (const Error& e) {
    throw e.within(name);
  }
}

RawArray dense_view(const Dtype& dtype, const Shape& shape, bool fortran_order,
                    std::string_view bytes, const std::string& name) {
  const auto count = static_cast<std::size_t>(element_count(shape, name));
  const std::size_t item = item_size(dtype.code);
  if (item == 0 && count > 0) bad(name, "elements of dtype " + dtype.code + " have no bytes");
  const bool is_short = count > 0 && bytes.size() / count < item;
  if (is_short || count * item != bytes.size()) {
    bad(name, "shape " + to_string(shape) + " needs " + std::to_string(count) + " x " +
                  std::to_string(item) + " bytes, the file has " + std::to_string(bytes.size()) +
                  (is_short ? "; download or copy it again" : ""));
  }
  return {dtype.code, dtype.big_endian, shape, dense_strides(shape, fortran_order), bytes};
}

RawArray strided_view(const Dtype& dtype, const Shape& shape, const Shape& strides,
                      std::int64_t offset, std::string_view storage, const std::string& name) {
  const std::int64_t count = element_count(shape, name);
  if (strides.size() != shape.size()) {
    bad(name, "strides " + to_string(strides) + " do not fit shape " + to_string(shape));
  }
  if (offset < 0) bad(name, "negative offset");
  if (count == 0) return {dtype.code, dtype.big_endian, shape, Shape(shape.size(), 0), {}};
  const std::size_t item = item_size(dtype.code);
  const auto held = static_cast<std::int64_t>(storage.size() / item);
  const std::int64_t reach = reach_of(shape, strides, name);
  if (offset >= held || reach >= held - offset) {
    bad(name, "shape " + to_string(shape) + ", strides " + to_string(strides) + ", offset " +
                  std::to_string(offset) + " go beyond the " + std::to_string(held) +
                  " elements that are stored");
  }
  const std::string_view bytes = storage.substr(static_cast<std::size_t>(offset) * item,
                                                static_cast<std::size_t>(reach + 1) * item);
  return {dtype.code, dtype.big_endian, shape, strides, bytes};
}

RawArray transposed(const RawArray& array, const Shape& axes, const std::string& name) {
  Shape each(array.shape.size());
  std::iota(each.begin(), each.end(), 0);
  if (!std::is_permutation(axes.begin(), axes.end(), each.begin(), each.end())) {
    bad(name, "axes " + to_string(axes) + " of an array of " + to_string(array.shape));
  }
  RawArray result = array;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    result.shape[i] = array.shape[static_cast<std::size_t>(axes[i])];
    result.strides[i] = array.strides[static_cast<std::size_t>(axes[i])];
  }
  return result;
}

Array to_float32(const RawArray& array, const std::string& name) {
  const Convert convert = converter_of(array.dtype, name);
  const std::size_t count = checked_count(array, name);
  Array result(array.shape);
  if (count == 0) return result;
  float* to = result.values.data();
  for_each_row(flattened(array, count), [&](const char* from, std::size_t row, std::size_t step) {
    convert(from, step, array.big_endian, row, to);
    to += row;
  });
  return result;
}

std::string to_dense(const RawArray& array, const std::string& name) {
  const std::size_t count = array.bytes.empty() ? 0 : checked_count(array, name);
  if (count == 0) return {};
  const std::size_t item = item_size(array.dtype);
  std::string bytes;
  bytes.reserve(count * item);
  for_each_row(flattened(array, count), [&](const char* from, std::size_t row, std::size_t step) {
    if (step == item) {
      bytes.append(from, row * item);
    } else {
      for (std::size_t i = 0; i < row; ++i) bytes.append(from + i * step, item);
    }
  });
  if (array.big_endian) {
    const auto part = static_cast<std::ptrdiff_t>(swapped_size(array.dtype));
    for (auto at = bytes.begin(); at != bytes.end(); at += part) std::reverse(at, at + part);
  }
  return bytes;
}

std::vector<std::string> to_texts(const RawArray& array, const std::string& name) {
  const bool is_unicode = array.dtype.starts_with('U');
  if (!is_unicode && !array.dtype.starts_with('S')) {
    bad(name, "dtype " + array.dtype + " is not text");
  }
  const std::string bytes = to_dense(array, name);
  std::vector<std::string> texts;
  for (std::string_view rest = bytes; !rest.empty(); rest.remove_prefix(item_size(array.dtype))) {
    const std::string_view item = rest.substr(0, item_size(array.dtype));
    std::string text = is_unicode ? from_utf32(item, name) : std::string(item);
    text.resize(text.find_last_not_of('\0') + 1);
    texts.push_back(std::move(text));
  }
  return texts;
}

}  // namespace co2net
