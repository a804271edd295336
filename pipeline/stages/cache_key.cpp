#include "pipeline/stages/cache_key.h"

#include <unistd.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "pipeline/base/digest.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/text.h"

// OpenBLAS's, null where another BLAS is loaded.
extern "C" __attribute__((weak)) char* openblas_get_config();

namespace co2net {
namespace {

// Of x86-64 and arm64, as the kernel spells them.
constexpr std::string_view kInstructionSets[] = {"mmx",          "sse",         "sse2",
                                                 "pni",          "ssse3",       "sse4_1",
                                                 "sse4_2",       "avx",         "f16c",
                                                 "fma",          "fma4",        "xop",
                                                 "avx2",         "avx_vnni",    "avx512f",
                                                 "avx512bw",     "avx512cd",    "avx512dq",
                                                 "avx512vl",     "avx512ifma",  "avx512vbmi",
                                                 "avx512_vbmi2", "avx512_vnni", "avx512_bitalg",
                                                 "avx512_bf16",  "avx512_fp16", "avx512_vpopcntdq",
                                                 "amx_tile",     "amx_int8",    "amx_bf16",
                                                 "amx_fp16",     "asimd",       "asimdhp",
                                                 "asimddp",      "asimdfhm",    "fphp",
                                                 "i8mm",         "bf16",        "sve",
                                                 "sve2",         "svei8mm",     "svebf16",
                                                 "sme"};

}  // namespace

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

std::vector<std::string> instruction_sets(std::string_view cpuinfo) {
  const std::vector<std::string> lines = lines_of(cpuinfo);
  const auto is_list = [](const std::string& line) {
    return line.starts_with("flags") || line.starts_with("Features");
  };
  const auto list = std::ranges::find_if(lines, is_list);  // the first processor's
  std::set<std::string> found;
  std::istringstream words(list != lines.end() ? *list : "");
  for (std::string word; words >> word;) {
    if (std::ranges::count(kInstructionSets, word) > 0) found.insert(word);
  }
  return {found.begin(), found.end()};
}

Json decoding_machine() {
  return {{"instruction_sets", instruction_sets(read_file("/proc/cpuinfo"))}};
}

Json machine_identity() {
  // Once: OpenBLAS writes what it is into memory that all threads share, and two at a time got
  // more.
  static const Json kMachine = [] {
    Json machine = decoding_machine();
    machine["cache_bytes"] = {::sysconf(_SC_LEVEL1_DCACHE_SIZE), ::sysconf(_SC_LEVEL2_CACHE_SIZE)};
    machine["compiler"] = __VERSION__;
    machine["blas"] = openblas_get_config != nullptr ? openblas_get_config() : "other";
    return machine;
  }();
  return kMachine;
}

}  // namespace co2net
