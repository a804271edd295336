#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pipeline/formats/raw_array.h"

namespace co2net {

// The key of the header that names no tensor.
inline constexpr std::string_view kSafetensorsMetadata = "__metadata__";

// A .safetensors file: the size of its header in 8 bytes, the header in JSON, and the tensors'
// elements, little-endian and in C order.
struct SafeTensors {
  std::vector<std::pair<std::string, std::string>> metadata;  // free text by free keys
  std::vector<std::pair<std::string, RawArray>> tensors;      // by name, in the names' order
};

// Whether the bytes begin as such a file does, damaged or not; no pickle or archive does.
bool is_safetensors(std::string_view bytes);

// The arrays show parts of `bytes`. Errors: Error(kInput), led by `name`, unless the header is
// within the file and says nothing twice, each tensor's bytes are as many as its shape and dtype
// need, and all together are the rest of the file, without gap or overlap; for a dtype that is not
// known here, such as the 8-bit floats.
SafeTensors parse_safetensors(std::string_view bytes, const std::string& name);

}  // namespace co2net
