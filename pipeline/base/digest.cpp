#include "pipeline/base/digest.h"

#include <openssl/evp.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "pipeline/base/error.h"

namespace co2net {
namespace {

struct FreeDigest {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new()) {
    check(context_ != nullptr && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
  }
  void update(std::string_view bytes) {
    check(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1);
  }
  std::string hex() {
    unsigned char digest[32];
    check(EVP_DigestFinal_ex(context_.get(), digest, nullptr) == 1);
    std::string text;
    for (const unsigned char byte : digest) {
      text += "0123456789abcdef"[byte >> 4];
      text += "0123456789abcdef"[byte & 15];
    }
    return text;
  }

 private:
  static void check(bool ok) {
    if (!ok) throw Error(ErrorKind::kInternal, "SHA-256 is unavailable");
  }
  std::unique_ptr<EVP_MD_CTX, FreeDigest> context_;
};

}  // namespace

std::string sha256(std::string_view bytes) {
  Sha256 digest;
  digest.update(bytes);
  return digest.hex();
}

std::string sha256_file(const OpenedFile& file, const Deadline& deadline) {
  std::vector<char> block(1 << 20);
  Sha256 digest;
  std::int64_t offset = 0;
  while (const std::size_t count = file.read(offset, block)) {
    deadline.check();
    digest.update({block.data(), count});
    offset += static_cast<std::int64_t>(count);
  }
  return digest.hex();
}

std::string sha256_file(const std::filesystem::path& path) { return sha256_file(OpenedFile(path)); }

}  // namespace co2net
