#include "pipeline/stages/cache_key.h"

#include <fstream>
#include <map>

#include "pipeline/base/digest.h"
#include "pipeline/base/error.h"

// OpenBLAS's, null where another BLAS is loaded.
extern "C" __attribute__((weak)) char* openblas_get_config();

namespace co2net {

KeyBuilder::KeyBuilder(const std::string& stage, int version)
    : document_{{"stage", stage}, {"version", version}} {}

KeyBuilder& KeyBuilder::add(const std::string& name, const Json& value) {
  if (!document_.emplace(name, value).second) {
    throw Error(ErrorKind::kInternal, "cache key: '" + name + "' is added twice");
  }
  return *this;
}

KeyBuilder& KeyBuilder::add(const std::string& name, const CacheKey& upstream) {
  return add(name, Json(upstream.digest));
}

CacheKey KeyBuilder::build() const { return {document_, sha256(to_text(document_))}; }

Json machine_identity() {
  std::map<std::string, std::string> fields;
  std::ifstream cpuinfo("/proc/cpuinfo");
  for (std::string line; std::getline(cpuinfo, line) && !line.empty();) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    const std::size_t name_end = line.find_last_not_of("\t ", colon - 1);
    const std::size_t value_at = line.find_first_not_of(' ', colon + 1);
    if (name_end == std::string::npos || value_at == std::string::npos) continue;
    fields[line.substr(0, name_end + 1)] = line.substr(value_at);
  }
  return {{"cpu", fields["model name"]},
          {"instruction_sets", sha256(fields["flags"] + fields["Features"])},
          {"compiler", __VERSION__},
          {"blas", openblas_get_config != nullptr ? openblas_get_config() : "other"}};
}

}  // namespace co2net
