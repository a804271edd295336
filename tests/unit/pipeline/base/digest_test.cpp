#include "pipeline/base/digest.h"

#include <gtest/gtest.h>

#include "pipeline/base/files.h"
#include "tests/unit/expect_error.h"

namespace co2net {
namespace {

TEST(Sha256, IsThatOfTheStandardsExamples) {  // FIPS 180-4
  EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256(std::string(1000000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, OfAFileIsThatOfItsBytes) {
  const TempDir dir;
  for (const std::size_t size : {0u, 1u, (1u << 20) - 1, 1u << 20, (1u << 20) + 1}) {
    const std::string bytes(size, 'x');
    write_file(dir.path() / "a", bytes);
    EXPECT_EQ(sha256_file(dir.path() / "a"), sha256(bytes)) << size;
  }
}

TEST(Sha256, NamesTheFileThatCannotBeRead) {
  const TempDir dir;
  const auto absent = dir.path() / "absent";
  test::expect_error(ErrorKind::kInput, {absent.string(), "No such file"},
                     [&] { sha256_file(absent); });
  test::expect_error(ErrorKind::kInput, {dir.path().string()}, [&] { sha256_file(dir.path()); });
}

}  // namespace
}  // namespace co2net
