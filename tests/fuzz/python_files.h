#pragma once

#include <functional>
#include <string_view>

#include "pipeline/formats/python_file.h"

namespace co2net {

// Reads the bytes by PythonFile and converts every array in them; `visit` sees each.
void read_python_file(std::string_view bytes, const std::function<void(const RawArray&)>& visit);

// Whether it holds a number beyond a million, which no seed does.
bool has_large_number(const RawArray& array);

// Reads the bytes as a network's parameters: as those of its own names and shapes, of which the
// first few are taken, and as those of a network that they do not fit.
void read_parameters(std::string_view bytes);

}  // namespace co2net
