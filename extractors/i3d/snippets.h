#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <opencv2/core/types.hpp>
#include <optional>
#include <vector>

#include "extractors/video/frame.h"
#include "pipeline/formats/array.h"
#include "pipeline/stages/recipe.h"

namespace co2net {

// Consecutive snippets and the frames that they need.
struct SnippetChunk {
  std::int64_t first = 0;  // index of its first snippet in the video
  std::int64_t count = 0;
  // From the first snippet's first frame to the frame after the last one's last, if the video has
  // it. Between snippets that lie apart, frames that neither a snippet nor its flow takes are null.
  // A snippet that reaches beyond the video's end repeats its last frame.
  std::vector<FramePtr> frames;
  FramePtr before;  // the frame before these; null at the video's start
};

// Groups a video's frames into snippets by the recipe's window, stride and tail. Holds the frames
// that one chunk takes, whatever the length of the video.
class SnippetReader {
 public:
  // Starts at snippet `first`, `per_chunk` snippets at a time.
  SnippetReader(FrameSource source, const Recipe& recipe, std::int64_t first, int per_chunk);
  // The next chunk; nothing once the source has ended, which it then has read to the end.
  std::optional<SnippetChunk> next();
  // Frames read so far; all of the video's once next() has returned nothing.
  std::int64_t frames() const { return frames_; }

 private:
  void read_ahead(std::size_t count);
  bool is_taken(std::int64_t frame) const;

  FrameSource source_;
  const std::int64_t window_, stride_;
  const bool pad_tail_;
  const int per_chunk_;
  std::int64_t next_snippet_;
  std::int64_t frames_ = 0;
  std::int64_t covered_ = 0;  // frames [0, covered_) are in a snippet or between two of them
  bool ended_ = false;
  std::deque<FramePtr> ahead_;  // from the next snippet's first frame on
  FramePtr before_;             // the frame before that
};

// Frame `index` of snippet `snippet` (counted in the chunk), the last one repeated.
const Frame& frame_of(const SnippetChunk& chunk, const Recipe& recipe, std::int64_t snippet,
                      int index);

// Whether a snippet of the chunk contains chunk.frames[index].
bool is_covered(const SnippetChunk& chunk, const Recipe& recipe, std::size_t index);

// A view of the frame that a network sees.
struct Crop {
  cv::Rect area;  // resized to the crop size if it is larger
  bool mirrored = false;
};

// kCenter: the middle, rounded towards the top left. kFull: the whole frame. kTen: the four
// corners (top left, top right, bottom left, bottom right) and the middle, then the same mirrored.
std::vector<Crop> crops_of(const Recipe& recipe, cv::Size frame);

// One snippet as a network takes it, [1, C, 16, S, S] in [-1, 1] by 2x / 255 - 1, S the recipe's
// crop size: RGB, or the x and y components of flow. A mirrored crop has its x component negated.
Array rgb_clip(const SnippetChunk& chunk, const Recipe& recipe, std::int64_t snippet,
               const Crop& crop);
Array flow_clip(const SnippetChunk& chunk, const Recipe& recipe, std::int64_t snippet,
                const Crop& crop);

}  // namespace co2net
