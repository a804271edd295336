#include "pipeline/base/percent_encoding.h"

#include <gtest/gtest.h>

namespace co2net {
namespace {

TEST(PercentEncoding, KeepsEveryByteOfAName) {
  EXPECT_EQ(percent_encoded("../my videos/a#1?%.mp4"), "../my%20videos/a%231%3F%25.mp4");
  EXPECT_EQ(percent_encoded("a\xFF:<\"'.mp4"), "a%FF%3A%3C%22%27.mp4");
  const std::string bytes = "a\xFF #%/\n";
  EXPECT_EQ(percent_decoded(percent_encoded(bytes)), bytes);
  EXPECT_EQ(percent_decoded("50%, %2"), "50%, %2") << "no bytes";
}

}  // namespace
}  // namespace co2net
