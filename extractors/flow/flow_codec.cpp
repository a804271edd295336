#include "extractors/flow/flow_codec.h"

#include <cstring>
#include <fstream>
#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>
#include <optional>
#include <utility>

#include "extractors/flow/flow_colour.h"
#include "extractors/flow/frame_flow.h"
#include "extractors/video/video_reader.h"
#include "extractors/video/video_writer.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/suggestion.h"
#include "pipeline/base/text.h"

extern "C" {
#include <libavutil/frame.h>
}

namespace fs = std::filesystem;

namespace co2net {
namespace {

constexpr float kFloMagic = 202021.25f;  // "PIEH", little-endian

cv::Mat stacked(const cv::Mat& held) {
  std::vector<cv::Mat> components;
  cv::split(held, components);
  cv::Mat stack;
  cv::vconcat(components, stack);
  return stack;
}

// Of even sides, which H.264 needs.
cv::Mat evened(const cv::Mat& colours) {
  cv::Mat picture;
  cv::copyMakeBorder(colours, picture, 0, colours.rows % 2, 0, colours.cols % 2,
                     cv::BORDER_REPLICATE);
  return picture;
}

class VideoFlowWriter : public FlowWriter {
 public:
  VideoFlowWriter(fs::path path, FlowFormat format, std::string fps)
      : path_(std::move(path)), format_(format), fps_(std::move(fps)) {}

  void write(const cv::Mat& held) override {
    const cv::Mat picture = format_ == FlowFormat::kColor ? evened(held) : stacked(held);
    if (!writer_) writer_.emplace(path_, options_for(picture));
    writer_->write(picture.data, static_cast<std::ptrdiff_t>(picture.step));
  }

  void finish() override {
    if (writer_) writer_->finish();
  }

 private:
  VideoWriterOptions options_for(const cv::Mat& picture) const {
    if (format_ == FlowFormat::kColor) return playable_video(picture.cols, picture.rows, fps_);
    VideoWriterOptions options;
    options.width = picture.cols;
    options.height = picture.rows;
    options.fps = fps_;
    options.input = PixelFormat::kGray8;
    options.pixel_format = "gray";
    return options;
  }

  fs::path path_;
  FlowFormat format_;
  std::string fps_;
  std::optional<VideoWriter> writer_;
};

class FolderFlowWriter : public FlowWriter {
 public:
  FolderFlowWriter(fs::path folder, FlowFormat format)
      : folder_(std::move(folder)), format_(format) {
    std::error_code error;
    fs::create_directories(folder_, error);
    if (error) {
      throw Error(ErrorKind::kIo, "create " + folder_.string() + ": " + error.message());
    }
  }

  void write(const cv::Mat& held) override {
    ++count_;
    if (format_ == FlowFormat::kFlo) {
      write_flo(file("flow", ".flo"), held);
      return;
    }
    std::vector<cv::Mat> components;
    cv::split(held, components);
    const std::string suffix = format_ == FlowFormat::kJpg ? ".jpg" : ".png";
    write_image(file("flow_x", suffix), components[0]);
    write_image(file("flow_y", suffix), components[1]);
  }

  void finish() override {}

 private:
  fs::path file(const std::string& stem, const std::string& suffix) const {
    std::string number = std::to_string(count_);
    number.insert(0, number.size() < 5 ? 5 - number.size() : 0, '0');
    return folder_ / (stem + "_" + number + suffix);
  }

  static void write_image(const fs::path& path, const cv::Mat& image) {
    if (!cv::imwrite(path.string(), image, {cv::IMWRITE_JPEG_QUALITY, 95})) {
      throw Error(ErrorKind::kIo, "write " + path.string());
    }
  }

  static void write_flo(const fs::path& path, const cv::Mat& flow) {
    std::ofstream file(path, std::ios::binary);
    const auto put = [&file](const void* data, std::size_t size) {
      file.write(static_cast<const char*>(data), static_cast<std::streamsize>(size));
    };
    const std::int32_t size[] = {flow.cols, flow.rows};
    put(&kFloMagic, sizeof kFloMagic);
    put(size, sizeof size);
    for (int y = 0; y < flow.rows; ++y) put(flow.ptr(y), flow.elemSize() * flow.cols);
    file.close();
    if (!file) throw Error(ErrorKind::kIo, "write " + path.string());
  }

  fs::path folder_;
  FlowFormat format_;
  int count_ = 0;
};

}  // namespace

FlowFormat parse_flow_format(const std::string& name) {
  if (const auto format = named<FlowFormat>(name)) return *format;
  throw Error(ErrorKind::kUsage, "flow format " + not_one_of(name, names_of<FlowFormat>()));
}

std::string file_suffix(FlowFormat format) {
  switch (format) {
    case FlowFormat::kMkv:
      return ".mkv";
    case FlowFormat::kColor:
      return ".mp4";
    case FlowFormat::kJpg:
    case FlowFormat::kPng:
    case FlowFormat::kFlo:
      return "";
  }
  throw Error(ErrorKind::kInternal, "a format of flow without a place");
}

bool is_quantised(FlowFormat format) {
  return format != FlowFormat::kFlo && format != FlowFormat::kColor;
}

cv::Mat as_held(const FlowView& flow, FlowFormat format, double bound) {
  if (format == FlowFormat::kFlo) return mat_of(flow).clone();
  return is_quantised(format) ? quantised(flow, bound) : flow_colours(mat_of(flow), bound);
}

std::unique_ptr<FlowWriter> make_flow_writer(const fs::path& path, FlowFormat format,
                                             const std::string& fps) {
  if (!file_suffix(format).empty()) return std::make_unique<VideoFlowWriter>(path, format, fps);
  return std::make_unique<FolderFlowWriter>(path, format);
}

struct FlowReader::State {
  VideoReader video;
};

FlowReader::FlowReader(const fs::path& path, const VideoLimits& limits)
    : state_(new State{
          VideoReader(path, {.fps = "", .format = PixelFormat::kGray8, .limits = limits})}) {}

FlowReader::~FlowReader() = default;

cv::Mat FlowReader::next() {
  const AVFrame* frame = state_->video.next();
  if (frame == nullptr) return {};
  const cv::Mat stacked(frame->height, frame->width, CV_8UC1, frame->data[0],
                        static_cast<std::size_t>(frame->linesize[0]));
  const int rows = stacked.rows / 2;
  cv::Mat flow;
  cv::merge(std::vector<cv::Mat>{stacked.rowRange(0, rows), stacked.rowRange(rows, 2 * rows)},
            flow);
  return flow;
}

cv::Mat read_flo(const fs::path& path) {
  const std::string bytes = read_file(path);
  float magic = 0;
  std::int32_t size[2] = {0, 0};
  constexpr std::size_t kHeader = sizeof magic + sizeof size;
  if (bytes.size() >= kHeader) {
    std::memcpy(&magic, bytes.data(), sizeof magic);
    std::memcpy(size, bytes.data() + sizeof magic, sizeof size);
  }
  const auto [width, height] = size;
  const bool plausible =
      magic == kFloMagic && width > 0 && height > 0 && width < 100000 && height < 100000;
  if (!plausible || bytes.size() != kHeader + std::size_t{8} * width * height) {
    throw Error(ErrorKind::kInput, path.string() + ": not a .flo file");
  }
  cv::Mat flow(height, width, CV_32FC2);
  std::memcpy(flow.data, bytes.data() + kHeader, bytes.size() - kHeader);
  return flow;
}

}  // namespace co2net
