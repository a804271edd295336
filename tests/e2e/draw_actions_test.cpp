#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "pipeline/files.h"
#include "tests/support.h"

namespace co2net {
namespace {

void draw(const std::filesystem::path& directory, const std::string& arguments) {
  test::run_shell(CO2NET_DRAW_ACTIONS " -o " + test::shell_quoted(directory) + " " + arguments);
}

TEST(DrawActions, WritesVideosOfTheAskedLengthWithAnnotationsInsideThem) {
  const TempDir dir;
  draw(dir.path(), "--count 2 --seconds 8");
  const auto database =
      nlohmann::json::parse(read_file(dir.path() / "annotations.json")).at("database");
  ASSERT_EQ(database.size(), 2u);
  for (const auto& [id, video] : database.items()) {
    const std::string probe =
        "ffprobe -v error -count_frames -of csv=p=0 -show_entries "
        "stream=codec_name,width,height,pix_fmt,r_frame_rate,nb_read_frames ";
    EXPECT_EQ(test::run_shell(probe + test::shell_quoted(dir.path() / (id + ".mp4"))),
              "h264,320,240,yuv420p,25/1,200\n");
    EXPECT_EQ(video.at("duration"), 8.0);
    EXPECT_FALSE(video.at("annotations").empty());
    double last_end = 0;
    for (const auto& annotation : video.at("annotations")) {
      EXPECT_GT(annotation.at("segment").at(0), last_end);
      last_end = annotation.at("segment").at(1);
    }
    EXPECT_LE(last_end, 8.0);
  }
}

TEST(DrawActions, DrawsTheSameForTheSameSeedOnly) {
  const TempDir first, same, other;
  draw(first.path(), "--count 1 --seconds 6 --seed 1");
  draw(same.path(), "--count 1 --seconds 6 --seed 1");
  draw(other.path(), "--count 1 --seconds 6 --seed 2");
  const auto video = [](const TempDir& dir) { return read_file(dir.path() / "actions_0001.mp4"); };
  EXPECT_EQ(video(first), video(same));
  EXPECT_NE(video(first), video(other));
}

}  // namespace
}  // namespace co2net
