#include "extractors/video/clips.h"

#include <gtest/gtest.h>

#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "tests/e2e/numbered_video.h"
#include "tests/support.h"
#include "tests/unit/expect_error.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

using test::numbers_from;
using test::run_shell;
using test::shell_quoted;

constexpr int kFps = 25, kFrames = 200;
constexpr int kKeyFrames = 10;      // from one to the next
constexpr double kOrigin_s = 0.52;  // of the first frame, after the first sound

class Clips : public testing::Test {
 protected:
  Clips() { test::draw_numbered(path("n.mp4"), kFrames, std::to_string(kFps)); }

  fs::path path(const std::string& name) const { return dir_.path() / name; }

  MovieJob job(const std::string& name) const {
    MovieJob job;
    job.file = std::make_shared<const OpenedFile>(path(name));
    return job;
  }
  // The video with sound that begins earlier.
  MovieJob with_sound(const std::string& name, const std::string& codec) const {
    run_shell("cd " + shell_quoted(dir_.path()) + " && ffmpeg -nostdin -v error -y -itsoffset " +
              std::to_string(kOrigin_s) + " -i n.mp4 " + test::tone(9) +
              "-map 0:v -map 1:a -c:v copy -c:a " + codec + " " + name);
    return job(name);
  }
  Cut cut(double start_s, double end_s) const {
    return {start_s, end_s, path("clip_" + std::to_string(start_s))};
  }

 private:
  TempDir dir_;
};

TEST_F(Clips, CutExactlyHoldTheFramesWithinAndTheirSound) {
  for (const auto& [name, codec] :
       {std::pair("v.mp4", "aac"), {"v.mkv", "pcm_s16le"}, {"v.ts", "aac"}}) {
    const MovieJob video = with_sound(name, codec);
    const std::vector<Cut> cuts = {cut(1.2, 3.0), cut(0, 0.52), cut(2.56, 5.03), cut(7.6, 20)};
    const std::vector<Clip> clips = cut_exactly(video, cuts);
    ASSERT_EQ(clips.size(), cuts.size());
    const std::vector<std::pair<int, int>> want = {{30, 75}, {0, 13}, {64, 126}, {190, 200}};
    for (std::size_t i = 0; i < clips.size(); ++i) {
      SCOPED_TRACE(clips[i].path);
      const auto frames = test::numbered_frames(clips[i].path);
      EXPECT_EQ(test::numbers_of(frames), numbers_from(want[i].first, want[i].second));
      EXPECT_NEAR(frames.front().time_s, 0, 0.002);
      EXPECT_NEAR(frames.back().time_s, (want[i].second - want[i].first - 1) / 25.0, 0.002);
      EXPECT_NEAR(clips[i].start_s, want[i].first / 25.0, 0.002);
      EXPECT_NEAR(clips[i].end_s, want[i].second / 25.0, 0.002);
      const double zero_s = kOrigin_s + cuts[i].start_s;
      const double end_s = std::min(9.0, kOrigin_s + cuts[i].end_s);
      test::expect_tone(clips[i].path, zero_s, zero_s, end_s);
      EXPECT_NEAR(static_cast<double>(test::sound_of(clips[i].path).size()) / test::kSoundRate,
                  end_s - zero_s, 0.03);
    }
  }
}

TEST_F(Clips, CutAtKeyFramesHoldTheSegmentAndWhatIsBeforeItAndTheirSound) {
  for (const auto& [name, codec] :
       {std::pair("v.mp4", "aac"), {"v.mkv", "pcm_s16le"}, {"v.ts", "aac"}}) {
    const MovieJob video = with_sound(name, codec);
    const std::vector<Cut> cuts = {cut(1.24, 3.0), cut(0, 0.52), cut(3.6, 5.03), cut(7.8, 20)};
    const std::vector<Clip> clips = cut_at_key_frames(video, cuts);
    for (std::size_t i = 0; i < clips.size(); ++i) {
      SCOPED_TRACE(clips[i].path);
      EXPECT_EQ(clips[i].path.extension(), std::string(codec) == "aac" ? ".mp4" : ".mkv");
      const std::vector<int> numbers = test::numbers_of(test::numbered_frames(clips[i].path));
      const int first = static_cast<int>(std::ceil(cuts[i].start_s * kFps - 1e-9));
      const int end = std::min(kFrames, static_cast<int>(std::ceil(cuts[i].end_s * kFps - 1e-9)));
      const int key = first / kKeyFrames * kKeyFrames;
      const std::vector<int> within = numbers_from(key, end);
      ASSERT_GE(numbers.size(), within.size());
      EXPECT_EQ(std::vector<int>(numbers.begin(), numbers.begin() + end - key), within);
      EXPECT_LE(numbers.back(), end + 3) << "but what others refer to";
      EXPECT_NEAR(clips[i].start_s, key / 25.0, 0.002);
      EXPECT_NEAR(clips[i].end_s, (numbers.back() + 1) / 25.0, 0.003);
      const double zero_s = kOrigin_s + clips[i].start_s;
      test::expect_tone(clips[i].path, zero_s, zero_s + 0.05,
                        std::min(8.9, kOrigin_s + cuts[i].end_s - 0.03));
    }
  }
}

TEST_F(Clips, OfManyThatOverlapAreCutInSeveralPasses) {
  std::vector<Cut> cuts;
  for (int i = 0; i < 20; ++i) cuts.push_back(cut(i * 0.2, i * 0.2 + 2));
  const std::vector<Clip> exact = cut_exactly(job("n.mp4"), cuts);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(test::numbers_of(test::numbered_frames(exact[i].path)),
              numbers_from(i * 5, i * 5 + 50));
  }
  for (const Clip& clip : cut_at_key_frames(job("n.mp4"), cuts)) {
    EXPECT_FALSE(test::numbered_frames(clip.path).empty());
  }
}

TEST_F(Clips, InWhichNoFrameLiesAreNoFiles) {
  const std::vector<Cut> cuts = {cut(100, 101), cut(1.001, 1.03)};
  for (const auto& clips :
       {cut_exactly(job("n.mp4"), cuts), cut_at_key_frames(job("n.mp4"), cuts)}) {
    for (const Clip& clip : clips) EXPECT_EQ(clip.path, "");
  }
  EXPECT_EQ(names_in(path("")), std::vector<std::string>{"n.mp4"});
}

TEST_F(Clips, OfPacketsWithoutTimesAreCutExactlyOrNot) {
  run_shell("cd " + shell_quoted(path("")) +
            " && ffmpeg -nostdin -v error -i n.mp4 -c:v mpeg4 -bf 2 -q:v 2 n.avi");
  test::expect_error(ErrorKind::kInput, {"n.avi", "--exact"},
                     [&] { cut_at_key_frames(job("n.avi"), {cut(1, 2)}); });
  EXPECT_EQ(
      test::numbers_of(test::numbered_frames(cut_exactly(job("n.avi"), {cut(1, 2)}).front().path)),
      numbers_from(25, 50));
}

TEST_F(Clips, PassesHaveNoMoreAtATimeThanAllowed) {
  using Passes = std::vector<std::vector<std::size_t>>;
  const std::vector<Cut> cuts = {{10, 20, {}}, {0, 12, {}}, {11, 13, {}}, {30, 31, {}}};
  EXPECT_EQ(passes_over(cuts, 3, 0), (Passes{{1, 0, 2, 3}}));
  EXPECT_EQ(passes_over(cuts, 1, 0), (Passes{{1, 3}, {0}, {2}}));
  EXPECT_EQ(passes_over(cuts, 1, 10), (Passes{{1}, {0}, {2}, {3}}));
  EXPECT_EQ(passes_over({}, 1, 0), Passes());
}

}  // namespace
}  // namespace co2net
