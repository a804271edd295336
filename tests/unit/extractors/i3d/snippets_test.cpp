#include "extractors/i3d/snippets.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>

namespace co2net {
namespace {

FrameSource source_of(const std::vector<FramePtr>& frames) {
  return [frames, next = std::size_t{0}]() mutable {
    return next < frames.size() ? frames[next++] : nullptr;
  };
}

std::vector<FramePtr> empty_frames(std::int64_t count) {
  std::vector<FramePtr> frames;
  for (std::int64_t i = 0; i < count; ++i) frames.push_back(std::make_shared<Frame>());
  return frames;
}

// Calls visit(recipe, frame count) for many recipes and lengths around the interesting ones.
template <class Visit>
void for_many_videos(Visit visit) {
  Recipe recipe;
  for (const int stride : {1, 4, 15, 16, 17, 20, 40}) {
    for (const Tail tail : {Tail::kDrop, Tail::kPad}) {
      recipe.stride = stride;
      recipe.tail = tail;
      for (std::int64_t count = 0; count < 70; ++count) visit(recipe, count);
    }
  }
}

TEST(SnippetReader, GivesTheFramesOfEverySnippetInChunksOfAnySizeFromAnyStart) {
  for_many_videos([](const Recipe& recipe, std::int64_t count) {
    const std::vector<FramePtr> frames = empty_frames(count);
    const std::int64_t snippets = snippet_count(recipe, count);
    for (const int per_chunk : {1, 2, 3, 7}) {
      for (std::int64_t first = 0; first <= snippets; first += 1 + snippets / 4) {
        SCOPED_TRACE(testing::Message()
                     << "stride " << recipe.stride << ", " << name_of(recipe.tail) << ", " << count
                     << " frames, " << per_chunk << " from " << first);
        SnippetReader reader(source_of(frames), recipe, first, per_chunk);
        std::int64_t next = first;
        while (const auto chunk = reader.next()) {
          ASSERT_EQ(chunk->first, next);
          ASSERT_GE(chunk->count, 1);
          ASSERT_LE(chunk->count, per_chunk);
          for (std::int64_t i = 0; i < chunk->count; ++i, ++next) {
            for (int time = 0; time < recipe.window; ++time) {
              const std::int64_t at = std::min(next * recipe.stride + time, count - 1);
              ASSERT_EQ(&frame_of(*chunk, recipe, i, time),
                        frames[static_cast<std::size_t>(at)].get())
                  << next << ", " << time;
            }
          }
        }
        ASSERT_EQ(next, snippets);
        ASSERT_EQ(reader.frames(), count) << "the source is read to its end";
      }
    }
  });
}

TEST(SnippetReader, GivesTheNeighboursThatFlowNeeds) {
  for_many_videos([](const Recipe& recipe, std::int64_t count) {
    const std::vector<FramePtr> frames = empty_frames(count);
    SnippetReader reader(source_of(frames), recipe, 0, 2);
    while (const auto chunk = reader.next()) {
      const auto begin = static_cast<std::size_t>(chunk->first * recipe.stride);
      ASSERT_EQ(chunk->before, begin > 0 ? frames[begin - 1] : nullptr);
      const std::size_t after_last =
          begin + static_cast<std::size_t>((chunk->count - 1) * recipe.stride + recipe.window);
      const std::size_t end = std::min(after_last + 1, frames.size());
      ASSERT_EQ(chunk->frames.size(), end - begin);
      for (std::size_t i = begin; i < end; ++i) {
        const auto at = static_cast<int>(i) % recipe.stride;
        const bool is_taken = at <= recipe.window || at == recipe.stride - 1;
        ASSERT_EQ(chunk->frames[i - begin], is_taken ? frames[i] : nullptr)
            << recipe.stride << ", " << count << " frames, chunk at " << chunk->first << ", " << i;
      }
    }
  });
}

TEST(SnippetReader, HoldsNoFrameThatLiesBetweenSnippets) {
  Recipe recipe;
  recipe.stride = 1000;
  std::vector<std::weak_ptr<Frame>> given;
  const FrameSource source = [&]() -> FramePtr {
    if (given.size() == 5000) return nullptr;
    const auto frame = std::make_shared<Frame>();
    given.push_back(frame);
    return frame;
  };
  SnippetReader reader(source, recipe, 0, 3);
  while (const auto chunk = reader.next()) {
    const auto held = std::ranges::count_if(given, [](const auto& f) { return !f.expired(); });
    EXPECT_LE(held, 4 * (recipe.window + 2));
  }
  EXPECT_EQ(given.size(), 5000u);
}

TEST(IsCovered, TellsFramesOfASnippetFromThoseBetween) {
  for_many_videos([](const Recipe& recipe, std::int64_t count) {
    SnippetReader reader(source_of(empty_frames(count)), recipe, 0, 3);
    while (const auto chunk = reader.next()) {
      for (std::size_t i = 0; i < chunk->frames.size(); ++i) {
        const auto at = static_cast<std::int64_t>(i);
        bool inside = false;
        for (std::int64_t s = 0; s < chunk->count; ++s) {
          inside |= at >= s * recipe.stride && at < s * recipe.stride + recipe.window;
        }
        ASSERT_EQ(is_covered(*chunk, recipe, i), inside) << recipe.stride << ", " << i;
      }
    }
  });
}

std::vector<cv::Rect> areas(const Recipe& recipe, cv::Size frame) {
  std::vector<cv::Rect> result;
  for (const Crop& crop : crops_of(recipe, frame)) result.push_back(crop.area);
  return result;
}

TEST(CropsOf, AreTheMiddleTheWholeOrTen) {
  Recipe recipe;
  EXPECT_EQ(areas(recipe, {340, 256}), std::vector<cv::Rect>{cv::Rect(58, 16, 224, 224)});
  EXPECT_EQ(areas(recipe, {341, 257}), std::vector<cv::Rect>{cv::Rect(58, 16, 224, 224)});
  recipe.crop = CropMode::kFull;
  EXPECT_EQ(areas(recipe, {340, 256}), std::vector<cv::Rect>{cv::Rect(0, 0, 340, 256)});
  recipe.crop = CropMode::kTen;
  const auto ten = crops_of(recipe, {340, 256});
  ASSERT_EQ(ten.size(), 10u);
  const cv::Point corners[] = {{0, 0}, {116, 0}, {0, 32}, {116, 32}, {58, 16}};
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_EQ(ten[i].area, cv::Rect(corners[i % 5], cv::Size(224, 224))) << i;
    EXPECT_EQ(ten[i].mirrored, i >= 5) << i;
  }
}

// A snippet of noise in frames of 340 x 256.
class Clips : public testing::Test {
 protected:
  Clips() {
    cv::RNG random(5);
    chunk_.count = 1;
    for (int i = 0; i < recipe_.window; ++i) {
      const auto frame = std::make_shared<Frame>();
      frame->bgr.create(256, 340, CV_8UC3);
      frame->flow.create(256, 340, CV_8UC2);
      random.fill(frame->bgr, cv::RNG::UNIFORM, 0, 256);
      random.fill(frame->flow, cv::RNG::UNIFORM, 0, 256);
      chunk_.frames.push_back(frame);
    }
  }

  const Frame& frame(int time) const { return *chunk_.frames[static_cast<std::size_t>(time)]; }
  static float network_value(int byte) { return 2.f * static_cast<float>(byte) / 255.f - 1.f; }
  static float at(const Array& clip, int channel, int time, int y, int x) {
    return clip.values[static_cast<std::size_t>(((channel * 16 + time) * 224 + y) * 224 + x)];
  }

  Recipe recipe_;
  SnippetChunk chunk_;
  const Crop middle_{cv::Rect(58, 16, 224, 224), false};
  const Crop mirrored_{cv::Rect(58, 16, 224, 224), true};
};

TEST_F(Clips, OfRgbAreInRgbOrderFromMinusOneToOne) {
  const Array clip = rgb_clip(chunk_, recipe_, 0, middle_);
  ASSERT_EQ(clip.shape, (Shape{1, 3, 16, 224, 224}));
  EXPECT_EQ(*std::ranges::min_element(clip.values), -1.f);
  EXPECT_EQ(*std::ranges::max_element(clip.values), 1.f);
  for (const int time : {0, 7, 15}) {
    for (const cv::Point p : {cv::Point(0, 0), {223, 0}, {100, 223}}) {
      const auto bgr = frame(time).bgr.at<cv::Vec3b>(p.y + 16, p.x + 58);
      for (int channel = 0; channel < 3; ++channel) {
        EXPECT_EQ(at(clip, channel, time, p.y, p.x), network_value(bgr[2 - channel]));
      }
    }
  }
}

TEST_F(Clips, OfFlowHaveXThenYAndMirroredOnesXNegated) {
  const Array clip = flow_clip(chunk_, recipe_, 0, middle_);
  const Array mirrored = flow_clip(chunk_, recipe_, 0, mirrored_);
  ASSERT_EQ(clip.shape, (Shape{1, 2, 16, 224, 224}));
  for (const int time : {0, 15}) {
    for (const cv::Point p : {cv::Point(0, 0), {223, 1}, {100, 223}}) {
      const auto flow = frame(time).flow.at<cv::Vec2b>(p.y + 16, p.x + 58);
      EXPECT_EQ(at(clip, 0, time, p.y, p.x), network_value(flow[0]));
      EXPECT_EQ(at(clip, 1, time, p.y, p.x), network_value(flow[1]));
      EXPECT_EQ(at(mirrored, 0, time, p.y, 223 - p.x), network_value(255 - flow[0]));
      EXPECT_EQ(at(mirrored, 1, time, p.y, 223 - p.x), network_value(flow[1]));
    }
  }
}

TEST_F(Clips, OfMirroredRgbAreMirroredOnly) {
  const Array clip = rgb_clip(chunk_, recipe_, 0, middle_);
  const Array mirrored = rgb_clip(chunk_, recipe_, 0, mirrored_);
  for (int channel = 0; channel < 3; ++channel) {
    for (int x = 0; x < 224; ++x) {
      EXPECT_EQ(at(mirrored, channel, 3, 50, 223 - x), at(clip, channel, 3, 50, x));
    }
  }
}

TEST_F(Clips, OfWholeFramesAreResizedByOpenCvsBilinear) {
  const Array clip = rgb_clip(chunk_, recipe_, 0, {cv::Rect(0, 0, 340, 256), false});
  cv::Mat resized;
  cv::resize(frame(2).bgr, resized, {224, 224}, 0, 0, cv::INTER_LINEAR);
  for (int x = 0; x < 224; ++x) {
    EXPECT_EQ(at(clip, 1, 2, 9, x), network_value(resized.at<cv::Vec3b>(9, x)[1]));
  }
}

}  // namespace
}  // namespace co2net
