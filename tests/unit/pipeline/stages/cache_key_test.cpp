#include "pipeline/stages/cache_key.h"

#include <gtest/gtest.h>

#include "tests/unit/expect_error.h"

namespace co2net {
namespace {

TEST(KeyBuilder, RefusesToReplaceWhatAKeyHasAlready) {
  KeyBuilder builder("s", 1);
  builder.add("a", 1);
  for (const std::string name : {"a", "stage", "version"}) {
    test::expect_error(ErrorKind::kInternal, {"'" + name + "' is added twice"},
                       [&] { builder.add(name, 2); });
  }
  EXPECT_EQ(builder.build().digest, KeyBuilder("s", 1).add("a", 1).build().digest);
}

}  // namespace
}  // namespace co2net
