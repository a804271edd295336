#include "extractors/video/frame_filter.h"

extern "C" {
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <libavutil/display.h>
#include <libavutil/mem.h>
#include <libavutil/pixdesc.h>
}

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "extractors/video/av.h"

namespace co2net {
namespace {

using Matrix = std::array<std::int32_t, 9>;

constexpr const char* kSource = "buffer@in";
constexpr const char* kSink = "buffersink@out";

std::optional<Matrix> frame_matrix(const AVFrame& frame) {
  const AVFrameSideData* data = av_frame_get_side_data(&frame, AV_FRAME_DATA_DISPLAYMATRIX);
  if (data == nullptr || data->size < sizeof(Matrix)) return std::nullopt;
  Matrix matrix;
  std::copy_n(reinterpret_cast<const std::int32_t*>(data->data), matrix.size(), matrix.begin());
  return matrix;
}

// The filters, each led by a comma, that ffmpeg's "autorotate" inserts for a display matrix.
std::string turning(const std::int32_t* matrix) {
  const auto near = [turn = clockwise_degrees(matrix)](double degrees) {
    return std::abs(turn - degrees) < 1;
  };
  if (near(90)) return matrix[3] > 0 ? ",transpose=cclock_flip" : ",transpose=clock";
  if (near(180)) {
    return std::string(matrix[0] < 0 ? ",hflip" : "") + (matrix[4] < 0 ? ",vflip" : "");
  }
  if (near(270)) return matrix[3] < 0 ? ",transpose=clock_flip" : ",transpose=cclock";
  if (near(0)) return matrix[4] < 0 ? ",vflip" : "";
  return ",rotate=" + std::to_string(clockwise_degrees(matrix)) + "*PI/180";
}

std::string colour_options(const AVFrame& frame) {
#if LIBAVFILTER_VERSION_MAJOR >= 10
  return ":colorspace=" + std::to_string(frame.colorspace) +
         ":range=" + std::to_string(frame.color_range);
#else
  static_cast<void>(frame);
  return "";
#endif
}

}  // namespace

const std::int32_t* display_matrix(const AVStream& stream) {
#if LIBAVFORMAT_VERSION_INT >= AV_VERSION_INT(60, 15, 100)
  const AVPacketSideData* data =
      av_packet_side_data_get(stream.codecpar->coded_side_data, stream.codecpar->nb_coded_side_data,
                              AV_PKT_DATA_DISPLAYMATRIX);
  return data == nullptr ? nullptr : reinterpret_cast<const std::int32_t*>(data->data);
#else
  return reinterpret_cast<const std::int32_t*>(
      av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, nullptr));
#endif
}

double clockwise_degrees(const std::int32_t* matrix) {
  const double counterclockwise = std::round(av_display_rotation_get(matrix));
  return std::isnan(counterclockwise) ? 0 : std::fmod(360 - counterclockwise, 360);
}

struct FrameFilter::Graph {
  GraphPtr filters;
  AVFilterContext* source = nullptr;
  AVFilterContext* sink = nullptr;
  // What it was built for.
  int width = 0;
  int height = 0;
  int format = AV_PIX_FMT_NONE;
  std::optional<Matrix> matrix;

  Graph(const std::string& description, const AVFrame& frame)
      : filters(allocated(avfilter_graph_alloc())),
        width(frame.width),
        height(frame.height),
        format(frame.format),
        matrix(frame_matrix(frame)) {
    // Scalers that libavfilter inserts to convert are to work as the ffmpeg program's do.
    filters->scale_sws_opts = allocated(av_strdup("flags=bicubic"));
    check_av(
        avfilter_graph_parse_ptr(filters.get(), description.c_str(), nullptr, nullptr, nullptr),
        "filter " + description);
    check_av(avfilter_graph_config(filters.get(), nullptr), "filter " + description);
    source = avfilter_graph_get_filter(filters.get(), kSource);
    sink = avfilter_graph_get_filter(filters.get(), kSink);
  }
};

FrameFilter::FrameFilter(AVFormatContext& input, AVStream& stream, const std::string& fps,
                         PixelFormat format)
    : input_(input), stream_(stream) {
  if (!fps.empty()) conversion_ = "fps=fps=" + to_string(parse_fps(fps)) + ",";
  conversion_ += std::string("format=pix_fmts=") + av_get_pix_fmt_name(to_av(format));
}

FrameFilter::~FrameFilter() = default;

void FrameFilter::push(AVFrame& frame) {
  if (graph_ == nullptr || !fits(frame)) {
    graph_ = std::make_unique<Graph>(description(frame), frame);
    size_ = std::to_string(av_buffersink_get_w(graph_->sink)) + ":" +
            std::to_string(av_buffersink_get_h(graph_->sink));
  }
  check_av(av_buffersrc_add_frame_flags(graph_->source, &frame, AV_BUFFERSRC_FLAG_PUSH), "filter");
}

void FrameFilter::close(std::int64_t end_pts) {
  if (graph_ == nullptr) return;
  check_av(av_buffersrc_close(graph_->source, end_pts, AV_BUFFERSRC_FLAG_PUSH), "filter");
}

bool FrameFilter::pull(AVFrame& frame) {
  av_frame_unref(&frame);
  if (graph_ == nullptr) return false;
  const int rc = av_buffersink_get_frame(graph_->sink, &frame);
  if (rc == AVERROR(EAGAIN) || rc == AVERROR_EOF) return false;
  check_av(rc, "filter");
  return true;
}

bool FrameFilter::fits(const AVFrame& frame) const {
  return frame.width == graph_->width && frame.height == graph_->height &&
         frame.format == graph_->format && frame_matrix(frame) == graph_->matrix;
}

// The order of the filters is that of the ffmpeg program, which is not the order of the links:
// where several pixel formats would do for a filter, libavfilter's choice depends on it.
std::string FrameFilter::description(const AVFrame& frame) const {
  const std::optional<Matrix> own = frame_matrix(frame);
  const std::int32_t* matrix = own ? own->data() : display_matrix(stream_);
  const std::string turned = matrix == nullptr ? "" : turning(matrix);
  return "[upright]" + conversion_ + "[converted];" + source_description(frame) + turned +
         "[upright];" + (size_.empty() ? "[converted]" : "[scaled]") + kSink +
         (size_.empty() ? "" : ";[converted]scale=" + size_ + ":flags=bicubic[scaled]");
}

std::string FrameFilter::source_description(const AVFrame& frame) const {
  const AVRational fps = av_guess_frame_rate(&input_, &stream_, nullptr);
  return std::string(kSource) + "=video_size=" + std::to_string(frame.width) + "x" +
         std::to_string(frame.height) + ":pix_fmt=" + std::to_string(frame.format) +
         ":time_base=" + to_string(stream_.time_base) + colour_options(frame) +
         (fps.num != 0 && fps.den != 0 ? ":frame_rate=" + to_string(fps) : "");
}

}  // namespace co2net
