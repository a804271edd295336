#include "extractors/features.h"

#include <gtest/gtest.h>
#include <oneapi/tbb/global_control.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <opencv2/core.hpp>
#include <set>

#include "tests/unit/expect_error.h"

namespace co2net {
namespace {

constexpr int kSide = 224;
constexpr int kWindow = 16;

// Flow that, in bytes at a bound of 127.5, is the gray of the pair's frames: x of the first, y of
// the second.
class NamingSolver : public FlowSolver {
 public:
  void start(const GrayView& frame) override { last_ = *frame.pixels; }
  FlowView next(const GrayView& frame) override {
    flow_.assign(frame.size.area(), {unquantised(last_), unquantised(*frame.pixels)});
    last_ = *frame.pixels;
    return {flow_.data(), frame.size, frame.size.width};
  }

 private:
  static float unquantised(std::uint8_t byte) { return static_cast<float>(byte - 127.5); }

  std::uint8_t last_ = 0;
  std::vector<FlowVector> flow_;
};

const FlowBackend kNaming = {"test", [](const Recipe::Flow&) { return true; }, true,
                             [](const Recipe::Flow&) { return std::string("test"); },
                             [](const Recipe::Flow&) -> std::unique_ptr<FlowSolver> {
                               return std::make_unique<NamingSolver>();
                             }};

// Frames whose gray is their index and whose red is 100 more.
FrameSource numbered_video(std::int64_t frames, int side = kSide) {
  return [=, next = std::int64_t{0}]() mutable -> FramePtr {
    if (next == frames) return nullptr;
    const auto frame = std::make_shared<Frame>();
    frame->gray = cv::Mat(side, side, CV_8UC1, cv::Scalar(static_cast<double>(next)));
    frame->bgr = cv::Mat(side, side, CV_8UC3, cv::Scalar(0, 0, static_cast<double>(next + 100)));
    ++next;
    return frame;
  };
}

// The 16 bytes that the first pixel of the first channel has over time, and a last value that
// tells whether the clip is RGB or flow.
Array bytes_over_time(const Array& clip) {
  Array feature({1, kWindow + 1});
  for (int time = 0; time < kWindow; ++time) {
    const auto at = static_cast<std::size_t>(time) * kSide * kSide;
    feature.values[static_cast<std::size_t>(time)] = (clip.values[at] + 1) * 127.5f;
  }
  feature.values.back() = static_cast<float>(clip.dim(1));
  return feature;
}

// What bytes_over_time should give for snippet `index`.
std::vector<float> expected_row(const Recipe& recipe, std::int64_t index, std::int64_t frames) {
  const auto frame_at = [&](int time) {
    return std::min(index * recipe.stride + time, frames - 1);
  };
  std::vector<float> row;
  for (int time = 0; time < kWindow; ++time)
    row.push_back(static_cast<float>(frame_at(time) + 100));
  row.push_back(3);
  for (int time = 0; time < kWindow; ++time) {
    const std::int64_t flow = std::min(frame_at(time), frames - 2);  // the last flow is repeated
    row.push_back(frames == 1 ? 128.f : static_cast<float>(flow));
  }
  row.push_back(2);
  return row;
}

// A gradient, so that every crop and its mirror image differ.
FrameSource gradient_video(int frames) {
  return [left = frames]() mutable -> FramePtr {
    if (left-- == 0) return nullptr;
    const auto frame = std::make_shared<Frame>();
    frame->bgr.create(256, 340, CV_8UC3);
    frame->bgr.forEach<cv::Vec3b>([](cv::Vec3b& pixel, const int* at) {
      pixel = cv::Vec3b(0, 0, static_cast<std::uint8_t>(at[1] / 2 + at[0] / 4));
    });
    return frame;
  };
}

class ExtractFeatures : public testing::Test {
 protected:
  ExtractFeatures() {
    recipe_.resize.width = recipe_.resize.height = kSide;
    recipe_.flow.bound = 127.5;
  }

  FeatureJob job(std::int64_t frames) {
    FeatureJob job;
    job.recipe = recipe_;
    job.source = numbered_video(frames);
    job.flow = &field_;
    job.networks = {bytes_over_time, bytes_over_time};
    job.modalities = {Modality::kRgb, Modality::kFlow};
    job.feature_size = kWindow + 1;
    return job;
  }

  Array expected(std::int64_t frames) const {
    const std::int64_t snippets = snippet_count(recipe_, frames);
    Array rows({snippets, 2 * (kWindow + 1)});
    for (std::int64_t i = 0; i < snippets; ++i) {
      std::ranges::copy(expected_row(recipe_, i, frames), rows.row(i));
    }
    return rows;
  }

  static void expect_near(const Array& actual, const Array& wanted) {
    ASSERT_EQ(actual.shape, wanted.shape);
    for (std::size_t i = 0; i < wanted.values.size(); ++i) {
      ASSERT_NEAR(actual.values[i], wanted.values[i], 1e-3) << "column " << i % 34;
    }
  }

  Recipe recipe_;
  Recipe::Flow unit_bound_ = [] {
    Recipe::Flow flow;
    flow.bound = 127.5;
    return flow;
  }();
  FlowField field_{kNaming, unit_bound_, Deadline()};
};

TEST_F(ExtractFeatures, SeesTheFramesAndFlowsOfEverySnippetInAnyChunksAndFromAnyStart) {
  for (const int stride : {4, 16, 20}) {
    for (const Tail tail : {Tail::kDrop, Tail::kPad}) {
      recipe_.stride = stride;
      recipe_.tail = tail;
      for (const std::int64_t frames : {1, 15, 16, 17, 21, 33, 36}) {
        const Array whole = expected(frames);
        for (const int threads : {1, 2, 7}) {
          SCOPED_TRACE(testing::Message() << "stride " << stride << ", " << name_of(tail) << ", "
                                          << frames << " frames, " << threads << " threads");
          const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                          static_cast<std::size_t>(threads));
          FeatureJob work = job(frames);
          work.threads = threads;
          const std::int64_t done = threads == 1 ? 0 : whole.dim(0) - threads / 7;
          if (done > 0) {
            work.done = Array({done, whole.dim(1)}, {whole.row(0), whole.row(0) + done * 34});
          }
          const Features features = extract_features(std::move(work));
          expect_near(features.rows, whole);
          EXPECT_EQ(features.frames, frames);
          const std::int64_t reach = (whole.dim(0) - 1) * stride + kWindow;
          EXPECT_EQ(features.repeated_frames, std::max<std::int64_t>(0, reach - frames));
        }
      }
    }
  }
}

TEST_F(ExtractFeatures, IsTheSameToTheBitForAnyNumberOfThreads) {
  Array first;
  for (const int threads : {1, 2, 7}) {
    FeatureJob work = job(100);
    work.threads = threads;
    const Array rows = extract_features(std::move(work)).rows;
    if (threads == 1) first = rows;
    EXPECT_EQ(rows, first) << threads;
  }
}

TEST_F(ExtractFeatures, IsTheSameToTheBitForAnyNumberOfClipsAtOnce) {
  recipe_.crop = CropMode::kTen;
  recipe_.ten_crop = TenCrop::kKeep;
  recipe_.resize = Recipe::Resize();
  const auto rows_with = [&](int clips_at_once, std::set<std::int64_t>& calls) {
    std::mutex mutex;
    FeatureJob work = job(0);
    work.source = gradient_video(32);  // 2 snippets, 20 clips
    work.flow = nullptr;
    work.modalities = {Modality::kRgb, Modality::kRgb};
    work.clips_at_once = clips_at_once;
    for (SnippetNetwork& network : work.networks) {
      network = [&, one = network](const Array& clips) {
        const std::lock_guard lock(mutex);
        calls.insert(clips.dim(0));
        Array features({clips.dim(0), kWindow + 1});
        for (std::int64_t i = 0; i < clips.dim(0); ++i) {
          Array clip = clips;
          clip.shape[0] = 1;
          clip.values.assign(clips.row(i), clips.row(i) + element_count(clip.shape));
          std::ranges::copy(one(clip).values, features.row(i));
        }
        return features;
      };
    }
    return extract_features(std::move(work)).rows;
  };
  std::set<std::int64_t> calls;
  const Array rows = rows_with(1, calls);
  EXPECT_EQ(rows.shape, (Shape{2, 10, 2 * (kWindow + 1)}));
  EXPECT_EQ(calls, std::set<std::int64_t>{1});
  for (const int clips_at_once : {4, 16, 64}) {
    calls.clear();
    EXPECT_EQ(rows_with(clips_at_once, calls), rows) << clips_at_once;
    EXPECT_EQ(*calls.rbegin(), std::min(clips_at_once, 20));
  }
}

TEST_F(ExtractFeatures, FillsEveryCallButTheLastHoweverManyThreadsThereAre) {
  for (const int threads : {1, 11, 40}) {
    std::mutex mutex;
    std::multiset<std::int64_t> calls;
    FeatureJob work = job(21 * kWindow);
    work.threads = threads;
    work.clips_at_once = 4;
    work.networks.pop_back();
    work.modalities.pop_back();
    work.networks[0] = [&](const Array& clips) {
      const std::lock_guard lock(mutex);
      calls.insert(clips.dim(0));
      return Array({clips.dim(0), kWindow + 1});
    };
    extract_features(std::move(work));
    EXPECT_EQ(calls, (std::multiset<std::int64_t>{1, 4, 4, 4, 4, 4})) << threads;
  }
}

TEST_F(ExtractFeatures, TakesFlowsThatTheSourceBrings) {
  FeatureJob work = job(20);
  work.source = [source = work.source]() -> FramePtr {
    const FramePtr frame = source();
    if (frame) {
      frame->gray.release();
      frame->flow = cv::Mat(kSide, kSide, CV_8UC2, cv::Scalar(9, 9));
    }
    return frame;
  };
  const Array rows = extract_features(std::move(work)).rows;
  EXPECT_NEAR(rows.values.at(kWindow + 1), 9, 1e-3);
}

TEST_F(ExtractFeatures, PutsColumnsInTheOrderOfTheNetworks) {
  FeatureJob work = job(16);
  work.modalities = {Modality::kFlow, Modality::kRgb};
  const Array rows = extract_features(std::move(work)).rows;
  EXPECT_EQ(rows.values.at(kWindow), 2) << "flow first";
  EXPECT_EQ(rows.values.at(2 * kWindow + 1), 3);
  FeatureJob rgb_only = job(16);
  rgb_only.flow = nullptr;
  rgb_only.networks.pop_back();
  rgb_only.modalities.pop_back();
  EXPECT_EQ(extract_features(std::move(rgb_only)).rows.shape, (Shape{1, kWindow + 1}));
}

TEST_F(ExtractFeatures, AveragesTenCropsOrKeepsThem) {
  const auto red_at = [](int x, int y) { return static_cast<float>(x / 2 + y / 4); };
  const float corners[10] = {red_at(0, 0),    red_at(116, 0),      red_at(0, 32),  red_at(116, 32),
                             red_at(58, 16),  red_at(223, 0),      red_at(339, 0), red_at(223, 32),
                             red_at(339, 32), red_at(58 + 223, 16)};
  recipe_.crop = CropMode::kTen;
  recipe_.resize = Recipe::Resize();
  Array rows[2];
  for (const bool keeps : {true, false}) {
    recipe_.ten_crop = keeps ? TenCrop::kKeep : TenCrop::kAverage;
    FeatureJob work = job(0);
    work.source = gradient_video(32);
    work.flow = nullptr;
    work.networks.pop_back();
    work.modalities.pop_back();
    rows[keeps ? 0 : 1] = extract_features(std::move(work)).rows;
  }
  ASSERT_EQ(rows[0].shape, (Shape{2, 10, kWindow + 1}));
  ASSERT_EQ(rows[1].shape, (Shape{2, kWindow + 1}));
  float mean = 0;
  for (std::size_t crop = 0; crop < 10; ++crop) {
    EXPECT_NEAR(rows[0].values[crop * (kWindow + 1)], corners[crop], 1e-3) << crop;
    mean += corners[crop] / 10;
  }
  EXPECT_NEAR(rows[1].values[0], mean, 1e-3);
  EXPECT_EQ(rows[1].values[kWindow], 3);
}

TEST_F(ExtractFeatures, ReportsAllRowsAfterEachChunk) {
  FeatureJob work = job(100);  // 6 snippets, 2 a chunk
  std::vector<std::int64_t> counts;
  work.on_progress = [&](const Array& rows) {
    counts.push_back(rows.dim(0));
    EXPECT_EQ(rows.values.size(), static_cast<std::size_t>(rows.dim(0) * 34));
  };
  extract_features(std::move(work));
  EXPECT_EQ(counts, (std::vector<std::int64_t>{2, 4, 6}));
}

TEST_F(ExtractFeatures, RefusesAVideoWithoutFrames) {
  test::expect_error(ErrorKind::kInput, {"no frames"}, [&] { extract_features(job(0)); });
}

TEST_F(ExtractFeatures, NamesTheStageThatFails) {
  FeatureJob broken_source = job(100);
  broken_source.source = [source = broken_source.source, left = 40]() mutable -> FramePtr {
    if (left-- == 0) throw Error(ErrorKind::kInput, "broken stream");
    return source();
  };
  EXPECT_EQ(test::failed_stage([&] { extract_features(std::move(broken_source)); }), "decode");

  FlowField late(kNaming, unit_bound_, Deadline(std::chrono::seconds(-1)));
  FeatureJob late_flow = job(100);
  late_flow.flow = &late;
  EXPECT_EQ(test::failed_stage([&] { extract_features(std::move(late_flow)); }), "flow");
}

TEST_F(ExtractFeatures, PassesOnWhatANetworkThrowsAndStopsAtTheDeadline) {
  FeatureJob broken = job(100);
  broken.networks[1] = [](const Array&) -> Array { throw Error(ErrorKind::kModel, "bad weights"); };
  test::expect_error(ErrorKind::kModel, {"bad weights"},
                     [&] { extract_features(std::move(broken)); });
  FeatureJob late = job(100);
  late.deadline = Deadline(std::chrono::seconds(-1));
  test::expect_error(ErrorKind::kInput, {"timed out"}, [&] { extract_features(std::move(late)); });
}

TEST_F(ExtractFeatures, HoldsFewFramesOfALongVideo) {
  recipe_.crop = CropMode::kFull;
  std::atomic<int> alive = 0;
  int most = 0;
  FeatureJob work = job(0);
  work.threads = 2;
  work.source = [&, source = numbered_video(1000, 8)]() mutable -> FramePtr {
    const FramePtr frame = source();
    if (!frame) return nullptr;
    most = std::max(most, ++alive);
    return {new Frame(*frame), [&alive](Frame* f) {
              --alive;
              delete f;
            }};
  };
  EXPECT_EQ(extract_features(std::move(work)).rows.dim(0), 62);
  EXPECT_EQ(alive, 0);
  const int chunk = 2 * kWindow + 2;
  EXPECT_LE(most, 4 * chunk);  // three in flight and what is read ahead
}

}  // namespace
}  // namespace co2net
