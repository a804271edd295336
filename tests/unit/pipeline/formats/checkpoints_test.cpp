#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <sstream>

#include "pipeline/base/files.h"
#include "pipeline/formats/python_file.h"
#include "tests/support.h"
#include "tests/unit/expect_error.h"

// What numpy and torch write, value by value: tests/python/checkpoints.py says what must be found.

namespace co2net {
namespace {

using Lines = std::vector<std::string>;

std::string hexadecimal(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

bool is_real(const std::string& dtype) {
  return dtype.starts_with("bf") || (dtype[0] != 'c' && dtype[0] != 'S' && dtype[0] != 'U');
}

std::string text_of(const RawArray& array) {
  std::string as_float32 = "-";
  if (is_real(array.dtype)) {
    const Array converted = to_float32(array, "array");
    as_float32 = hexadecimal({reinterpret_cast<const char*>(converted.values.data()),
                              converted.values.size() * sizeof(float)});
  }
  return array.dtype + " " + to_string(array.shape) + " " + hexadecimal(to_dense(array, "array")) +
         " " + as_float32;
}

std::string text_of(const PythonValue& value) {
  if (const auto* array = std::get_if<RawArray>(&value.value)) return text_of(*array);
  if (const auto* opaque = std::get_if<PythonValue::Opaque>(&value.value)) {
    return "opaque " + std::string(opaque->name);
  }
  if (const auto* truth = std::get_if<bool>(&value.value)) return *truth ? "True" : "False";
  if (const auto* integer = std::get_if<std::int64_t>(&value.value)) {
    return "int " + std::to_string(*integer);
  }
  if (const auto* real = std::get_if<double>(&value.value)) {
    return "float " + hexadecimal({reinterpret_cast<const char*>(real), sizeof *real});
  }
  if (const auto* text = std::get_if<std::string_view>(&value.value)) {
    return "text " + hexadecimal(*text);
  }
  return "None";
}

void append_values(Lines& lines, const PythonValue& value, const std::string& place) {
  const auto append_items = [&](const std::vector<const PythonValue*>& items) {
    for (std::size_t i = 0; i < items.size(); ++i) {
      append_values(lines, *items[i], place + "/" + std::to_string(i));
    }
  };
  if (const auto* dict = std::get_if<PythonValue::Dict>(&value.value)) {
    for (const auto& [key, item] : dict->items) {
      append_values(lines, *item,
                    place + "/" + std::string(std::get<std::string_view>(key->value)));
    }
  } else if (const auto* sequence = std::get_if<PythonValue::Sequence>(&value.value)) {
    append_items(sequence->items);
  } else if (const auto* objects = std::get_if<PythonValue::ObjectArray>(&value.value)) {
    append_items(objects->items);
  } else {
    lines.push_back(place + "\t" + text_of(value));
  }
}

Lines values_in(const std::filesystem::path& path) {
  Lines lines;
  const PythonFile file(path);
  append_values(lines, file.root(), "");
  std::sort(lines.begin(), lines.end());
  return lines;
}

// The lines of expected.txt by file.
std::map<std::string, Lines> expected_in(const std::filesystem::path& folder) {
  std::map<std::string, Lines> expected;
  std::istringstream text(read_file(folder / "expected.txt"));
  for (std::string line; std::getline(text, line);) {
    const std::size_t tab = line.find('\t');
    expected[line.substr(0, tab)].push_back(line.substr(tab + 1));
  }
  return expected;
}

TEST(Checkpoints, HoldWhatNumpyAndTorchPutIntoThem) {
  const TempDir dir;
  test::run_shell(std::string("/usr/bin/python3 -B ") + CO2NET_CHECKPOINTS + " " +
                  test::shell_quoted(dir.path()) + " 2>&1");
  const auto expected = expected_in(dir.path());
  EXPECT_GT(expected.size(), 250u);
  for (const auto& [file, lines] : expected) {
    SCOPED_TRACE(file);
    constexpr std::string_view kError = "error\t";
    if (lines.front().starts_with(kError)) {
      test::expect_error(ErrorKind::kInput, {lines.front().substr(kError.size())},
                         [&, &name = file] { values_in(dir.path() / name); });
      continue;
    }
    Lines sorted = lines;
    std::sort(sorted.begin(), sorted.end());
    try {
      EXPECT_EQ(values_in(dir.path() / file), sorted);
    } catch (const Error& e) {
      ADD_FAILURE() << e.what();
    }
  }
}

}  // namespace
}  // namespace co2net
