#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/base/json.h"
#include "tests/fuzz/fuzzer.h"

// Changes JSON one value at a time, so that most of what it gives is JSON, too: bytes that are
// changed anywhere hardly ever get past the parser. Half of the time it is the last that was
// accepted: what lacks a key cannot become right again.

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

namespace co2net {
namespace {

using Random = std::minstd_rand;

void collect(Json& json, std::vector<Json*>& values) {
  values.push_back(&json);
  if (!json.is_structured()) return;
  for (Json& item : json) collect(item, values);
}

template <class T>
T& one_of(std::vector<T>& from, Random& random) {
  return from[random() % from.size()];
}

Json odd_value(Random& random) {
  static std::vector<Json> values = {
      nullptr,   true,       -1, 0,    1,     1.5,           -2.5,          1e300,
      INT64_MIN, UINT64_MAX, "", "-1", "1.5", Json::array(), Json::object()};
  return one_of(values, random);
}

std::string mutated(std::string text) {
  constexpr std::size_t kMoreBytes = 16;
  const std::size_t size = text.size();
  text.resize(size + kMoreBytes);
  text.resize(LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(text.data()), size, text.size()));
  return text;
}

Json scaled(const Json& number, Random& random) {
  const auto percent = static_cast<std::int64_t>(random() % 1000);
  if (number.is_number_float()) return number.get<double>() * static_cast<double>(percent) / 100;
  return percent;
}

Json::iterator any_item(Json& container, Random& random) {
  return std::next(container.begin(), static_cast<std::ptrdiff_t>(random() % container.size()));
}

// An item less, or one more, which is a copy of a value from anywhere.
void resize(Json& container, Json item, Random& random) {
  if (!container.empty() && random() % 2 == 0) {
    container.erase(any_item(container, random));
  } else if (container.is_array()) {
    container.push_back(std::move(item));
  } else {
    container[mutated(container.empty() ? "" : any_item(container, random).key())] =
        std::move(item);
  }
}

void mutate(Json& json, Random& random) {
  std::vector<Json*> values;
  collect(json, values);
  Json& value = *one_of(values, random);
  Json other = *one_of(values, random);
  if (random() % 4 == 0) {
    value = random() % 2 == 0 ? odd_value(random) : std::move(other);
  } else if (value.is_structured()) {
    resize(value, std::move(other), random);
  } else if (value.is_string()) {
    value = mutated(value);
  } else if (value.is_number()) {
    value = scaled(value, random);
  } else {
    value = odd_value(random);
  }
}

}  // namespace
}  // namespace co2net

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned seed) {
  using co2net::Json;
  co2net::Random random(seed);
  const std::string given(reinterpret_cast<const char*>(data), size);
  const std::string& text = random() % 2 == 0 ? given : co2net::last_accepted();
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_discarded() && random() % 16 != 0) {
    co2net::mutate(json, random);
    const std::string changed = json.dump(-1, ' ', false, Json::error_handler_t::replace);
    if (changed.size() <= most) {
      return static_cast<std::size_t>(std::ranges::copy(changed, data).out - data);
    }
  }
  return LLVMFuzzerMutate(data, size, most);
}
