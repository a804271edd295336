#include "pipeline/formats/safetensors.h"

#include <algorithm>
#include <cstdint>

#include "pipeline/base/error.h"
#include "pipeline/base/json.h"

namespace co2net {
namespace {

constexpr std::size_t kSizeSize = 8;
constexpr std::uint64_t kMaxHeader = 100'000'000;  // as the format's own reader has it

[[noreturn]] void bad(const std::string& name, const std::string& why) {
  throw Error(ErrorKind::kInput, name + ": " + why);
}

constexpr std::pair<std::string_view, std::string_view> kDtypes[] = {
    {"BOOL", "b1"}, {"U8", "u1"},  {"I8", "i1"},  {"U16", "u2"},  {"I16", "i2"},
    {"U32", "u4"},  {"I32", "i4"}, {"U64", "u8"}, {"I64", "i8"},  {"F16", "f2"},
    {"F32", "f4"},  {"F64", "f8"}, {"C64", "c8"}, {"BF16", "bf2"}};

std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) {
    value = value << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return value;
}

std::string_view header_of(std::string_view bytes, const std::string& name) {
  const std::uint64_t size = little_endian(bytes.substr(0, kSizeSize));
  if (size > kMaxHeader) bad(name, "damaged: its header has " + std::to_string(size) + " bytes");
  if (size > bytes.size() - kSizeSize) {
    bad(name, "ends within its header; download or copy it again");
  }
  return bytes.substr(kSizeSize, size);
}

// A tensor's place in what follows the header.
struct Range {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  auto operator<=>(const Range&) const = default;
};

std::vector<std::uint64_t> sizes_in(const Json& tensor, const char* key, const std::string& name) {
  const auto sizes = tensor.find(key);
  if (sizes == tensor.end() || !sizes->is_array()) bad(name, std::string("lacks its ") + key);
  for (const Json& size : *sizes) {
    if (!size.is_number_unsigned()) bad(name, std::string(key) + " " + to_text(*sizes));
  }
  return sizes->get<std::vector<std::uint64_t>>();
}

Shape shape_in(const Json& tensor, const std::string& name) {
  Shape shape;
  for (const std::uint64_t size : sizes_in(tensor, "shape", name)) {
    if (!std::in_range<std::int64_t>(size)) bad(name, "a shape that is too large");
    shape.push_back(static_cast<std::int64_t>(size));
  }
  return shape;
}

Range range_in(const Json& tensor, std::size_t data_size, const std::string& name) {
  const auto ends = sizes_in(tensor, "data_offsets", name);
  if (ends.size() != 2 || ends[0] > ends[1]) bad(name, "data_offsets are not [begin, end]");
  if (ends[1] > data_size) bad(name, "its data are beyond the file; download or copy it again");
  return {ends[0], ends[1]};
}

Dtype dtype_in(const Json& tensor, const std::string& name) {
  const std::string text = tensor.contains("dtype") ? to_text(tensor["dtype"]) : "none";
  for (const auto& [theirs, ours] : kDtypes) {
    if (text == '"' + std::string(theirs) + '"') return {std::string(ours)};
  }
  bad(name, "dtype " + text + " is not supported");
}

void expect_covered(std::vector<Range> ranges, std::size_t data_size, const std::string& name) {
  std::sort(ranges.begin(), ranges.end());
  std::uint64_t end = 0;
  for (const Range& range : ranges) {
    if (range.begin != end) bad(name, "damaged: its tensors' data have a gap or overlap");
    end = range.end;
  }
  if (end != data_size) {
    bad(name, "damaged: " + std::to_string(data_size - end) + " bytes belong to no tensor");
  }
}

void read_metadata(const Json& json, SafeTensors& result, const std::string& name) {
  const auto expect = [&](bool is_right) {
    if (!is_right) bad(name, "malformed header: its metadata are no dictionary of text");
  };
  expect(json.is_object());
  for (const auto& [key, text] : json.items()) {
    expect(text.is_string());
    result.metadata.emplace_back(key, text.get<std::string>());
  }
}

}  // namespace

bool is_safetensors(std::string_view bytes) {
  constexpr std::size_t kHighBytes = 4;  // of the header's size, which are zero in all real files
  return bytes.size() > kSizeSize && bytes[kSizeSize] == '{' &&
         little_endian(bytes.substr(kSizeSize - kHighBytes, kHighBytes)) == 0;
}

SafeTensors parse_safetensors(std::string_view bytes, const std::string& name) {
  if (bytes.size() < kSizeSize) bad(name, "ends within its header; download or copy it again");
  const std::string_view header = header_of(bytes, name);
  const std::string_view data = bytes.substr(kSizeSize + header.size());
  const Json json = parse_json(header, name + ": its header", ErrorKind::kInput);
  if (!json.is_object()) bad(name, "malformed header: no dictionary");
  SafeTensors result;
  std::vector<Range> ranges;
  for (const auto& [key, tensor] : json.items()) {
    if (key == kSafetensorsMetadata) {
      read_metadata(tensor, result, name);
      continue;
    }
    const std::string place = name + ": tensor " + to_text(key);
    if (!tensor.is_object() || tensor.size() != 3) {
      bad(place, "want dtype, shape and data_offsets alone");
    }
    const Range& range = ranges.emplace_back(range_in(tensor, data.size(), place));
    result.tensors.emplace_back(
        key, dense_view(dtype_in(tensor, place), shape_in(tensor, place), false,
                        data.substr(range.begin, range.end - range.begin), place));
  }
  expect_covered(std::move(ranges), data.size(), name);
  return result;
}

}  // namespace co2net
