#include "samples/trimmed_clips.h"

#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <cmath>

#include "extractors/flow/flow_backend.h"
#include "extractors/flow/frame_flow.h"
#include "extractors/i3d/snippets.h"
#include "extractors/video/video_reader.h"
#include "pipeline/base/error.h"
#include "pipeline/base/interrupt.h"
#include "pipeline/datasets/annotations.h"

namespace co2net {
namespace {

constexpr int kSnippetsAtOnce = 8;

std::vector<std::uint8_t> bytes_of(const Array& clip) {
  std::vector<std::uint8_t> bytes(clip.values.size());
  std::ranges::transform(clip.values, bytes.begin(), [](float value) {
    return static_cast<std::uint8_t>(std::lround((value + 1) * 127.5f));
  });
  return bytes;
}

// All snippets of one video, one after the other.
std::vector<std::uint8_t> read_snippets(const std::filesystem::path& path, const Recipe& recipe,
                                        bool is_flow) {
  VideoReader video(path, {.fps = recipe.fps, .format = PixelFormat::kBgr24});
  const FrameSource source = [&]() -> FramePtr {
    const AVFrame* frame = video.next();
    return frame != nullptr ? scale_frame(*frame, recipe.resize) : nullptr;
  };
  SnippetReader reader(source, recipe, 0, kSnippetsAtOnce);
  FlowField field(choose_flow_backend("cpu", recipe.flow, std::nullopt), recipe.flow, Deadline());
  std::vector<std::uint8_t> values;
  while (const auto chunk = reader.next()) {
    if (is_flow) {
      const auto is_wanted = [&](std::size_t frame) { return is_covered(*chunk, recipe, frame); };
      fill_flow(field, chunk->frames, claim_missing_flow(chunk->frames, is_wanted));
      if (is_wanted(chunk->frames.size() - 1)) {
        repeat_last_flow(chunk->frames, recipe.flow.bound);
      }
    }
    const Crop crop = crops_of(recipe, chunk->frames.front()->bgr.size()).front();
    for (std::int64_t snippet = 0; snippet < chunk->count; ++snippet) {
      const auto bytes = bytes_of((is_flow ? flow_clip : rgb_clip)(*chunk, recipe, snippet, crop));
      values.insert(values.end(), bytes.begin(), bytes.end());
    }
  }
  return values;
}

}  // namespace

TrimmedSet read_trimmed_clips(const std::filesystem::path& directory, const Recipe& recipe,
                              bool is_flow) {
  const Annotations annotations = read_annotations(directory / "annotations.json");
  std::vector<std::vector<std::uint8_t>> snippets(annotations.videos.size());
  oneapi::tbb::parallel_for(std::size_t{0}, snippets.size(), [&](std::size_t i) {
    snippets[i] = read_snippets(directory / (annotations.videos[i].id + ".mp4"), recipe, is_flow);
  });

  TrimmedSet set;
  set.classes = annotations.classes;
  const Shape shape = {is_flow ? 2 : 3, recipe.window, recipe.crop_size, recipe.crop_size};
  set.training.clip_shape = set.test.clip_shape = shape;
  std::size_t bytes = 0;
  for (const auto& video : snippets) bytes += video.size();
  set.training.values.reserve(bytes);
  for (std::size_t i = 0; i < snippets.size(); ++i) {
    const AnnotatedVideo& video = annotations.videos[i];
    if (video.labels.size() > 1) {
      throw Error(ErrorKind::kInput, directory.string() + ": " + video.id + " has " +
                                         std::to_string(video.labels.size()) +
                                         " labels; a trimmed video has one or none");
    }
    const auto label = video.labels.empty() ? set.classes.end()
                                            : std::ranges::find(set.classes, video.labels.front());
    set.has_none |= video.labels.empty();
    TrimmedClips& clips = video.subset == "test" ? set.test : set.training;
    const auto count = static_cast<std::int64_t>(snippets[i].size()) / element_count(shape);
    clips.values.insert(clips.values.end(), snippets[i].begin(), snippets[i].end());
    clips.labels.insert(clips.labels.end(), static_cast<std::size_t>(count),
                        label - set.classes.begin());
    snippets[i] = {};
  }
  return set;
}

}  // namespace co2net
