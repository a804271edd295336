#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "pipeline/base/json.h"

namespace co2net {

// Names a result by everything that determines its bytes. The document says it in words, for
// explain; the digest is the SHA-256 of the document's canonical JSON.
struct CacheKey {
  Json document;
  std::string digest;
};

// Collects what goes into a key:
//   KeyBuilder("features", kVersion).add("recipe", to_json(recipe)).add("video", sha256).build()
class KeyBuilder {
 public:
  // Bump `version` when the stage's code can change results.
  KeyBuilder(const std::string& stage, int version);
  // Throws Error(kInternal) for a name that the key has already, "stage" and "version" among them.
  KeyBuilder& add(const std::string& name, const Json& value);
  KeyBuilder& add(const std::string& name, const CacheKey& upstream);
  CacheKey build() const;

 private:
  Json document_;
};

// The CPU's instruction sets for which libraries have code of their own, by their names in
// /proc/cpuinfo, sorted. What else a kernel tells of a CPU does not change results.
std::vector<std::string> instruction_sets(std::string_view cpuinfo);

// What decoded and scaled frames depend on beside the versions of libav and OpenCV: libav's code
// for an instruction set may round otherwise than the plain one, as MPEG-4's inverse DCT and the
// conversion of colours do.
Json decoding_machine();

// What numbers of compiled code depend on beside its sources: that, the sizes of the CPU's caches,
// by which libraries cut sums into parts, this program's compiler, and the BLAS that is loaded,
// which names the CPU that it takes this one for.
Json machine_identity();

}  // namespace co2net
