// '--checkpoint 0' of the commands that go through videos, by killing them.
#include <gtest/gtest.h>

#include <csignal>

#include "tests/e2e/program.h"

namespace co2net::test {
namespace {

constexpr int kLongSnippets = 20;

class Checkpoint : public testing::TestWithParam<std::string> {
 protected:
  // The command on one long video; `to` is where its result goes.
  Strings arguments(const std::string& to) const {
    return here_.arguments(GetParam()) + Strings{clip_, "-o", here_.path(to)};
  }
  std::int64_t checkpoints() const { return here_.entries("features.checkpoint"); }
  std::string result(const std::string& to) const {
    const fs::path path = here_.path(to);
    return read_file(fs::is_directory(path) ? path / "long.npy" : path);
  }

  const Workplace here_;
  const std::string clip_ = here_.clip("long.mkv", 16 * kLongSnippets);
};

INSTANTIATE_TEST_SUITE_P(Of, Checkpoint, testing::Values("run", "extract"),
                         [](const auto& command) { return command.param; });

TEST_P(Checkpoint, OfZeroSecondsLetsAKilledCommandGoOn) {
  Process program(arguments("killed") + Strings{"--checkpoint", "0"});
  program.wait_until([this] { return checkpoints() > 0; });
  program.send(SIGKILL);
  EXPECT_EQ(program.wait(), -SIGKILL);
  EXPECT_FALSE(fs::exists(here_.path("killed/long.npy")));

  const fs::path stats = here_.path("stats.json");
  const Outcome resumed = co2net(arguments("resumed") + Strings{"--stats", stats});
  ASSERT_EQ(resumed.code, 0) << resumed.err;
  const Json extraction = Json::parse(read_file(stats)).at("videos").at("long").at("extraction");
  EXPECT_EQ(extraction.at("snippets"), kLongSnippets);
  const Json& networks = extraction.at("networks");
  const double clips =
      networks.at("seconds").get<double>() * networks.at("clips_per_s").get<double>();
  EXPECT_LT(clips, 2 * kLongSnippets - 0.5) << "the rest alone is computed";
  EXPECT_EQ(checkpoints(), 0);

  ASSERT_EQ(co2net(arguments("whole") + Strings{"--no-cache"}).code, 0);
  EXPECT_EQ(result("resumed"), result("whole"));
}

}  // namespace
}  // namespace co2net::test
