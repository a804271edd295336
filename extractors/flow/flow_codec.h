#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "extractors/flow/image_view.h"
#include "extractors/video/frame.h"
#include "extractors/video/video_limits.h"
#include "pipeline/base/choice.h"

namespace co2net {

// Ways to keep a video's flow on disk.
enum class FlowFormat {
  kMkv,    // one Matroska file, FFV1 gray: u above v in one frame of 2H rows, quantised
  kJpg,    // a folder: flow_x_00001.jpg, flow_y_00001.jpg, ..., quantised, JPEG quality 95
  kPng,    // the same without loss
  kFlo,    // a folder: flow_00001.flo, ..., Middlebury's format, float32 pixels, not quantised
  kColor,  // one MP4 file of flow_colours(), to look at
};
template <>
inline constexpr Choice<FlowFormat> kChoices<FlowFormat>[] = {{FlowFormat::kMkv, "mkv"},
                                                              {FlowFormat::kJpg, "jpg"},
                                                              {FlowFormat::kPng, "png"},
                                                              {FlowFormat::kFlo, "flo"},
                                                              {FlowFormat::kColor, "color"}};
// ".mkv" of a format that is one file, empty of one that is a folder.
std::string file_suffix(FlowFormat format);

FlowFormat parse_flow_format(const std::string& name);  // throws Error(kUsage)

bool is_quantised(FlowFormat format);

// What a format holds of flow: a copy of it, float32 [H, W, 2] in pixels; quantised to uint8; or
// uint8 [H, W, 3] of colours.
cv::Mat as_held(const FlowView& flow, FlowFormat format, double bound);

// Writes one video's flow, frame by frame, to a new file or into a folder at a path.
class FlowWriter {
 public:
  virtual ~FlowWriter() = default;
  virtual void write(const cv::Mat& held) = 0;  // as_held()
  virtual void finish() = 0;
};
std::unique_ptr<FlowWriter> make_flow_writer(const std::filesystem::path& path, FlowFormat format,
                                             const std::string& fps);

// What kMkv holds, as uint8 [H, W, 2] a frame; an empty Mat at the end.
class FlowReader {
 public:
  explicit FlowReader(const std::filesystem::path& path, const VideoLimits& limits = {});
  ~FlowReader();
  cv::Mat next();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// A .flo file as float32 [H, W, 2]; throws Error(kInput).
cv::Mat read_flo(const std::filesystem::path& path);

}  // namespace co2net
