#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "pipeline/base/files.h"
#include "tests/support.h"

namespace co2net {
namespace {

void draw(const std::filesystem::path& directory, const std::string& arguments) {
  test::run_shell(CO2NET_DRAW_ACTIONS " -o " + test::shell_quoted(directory) + " " + arguments);
}

TEST(DrawActions, WritesVideosOfTheAskedLengthWithAnnotationsInsideThem) {
  const TempDir dir;
  draw(dir.path(), "--training 1 --test 1 --seconds 8");
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
  draw(first.path(), "--test 1 --seconds 6 --seed 1");
  draw(same.path(), "--test 1 --seconds 6 --seed 1");
  draw(other.path(), "--test 1 --seconds 6 --seed 2");
  const auto video = [](const TempDir& dir) { return read_file(dir.path() / "test_0001.mp4"); };
  EXPECT_EQ(video(first), video(same));
  EXPECT_NE(video(first), video(other));
}

TEST(DrawActions, GivesEachSubsetVideosOfItsOwn) {
  const TempDir dir;
  draw(dir.path(), "--training 1 --validation 1 --test 1 --seconds 6");
  const auto video = [&](const char* name) { return read_file(dir.path() / name); };
  EXPECT_NE(video("training_0001.mp4"), video("test_0001.mp4"));
  EXPECT_NE(video("training_0001.mp4"), video("validation_0001.mp4"));
  EXPECT_NE(video("validation_0001.mp4"), video("test_0001.mp4"));
}

// So that a subset can be drawn by itself, or grow, and the others stay as they are.
TEST(DrawActions, DrawsAVideoWhateverOthersAreDrawnWithIt) {
  const TempDir alone, among;
  draw(alone.path(), "--test 1 --seconds 6");
  draw(among.path(), "--training 1 --test 2 --test-background 1 --seconds 6");
  EXPECT_EQ(read_file(alone.path() / "test_0001.mp4"), read_file(among.path() / "test_0001.mp4"));
}

TEST(DrawActions, TellsTheHashOfWhatItDrew) {
  const TempDir dir;
  const auto print = [&](const std::string& arguments) {
    return test::run_shell(CO2NET_DRAW_ACTIONS " -o " + test::shell_quoted(dir.path()) + " " +
                           arguments);
  };
  const std::string one = print("--test 1 --seconds 6"), two = print("--test 2 --seconds 6");
  EXPECT_EQ(print("--test 1 --seconds 6"), one);
  EXPECT_TRUE(one.starts_with("1 videos, frames ")) << one;
  EXPECT_NE(one.substr(1), two.substr(1));
  const auto database =
      nlohmann::json::parse(read_file(dir.path() / "annotations.json")).at("database");
  EXPECT_EQ(database.at("test_0001").at("frames_sha256").get<std::string>().size(), 64u);
}

TEST(DrawActions, ShowsNoClipWithoutAMotionToPretrain) {
  const TempDir dir;
  draw(dir.path(), "--motions pretraining --trimmed --training 48 --seconds 0.64");
  const auto database =
      nlohmann::json::parse(read_file(dir.path() / "annotations.json")).at("database");
  std::map<std::string, int> clips;
  for (const auto& [id, video] : database.items()) {
    ASSERT_EQ(video.at("annotations").size(), 1u) << id;
    ++clips[video.at("annotations")[0].at("label")];
  }
  EXPECT_EQ(clips.size(), 24u);
  for (const auto& [label, count] : clips) EXPECT_EQ(count, 2) << label;
  EXPECT_FALSE(clips.contains("stop"));
}

TEST(DrawActions, DrawsSomeClassesThreeTimesAsOftenAsOthers) {
  const TempDir dir;
  draw(dir.path(), "--training 16 --seconds 6");
  const auto database =
      nlohmann::json::parse(read_file(dir.path() / "annotations.json")).at("database");
  std::map<std::string, int> videos;
  for (const auto& [id, video] : database.items()) {
    ++videos[video.at("annotations")[0].at("label")];
  }
  EXPECT_EQ(videos.size(), 8u);
  EXPECT_EQ(videos.at("stop"), 3);
  EXPECT_EQ(videos.at("lift"), 1);
}

TEST(DrawActions, ShowsOneActionOrNoneFromBeginningToEndInTrimmedVideos) {
  const TempDir dir;
  draw(dir.path(), "--trimmed --training 9 --seconds 0.64");
  const auto database =
      nlohmann::json::parse(read_file(dir.path() / "annotations.json")).at("database");
  ASSERT_EQ(database.size(), 9u);
  std::set<std::string> labels;
  for (const auto& [id, video] : database.items()) {
    const auto& annotations = video.at("annotations");
    if (annotations.empty()) continue;
    ASSERT_EQ(annotations.size(), 1u) << id;
    EXPECT_EQ(annotations[0].at("segment"), nlohmann::json({0, 0.64}));
    labels.insert(annotations[0].at("label"));
  }
  EXPECT_EQ(labels.size(), 8u) << "one video is without an action";
}

TEST(DrawActions, ShowsNothingThatHappensInBackgroundVideos) {
  const TempDir dir;
  draw(dir.path(), "--training 1 --training-background 2 --test-background 1 --seconds 6");
  EXPECT_EQ(
      names_in(dir.path()),
      (std::vector<std::string>{"annotations.json", "test_background_0001.mp4", "training_0001.mp4",
                                "training_background_0001.mp4", "training_background_0002.mp4"}));
  const auto database =
      nlohmann::json::parse(read_file(dir.path() / "annotations.json")).at("database");
  for (const auto& [id, video] : database.items()) {
    EXPECT_EQ(video.at("annotations").empty(), id != "training_0001") << id;
    EXPECT_EQ(video.at("subset"), id.substr(0, id.find('_')));
    EXPECT_EQ(video.at("duration"), 6.0);
  }
  EXPECT_NE(read_file(dir.path() / "training_background_0001.mp4"),
            read_file(dir.path() / "training_background_0002.mp4"));
}

TEST(DrawActions, DrawsChosenMotionsAlone) {
  const TempDir dir;
  draw(dir.path(), "--training 4 --seconds 12 --action wind --action stop");
  const auto database =
      nlohmann::json::parse(read_file(dir.path() / "annotations.json")).at("database");
  std::set<std::string> labels;
  for (const auto& [id, video] : database.items()) {
    for (const auto& annotation : video.at("annotations")) labels.insert(annotation.at("label"));
  }
  EXPECT_EQ(labels, (std::set<std::string>{"stop", "wind"}));
}

TEST(DrawActions, ReplacesWhatItDrewBeforeAndNothingElse) {
  const TempDir dir;
  const auto videos = dir.path() / "videos";
  draw(videos, "--training 1 --test 1 --seconds 6");
  draw(videos, "--test 1 --seconds 6");
  EXPECT_EQ(names_in(videos), (std::vector<std::string>{"annotations.json", "test_0001.mp4"}));
  write_file(videos / "mine.mp4", "");
  test::run_shell(CO2NET_DRAW_ACTIONS " -o " + test::shell_quoted(videos) +
                  " --training 1 --seconds 6 2>/dev/null || true");
  EXPECT_EQ(names_in(videos),
            (std::vector<std::string>{"annotations.json", "mine.mp4", "test_0001.mp4"}));
}

TEST(DrawActions, RefusesArgumentsThatMakeNoSense) {
  const TempDir dir;
  const auto message_of = [&](const std::string& arguments) {
    return test::run_shell(CO2NET_DRAW_ACTIONS " -o " + test::shell_quoted(dir.path()) + " " +
                           arguments + " 2>&1; echo $?");
  };
  EXPECT_EQ(message_of("--test 1 --seed -1"),
            "co2net_draw_actions: --seed must be from 0 to 2147483647\n2\n");
  EXPECT_EQ(message_of(""),
            "co2net_draw_actions: give the number of videos with --training, --validation or "
            "--test\n2\n");
  EXPECT_EQ(message_of("--test 1 --seconds 5"),
            "co2net_draw_actions: --seconds must be from 6 to 3600\n2\n");
  EXPECT_EQ(message_of("--test 1 --action swim"),
            "co2net_draw_actions: --action: 'swim' is none of the motions of the set "
            "benchmark\n2\n");
  EXPECT_EQ(message_of("--test 1 --motions pretraining --action stop"),
            "co2net_draw_actions: --action: 'stop' is none of the motions of the set "
            "pretraining\n2\n");
  EXPECT_NE(message_of("--test 1 --motions all").find("--motions must be"), std::string::npos);
  EXPECT_EQ(message_of("--trimmed --test-background 1"),
            "co2net_draw_actions: background videos are untrimmed; --trimmed has clips without an "
            "action\n2\n");
  EXPECT_EQ(message_of("--test-background -1"),
            "co2net_draw_actions: --test-background must be at least 0\n2\n");
  EXPECT_TRUE(std::filesystem::is_empty(dir.path()));
}

}  // namespace
}  // namespace co2net
