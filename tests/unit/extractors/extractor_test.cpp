#include "extractors/extractor.h"

#include <gtest/gtest.h>

#include <fstream>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <set>

#include "extractors/i3d/i3d_network.h"
#include "extractors/video/video_writer.h"
#include "pipeline/base/digest.h"
#include "pipeline/base/files.h"
#include "pipeline/formats/npy.h"
#include "tests/unit/expect_error.h"
#include "tests/unit/extractors/i3d/scripted.h"
#include "tests/unit/log_capture.h"
#include "tests/unit/other_settings.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

constexpr I3dArchitecture kRgb{.channels = 3, .width = 0.125};
constexpr I3dArchitecture kFlow{.channels = 2, .width = 0.125};

// A texture that moves, as a video of `frames` frames of 240 x 232.
void write_video(const fs::path& path, int frames, const VideoWriterOptions& base) {
  cv::Mat noise(300, 400, CV_8UC3);
  cv::RNG(2).fill(noise, cv::RNG::UNIFORM, 0, 256);
  cv::GaussianBlur(noise, noise, {9, 9}, 2);
  VideoWriterOptions options = base;
  options.width = 240;
  options.height = 232;
  VideoWriter writer(path, options);
  for (int i = 0; i < frames; ++i) {
    const cv::Mat view = noise(cv::Rect(i % 60, i % 30, 240, 232)).clone();
    writer.write(view.data, static_cast<std::ptrdiff_t>(view.step));
  }
  writer.finish();
}

// Two small networks, and options that make flow cheap.
class ExtractorTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = std::make_unique<TempDir>();
    save_i3d(folder_->path() / "rgb.pt", kRgb, he_uniform(1));
    save_i3d(folder_->path() / "flow.pt", kFlow, he_uniform(2));
    write_video(folder_->path() / "lossless.mkv", 33, {});
    write_video(folder_->path() / "h264.mp4", 40,
                {.fps = "30", .encoder = "libx264", .pixel_format = "yuv420p"});
    write_video(folder_->path() / "long.mkv", 100, {});
    write_video(folder_->path() / "slow.mkv", 3, {.fps = "1/12"});
  }
  static void TearDownTestSuite() { folder_.reset(); }

  ExtractorTest() {
    options_.recipe.resize.width = options_.recipe.resize.height = 224;
    options_.recipe.flow.scales = options_.recipe.flow.warps = 1;
    options_.recipe.flow.outer_iterations = options_.recipe.flow.inner_iterations = 2;
    options_.networks = {{Modality::kRgb, folder_->path() / "rgb.pt", std::string(64, '1')},
                         {Modality::kFlow, folder_->path() / "flow.pt", std::string(64, '2')}};
    options_.feature_size = i3d_feature_size(kRgb);
  }

  static VideoJob job(const std::string& name) {
    VideoJob job;
    const fs::path path = folder_->path() / name;
    if (fs::exists(path)) job.file = std::make_shared<const OpenedFile>(path);
    job.sha256 = sha256(name);
    return job;
  }

  Entry decoded_features(const VideoJob& video) const {
    const Extractor extractor(options_);
    return run_chain({extractor.features_stage(video, nullptr)}, nullptr, "x").entry;
  }

  // Features by way of kept frames, kept flow, or both.
  Entry features_from_kept(const VideoJob& video, bool frames, bool flow) const {
    const TempDir cache_dir;
    DiskCache cache(cache_dir.path());
    const Extractor extractor(options_);
    Chain chain;
    const auto add = [&](bool wanted, Stage stage) {
      if (!wanted) return Extractor::kNone;
      chain.push_back(std::move(stage));
      return chain.size() - 1;
    };
    const std::size_t frames_at = add(frames, extractor.frames_stage(video));
    const std::size_t flow_at = add(flow, extractor.flow_stage(video));
    chain.push_back(extractor.features_stage(video, &cache, frames_at, flow_at));
    return run_chain(chain, &cache, "x").entry;
  }

  std::string digest(const VideoJob& video) const {
    return Extractor(options_).features_stage(video, nullptr).key.digest;
  }

  static std::unique_ptr<TempDir> folder_;
  ExtractorOptions options_;
};

std::unique_ptr<TempDir> ExtractorTest::folder_;

TEST_F(ExtractorTest, GivesTheSameFeaturesFromKeptFramesAndFlow) {
  options_.recipe.tail = Tail::kPad;  // 33 frames: the last snippet holds the last frame alone
  for (const std::string name : {"lossless.mkv", "h264.mp4"}) {
    const Entry decoded = decoded_features(job(name));
    EXPECT_EQ(parse_npy(decoded.bytes, "x").shape, (Shape{3, 256})) << name;
    for (const auto& [frames, flow] : {std::pair(true, false), {false, true}, {true, true}}) {
      const Entry kept = features_from_kept(job(name), frames, flow);
      EXPECT_EQ(kept.bytes, decoded.bytes) << name << ", " << frames << ", " << flow;
      EXPECT_EQ(kept.info, decoded.info) << name << ", " << frames << ", " << flow;
    }
  }
}

TEST_F(ExtractorTest, SaysWhatWasDecoded) {
  const Json video = decoded_features(job("h264.mp4")).info.at("video");
  EXPECT_EQ(video.at("fps"), 25);
  EXPECT_EQ(video.at("source_fps"), 30);
  EXPECT_EQ(video.at("source_frames"), 40);
  EXPECT_NEAR(video.at("frames"), 40 * 25 / 30., 1);
  EXPECT_EQ(video.at("duration"), video.at("frames").get<double>() / 25);
  EXPECT_EQ(video.at("snippets"), 2);
  EXPECT_EQ(video.at("source_sha256"), sha256("h264.mp4"));
  EXPECT_EQ(video.at("decode").at("complete"), true);
  EXPECT_FALSE(video.contains("repeated_frames"));
}

TEST_F(ExtractorTest, SaysHowLongGapsWereFilledAndRefusesMoreFramesThanAllowed) {
  options_.recipe.fps = "1";
  VideoJob video = job("slow.mkv");
  const Json decoded = decoded_features(video).info.at("video");
  EXPECT_EQ(decoded.at("frames"), 36);
  const Json gaps = {{"count", 3}, {"frames", 33}, {"longest_s", 12.0}};
  EXPECT_EQ(decoded.at("decode").at("gaps"), gaps);
  video.limits.frames = 35;
  test::expect_error(ErrorKind::kInput, {"more than 35 frames", "--max-frames"},
                     [&] { decoded_features(video); });
}

TEST_F(ExtractorTest, GivesTheSameFeaturesWithAnyNumberOfThreads) {
  const Entry one = decoded_features(job("lossless.mkv"));
  options_.threads = 5;
  EXPECT_EQ(decoded_features(job("lossless.mkv")).bytes, one.bytes);
}

// How far a run was each time that it said so, after another was interrupted when it said `cut`.
std::vector<std::int64_t> progress_after(const Extractor& extractor, VideoJob video,
                                         DiskCache& cache, std::int64_t cut) {
  video.on_progress = [&](std::int64_t done, std::int64_t) {
    if (done == cut) throw Error(ErrorKind::kInterrupted, "interrupted");
  };
  EXPECT_THROW(run_chain({extractor.features_stage(video, &cache)}, &cache, "x"), Error);
  std::vector<std::int64_t> progress;
  video.on_progress = [&](std::int64_t done, std::int64_t expected) {
    progress.push_back(done);
    EXPECT_EQ(expected, 6);
  };
  run_chain({extractor.features_stage(video, &cache)}, &cache, "x");
  return progress;
}

TEST_F(ExtractorTest, ResumesFromTheChunkBeforeTheOneThatWasCutShortAndSaysWhereItBegins) {
  const Entry whole = decoded_features(job("long.mkv"));
  options_.checkpoint_s = 0;
  const Extractor extractor(options_);
  using Progress = std::vector<std::int64_t>;
  for (const auto& [cut, rest] :
       {std::pair(2, Progress{0, 2, 4, 6}), {4, Progress{2, 4, 6}}, {6, Progress{4, 6}}}) {
    const TempDir cache_dir;
    DiskCache cache(cache_dir.path());
    EXPECT_EQ(progress_after(extractor, job("long.mkv"), cache, cut), rest);
    const Stage stage = extractor.features_stage(job("long.mkv"), &cache);
    EXPECT_EQ(cache.get(stage.key)->bytes, whole.bytes);
    EXPECT_EQ(cache.usage_by_stage().count("features.checkpoint"), 0u);
  }
}

TEST_F(ExtractorTest, SavesEachRowOnceHoweverOftenItSaves) {
  options_.checkpoint_s = 0;
  const Extractor extractor(options_);
  const TempDir cache_dir;
  DiskCache cache(cache_dir.path());
  VideoJob video = job("long.mkv");
  video.on_progress = [](std::int64_t done, std::int64_t) {
    if (done == 6) throw Error(ErrorKind::kInterrupted, "interrupted");
  };
  EXPECT_THROW(run_chain({extractor.features_stage(video, &cache)}, &cache, "x"), Error);
  const DiskCache::Usage saved = cache.usage_by_stage().at("features.checkpoint");
  EXPECT_EQ(saved.entries, 2);
  const std::int64_t rows = 4 * 256 * static_cast<std::int64_t>(sizeof(float));
  EXPECT_GE(saved.bytes, rows);
  EXPECT_LT(saved.bytes, 2 * rows);
}

TEST_F(ExtractorTest, StartsAnewWhereTheFirstCheckpointIsGone) {
  const Entry whole = decoded_features(job("long.mkv"));
  options_.checkpoint_s = 0;
  const Extractor extractor(options_);
  const TempDir cache_dir;
  DiskCache cache(cache_dir.path());
  VideoJob video = job("long.mkv");
  video.on_progress = [&](std::int64_t done, std::int64_t) {
    if (done == 2) return;  // it is saved next
    if (done == 4) {
      EXPECT_EQ(cache.collect_garbage(0).in_use.entries, 1) << "it is needed after a kill";
      fs::remove_all(cache_dir.path() / "v1" / "entries");
    }
    if (done == 6) throw Error(ErrorKind::kInterrupted, "interrupted");
  };
  EXPECT_THROW(run_chain({extractor.features_stage(video, &cache)}, &cache, "x"), Error);
  EXPECT_EQ(cache.usage_by_stage().at("features.checkpoint").entries, 1) << "rows 2 and 3";
  const Stage stage = extractor.features_stage(job("long.mkv"), &cache);
  EXPECT_EQ(run_chain({stage}, &cache, "x").entry.bytes, whole.bytes);
}

TEST_F(ExtractorTest, SavesNoCheckpointBeforeItsTime) {
  options_.checkpoint_s = 3600;
  const TempDir cache_dir;
  DiskCache cache(cache_dir.path());
  EXPECT_EQ(progress_after(Extractor(options_), job("long.mkv"), cache, 6),
            (std::vector<std::int64_t>{0, 2, 4, 6}));
}

TEST_F(ExtractorTest, ChangesTheKeyWithEverythingThatChangesFeatures) {
  options_.recipe = recipe_preset("wtalc-cpu");
  std::set<std::string> digests = {digest(job("a"))};
  std::size_t changes = 1;
  const auto expect_new = [&](const std::string& what, const std::string& key) {
    EXPECT_TRUE(digests.insert(key).second) << what;
    ++changes;
  };
  expect_new("video", digest(job("b")));
  VideoJob second_stream = job("a");
  second_stream.stream = 1;
  expect_new("stream", digest(second_stream));

  const ExtractorOptions usual = options_;
  const auto expect_new_with = [&](const std::string& what, auto change) {
    options_ = usual;
    change();
    expect_new(what, digest(job("a")));
  };
  expect_new_with("weights", [&] { options_.networks[0].sha256 = std::string(64, '3'); });
  expect_new_with("flow weights", [&] { options_.networks[1].sha256 = std::string(64, '3'); });
  expect_new_with("device", [&] { options_.device = {DeviceKind::kCuda}; });
  expect_new_with("precision", [&] { options_.i3d_precision = I3dPrecision::kFp16; });
  expect_new_with("other precision", [&] { options_.i3d_precision = I3dPrecision::kBf16; });
  expect_new_with("clips at once", [&] { options_.clips_at_once = 16; });
  expect_new_with("fewer clips at once", [&] { options_.clips_at_once = 8; });
  expect_new_with("streams", [&] { options_.networks.pop_back(); });
  for (const std::string& setting : test::kOtherSettings) {
    expect_new_with(setting, [&] {
      options_.networks.pop_back();  // so that no backend need compute the variant
      options_.recipe = with_setting(usual.recipe, setting);
    });
  }
  EXPECT_EQ(digests.size(), changes);
}

TEST_F(ExtractorTest, KeepsTheKeyForWhatDoesNotChangeFeatures) {
  const std::string key = digest(job("a"));
  options_.threads = 9;
  options_.checkpoint_s = 1;
  options_.recipe.name = "another name";
  options_.flow_backend = "cpu";
  VideoJob moved = job("a");
  moved.file = std::make_shared<const OpenedFile>(folder_->path() / "lossless.mkv");
  moved.limits = {.frames = 9, .pixels = 9, .scaled_pixels = 9, .streams = 9, .allocation = 9};
  moved.deadline = Deadline(std::chrono::hours(1));
  EXPECT_EQ(digest(moved), key);
}

TEST_F(ExtractorTest, KeysKeptFramesAndFlowByWhatChangesThemOnly) {
  const auto keys = [&] {
    const Extractor extractor(options_);
    return std::pair(extractor.frames_stage(job("a")).key.digest,
                     extractor.flow_stage(job("a")).key.digest);
  };
  const auto usual = keys();
  options_.recipe = with_setting(options_.recipe, "stride=4");
  options_.recipe = with_setting(options_.recipe, "crop=ten");
  options_.networks[0].sha256 = std::string(64, '3');
  EXPECT_EQ(keys(), usual);
  options_.recipe = with_setting(options_.recipe, "flow.tau=0.2");
  EXPECT_EQ(keys().first, usual.first);
  EXPECT_NE(keys().second, usual.second);
  options_.recipe = with_setting(options_.recipe, "fps=10");
  EXPECT_NE(keys().first, usual.first);
}

TEST_F(ExtractorTest, KeysFlowByTheMachineOnlyAsFarAsItsFramesAre) {
  const Extractor extractor(options_);
  const Json frames = extractor.frames_stage(job("a")).key.document;
  const Json flow = extractor.flow_stage(job("a")).key.document;
  EXPECT_EQ(flow.at("machine"), frames.at("machine"));
  EXPECT_FALSE(flow.at("machine").contains("compiler"));
}

TEST_F(ExtractorTest, KeysEachStageByTheVersionsOfThoseBeforeIt) {
  const Extractor extractor(options_);
  const Json frames = extractor.frames_stage(job("a")).key.document;
  const Json flow = extractor.flow_stage(job("a")).key.document;
  const Json features = extractor.features_stage(job("a"), nullptr).key.document;
  EXPECT_EQ(flow.at("frames_version"), frames.at("version"));
  EXPECT_EQ(features.at("frames_version"), frames.at("version"));
  EXPECT_EQ(features.at("flow_version"), flow.at("version"));
}

// A network whose memory is short for more than two clips at once: of any, or of those that are not
// zeros, which are of a video.
fs::path short_of_memory(const fs::path& folder, bool only_for_videos) {
  const std::string indent = only_for_videos ? "    " : "";
  const fs::path file = folder / (only_for_videos ? "later.pt" : "at-once.pt");
  test::module_of((only_for_videos ? "if float(x.abs().sum()) > 0:\n" : "") + indent +
                      "assert x.size(0) <= 2, \"CUDA out of memory. Tried to allocate\"\n" +
                      "return x.mean([2, 3, 4])",
                  {})
      .save(file.string());
  return file;
}

TEST_F(ExtractorTest, HalvesTheClipsAtOnceForAllThatFollowsWhereMemoryIsShort) {
  options_.networks.pop_back();
  options_.feature_size = 3;
  for (const bool only_for_videos : {false, true}) {
    options_.networks[0].file = short_of_memory(folder_->path(), only_for_videos);
    options_.clips_at_once = 2;
    const Entry wanted = decoded_features(job("long.mkv"));
    const std::string wanted_key = digest(job("long.mkv"));

    options_.clips_at_once = 8;
    const Extractor extractor(options_);
    const test::LogCapture log;
    const auto stage = [&] { return extractor.features_stage(job("long.mkv"), nullptr); };
    const auto run = [](const Stage& made) { return run_chain({made}, nullptr, "x").entry; };
    const Stage of_eight = stage();
    test::expect_error(ErrorKind::kRetry, {"8 clips at once"}, [&] { run(of_eight); });
    test::expect_error(ErrorKind::kRetry, {"4 clips at once"}, [&] { run(stage()); });
    test::expect_error(ErrorKind::kRetry, {"more clips at once than fit"}, [&] { run(of_eight); });
    EXPECT_EQ(stage().key.digest, wanted_key);
    EXPECT_EQ(run(stage()).bytes, wanted.bytes);
    EXPECT_NE(log.lines().find("from here on it is 2, and features are cached apart"),
              std::string::npos)
        << log.lines();
  }
}

TEST_F(ExtractorTest, NamesTheStageThatFails) {
  write_file(folder_->path() / "junk.mp4", "junk");
  EXPECT_EQ(test::failed_stage([&] { decoded_features(job("junk.mp4")); }), "decode");
  options_.networks[0].file = folder_->path() / "absent.pt";
  EXPECT_EQ(test::failed_stage([&] { decoded_features(job("lossless.mkv")); }), "features");
}

TEST_F(ExtractorTest, KeepsNothingOfAVideoThatIsWrittenToWhileItIsDecoded) {
  const fs::path path = folder_->path() / "growing.mkv";
  fs::copy(folder_->path() / "long.mkv", path, fs::copy_options::overwrite_existing);
  options_.checkpoint_s = 0;
  const Extractor extractor(options_);
  const TempDir dir;
  DiskCache cache(dir.path() / "cache");
  VideoJob video = job("growing.mkv");
  const auto append = [&](std::int64_t, std::int64_t) {
    std::ofstream(path, std::ios::app) << "more";
  };
  video.on_progress = append;
  const auto expect_refused = [&](const auto& work) {
    test::expect_error(ErrorKind::kInput, {"growing.mkv", "written to while it was read"}, work);
  };
  const Stage features = extractor.features_stage(video, &cache);
  expect_refused([&] { run_chain({features}, &cache, "x"); });
  EXPECT_TRUE(cache.usage_by_stage().empty()) << "no checkpoint either";
  expect_refused([&] { run_chain({extractor.frames_stage(video)}, &cache, "x"); });
  EXPECT_FALSE(cache.contains(extractor.frames_stage(video).key));
  expect_refused([&] { run_chain({extractor.flow_stage(video)}, &cache, "x"); });
  EXPECT_FALSE(cache.contains(extractor.flow_stage(video).key));
}

TEST_F(ExtractorTest, DecodesTheContentThatWasOpenedWhateverTakesItsName) {
  const fs::path path = folder_->path() / "replaced.mkv";
  fs::copy(folder_->path() / "lossless.mkv", path);
  const VideoJob video = job("replaced.mkv");
  fs::rename(path, folder_->path() / "elsewhere.mkv");
  write_file(path, "junk");
  EXPECT_EQ(decoded_features(video).bytes, decoded_features(job("lossless.mkv")).bytes);
}

TEST_F(ExtractorTest, RefusesFramesThatResizingMakesLargerThanAllowed) {
  VideoJob video = job("lossless.mkv");
  video.limits.scaled_pixels = 224 * 224 - 1;
  test::expect_error(ErrorKind::kInput, {"240x232", "--max-scaled-pixels"},
                     [&] { decoded_features(video); });
  video.limits.scaled_pixels = 224 * 224;
  EXPECT_NO_THROW(decoded_features(video));
}

TEST_F(ExtractorTest, HasNoFlowStageWithoutANetworkThatTakesFlow) {
  options_.networks.pop_back();
  const Extractor extractor(options_);
  test::expect_error(ErrorKind::kInternal, {"no network takes it"},
                     [&] { extractor.flow_stage(job("lossless.mkv")); });
}

TEST_F(ExtractorTest, RefusesABackendThatDoesNotComputeTheRecipesFlow) {
  options_.recipe.flow.variant = FlowVariant::kOpencvCuda;
  options_.flow_backend = "cpu";
  test::expect_error(ErrorKind::kUsage, {"opencv-cuda"}, [&] { Extractor{options_}; });
  options_.networks.pop_back();
  EXPECT_NO_THROW(Extractor{options_}) << "no flow stream, no backend";
}

TEST_F(ExtractorTest, SavesAFlowForEveryFrameTheLastOneRepeated) {
  const TempDir dir;
  const Json video = save_flow(job("lossless.mkv"), options_.recipe,
                               choose_flow_backend("cpu", options_.recipe.flow, std::nullopt), 2,
                               FlowFormat::kFlo, dir.path() / "flow");
  EXPECT_EQ(video.at("frames"), 33);
  EXPECT_TRUE(fs::exists(dir.path() / "flow" / "flow_00033.flo"));
  EXPECT_FALSE(fs::exists(dir.path() / "flow" / "flow_00034.flo"));
  EXPECT_EQ(read_file(dir.path() / "flow" / "flow_00033.flo"),
            read_file(dir.path() / "flow" / "flow_00032.flo"));
  EXPECT_NE(read_file(dir.path() / "flow" / "flow_00032.flo"),
            read_file(dir.path() / "flow" / "flow_00031.flo"));
}

}  // namespace
}  // namespace co2net
