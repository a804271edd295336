#pragma once

#include <string>

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

// What numbers of compiled code depend on beside its sources: the CPU's model and
// instruction sets, this program's compiler, and the BLAS that is loaded.
Json machine_identity();

}  // namespace co2net
