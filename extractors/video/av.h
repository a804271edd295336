#pragma once

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavfilter/avfilter.h>
#include <libavformat/avformat.h>
#include <libavutil/dict.h>
#include <libavutil/frame.h>
#include <libswscale/swscale.h>
}

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "extractors/video/pixel_format.h"
#include "pipeline/base/error.h"
#include "pipeline/base/handle.h"

// Owning handles and error checks for libav. Included by sources, never by another header.
namespace co2net {

using InputPtr = std::unique_ptr<AVFormatContext, FreeAt<avformat_close_input>>;
using OutputPtr = std::unique_ptr<AVFormatContext, FreeOf<avformat_free_context>>;
using OutputFilePtr = std::unique_ptr<AVIOContext, FreeAt<avio_closep>>;
using CodecPtr = std::unique_ptr<AVCodecContext, FreeAt<avcodec_free_context>>;
using PacketPtr = std::unique_ptr<AVPacket, FreeAt<av_packet_free>>;
using AvFramePtr = std::unique_ptr<AVFrame, FreeAt<av_frame_free>>;
using GraphPtr = std::unique_ptr<AVFilterGraph, FreeAt<avfilter_graph_free>>;
using ScalerPtr = std::unique_ptr<SwsContext, FreeOf<sws_freeContext>>;

// libav's words for a negative return value.
std::string av_message(int rc);

// `p`, or Error(kInternal) if libav had no memory for it.
template <class T>
T* allocated(T* p) {
  if (p == nullptr) throw Error(ErrorKind::kInternal, av_message(AVERROR(ENOMEM)));
  return p;
}

// `rc`, or Error(kind, "<doing>: <libav's words>") if it is negative.
int check_av(int rc, const std::string& doing, ErrorKind kind = ErrorKind::kInput);

// Key and value pairs in libav's own form.
class Dictionary {
 public:
  Dictionary() = default;
  explicit Dictionary(const std::map<std::string, std::string>& entries);
  Dictionary(const Dictionary&) = delete;
  Dictionary& operator=(const Dictionary&) = delete;
  ~Dictionary() { av_dict_free(&entries_); }

  // For functions that take the entries they know and leave the rest.
  AVDictionary** get() { return &entries_; }
  // The key of an entry that was left, or nothing.
  std::string first_key() const;

 private:
  AVDictionary* entries_ = nullptr;
};

// Keeps libav from writing to standard error; what it returns is reported instead. Affects the
// whole process; any thread may call it.
void silence_libav();

// Whether libav refused a picture on this thread for its size since the last call: by what it would
// have written, since what it returns is the same for a damaged one.
bool has_refused_a_large_picture();

// Whether text was drawn on this thread since the last call that no installed font has all of.
bool has_lacked_a_glyph();

// Whether a file was read on this thread since the last call that ends within what it began, which
// libav treats as its end.
bool has_missed_an_end();

AVPixelFormat to_av(PixelFormat format);

// Of a frame, in its time base; 0 if unknown.
std::int64_t duration_of(const AVFrame& frame);

// "30000/1001" in libavutil's notation, decimal numbers and names such as "ntsc" included.
// Throws Error(kUsage) unless it is a positive rate.
AVRational parse_fps(const std::string& fps);

// What a decoder may allocate for frames of so many pixels: it pads their sides.
std::int64_t padded_pixels(std::int64_t pixels);

// "30000/1001", and back, exactly; throws Error(kInternal).
std::string to_string(AVRational value);
AVRational parse_ratio(const std::string& text);

}  // namespace co2net
