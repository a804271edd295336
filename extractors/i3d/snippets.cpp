#include "extractors/i3d/snippets.h"

#include <algorithm>
#include <iterator>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <utility>

#include "extractors/i3d/clip_planes.h"

namespace co2net {
namespace {

cv::Mat cropped(const cv::Mat& image, const Crop& crop, int size) {
  cv::Mat view = image(crop.area);
  if (view.cols != size || view.rows != size) {
    cv::resize(view, view, {size, size}, 0, 0, cv::INTER_LINEAR);
  }
  if (!crop.mirrored) return view;
  cv::Mat mirrored;  // not in place: the view shows the frame itself
  cv::flip(view, mirrored, 1);
  return mirrored;
}

// Writes channel `from` of `image` as plane (`channel`, `time`) of a clip.
void put_channel(Array& clip, const cv::Mat& image, int from, std::int64_t channel,
                 std::int64_t time, bool negated) {
  const std::int64_t window = clip.dim(2), size = clip.dim(3);
  put_plane({image.data + from, static_cast<std::ptrdiff_t>(image.step), image.channels(), negated},
            static_cast<int>(size), clip.values.data() + (channel * window + time) * size * size);
}

Array empty_clip(const Recipe& recipe, std::int64_t channels) {
  return Array({1, channels, recipe.window, recipe.crop_size, recipe.crop_size});
}

}  // namespace

SnippetReader::SnippetReader(FrameSource source, const Recipe& recipe, std::int64_t first,
                             int per_chunk)
    : source_(std::move(source)),
      window_(recipe.window),
      stride_(recipe.stride),
      pad_tail_(recipe.tail == Tail::kPad),
      per_chunk_(per_chunk),
      next_snippet_(first),
      covered_(first > 0 ? (first - 1) * stride_ + window_ : 0) {}

void SnippetReader::read_ahead(std::size_t count) {
  while (!ended_ && ahead_.size() < count) {
    FramePtr frame = source_();
    if (!frame) {
      ended_ = true;
    } else if (frames_ < next_snippet_ * stride_) {
      before_ = std::move(frame);
      ++frames_;
    } else {
      ahead_.push_back(is_taken(frames_++) ? std::move(frame) : nullptr);
    }
  }
}

// By a snippet, or by its flow: that of its last frame leads to the next one, and if that is the
// video's last, it is repeated from the one before.
bool SnippetReader::is_taken(std::int64_t frame) const {
  const std::int64_t at = frame % stride_;
  return at <= window_ || at == stride_ - 1;
}

std::optional<SnippetChunk> SnippetReader::next() {
  read_ahead(static_cast<std::size_t>((per_chunk_ - 1) * stride_ + window_ + 1));
  const auto at_hand = static_cast<std::int64_t>(ahead_.size());
  SnippetChunk chunk{next_snippet_, 0, {}, before_};
  if (at_hand >= window_) {
    chunk.count = std::min<std::int64_t>(per_chunk_, (at_hand - window_) / stride_ + 1);
  } else if (at_hand > 0 && (next_snippet_ == 0 || (pad_tail_ && frames_ > covered_))) {
    chunk.count = 1;
  } else {
    return std::nullopt;
  }
  const std::int64_t span = (chunk.count - 1) * stride_ + window_;
  covered_ = next_snippet_ * stride_ + span;
  chunk.frames.assign(ahead_.begin(), ahead_.begin() + std::min(span + 1, at_hand));
  const auto next_first = ahead_.begin() + std::min(chunk.count * stride_, at_hand);
  before_ = *std::prev(next_first);
  ahead_.erase(ahead_.begin(), next_first);
  next_snippet_ += chunk.count;
  return chunk;
}

const Frame& frame_of(const SnippetChunk& chunk, const Recipe& recipe, std::int64_t snippet,
                      int index) {
  const auto at = static_cast<std::size_t>(snippet * recipe.stride + index);
  return *chunk.frames[std::min(at, chunk.frames.size() - 1)];
}

bool is_covered(const SnippetChunk& chunk, const Recipe& recipe, std::size_t index) {
  const auto at = static_cast<std::int64_t>(index);
  const std::int64_t last_started = std::min(at / recipe.stride, chunk.count - 1);
  return at - last_started * recipe.stride < recipe.window;
}

std::vector<Crop> crops_of(const Recipe& recipe, cv::Size frame) {
  if (recipe.crop == CropMode::kFull) return {{cv::Rect({0, 0}, frame)}};
  const int size = recipe.crop_size;
  const int right = frame.width - size, bottom = frame.height - size;
  const auto at = [size](int x, int y) { return cv::Rect(x, y, size, size); };
  const cv::Rect middle = at(right / 2, bottom / 2);
  if (recipe.crop == CropMode::kCenter) return {{middle}};
  std::vector<Crop> crops;
  for (const bool mirrored : {false, true}) {
    for (const cv::Rect& area :
         {at(0, 0), at(right, 0), at(0, bottom), at(right, bottom), middle}) {
      crops.push_back({area, mirrored});
    }
  }
  return crops;
}

Array rgb_clip(const SnippetChunk& chunk, const Recipe& recipe, std::int64_t snippet,
               const Crop& crop) {
  Array clip = empty_clip(recipe, 3);
  for (int time = 0; time < recipe.window; ++time) {
    const cv::Mat bgr = cropped(frame_of(chunk, recipe, snippet, time).bgr, crop, recipe.crop_size);
    for (int channel = 0; channel < 3; ++channel) {
      put_channel(clip, bgr, 2 - channel, channel, time, false);
    }
  }
  return clip;
}

Array flow_clip(const SnippetChunk& chunk, const Recipe& recipe, std::int64_t snippet,
                const Crop& crop) {
  Array clip = empty_clip(recipe, 2);
  for (int time = 0; time < recipe.window; ++time) {
    const cv::Mat flow =
        cropped(frame_of(chunk, recipe, snippet, time).flow, crop, recipe.crop_size);
    put_channel(clip, flow, 0, 0, time, crop.mirrored);
    put_channel(clip, flow, 1, 1, time, false);
  }
  return clip;
}

}  // namespace co2net
