#include "extractors/video/av.h"

extern "C" {
#include <libavutil/log.h>
#include <libavutil/parseutils.h>
}

#include <algorithm>
#include <cstdarg>
#include <cstring>
#include <limits>
#include <mutex>
#include <utility>

namespace co2net {
namespace {

thread_local bool refused_a_large_picture = false;
thread_local bool lacked_a_glyph = false;
thread_local bool missed_an_end = false;

void listen_to_libav(void*, int, const char* format, std::va_list) {
  if (std::strstr(format, "exceeds specified max pixel count") != nullptr) {
    refused_a_large_picture = true;
  }
  if (std::strstr(format, "failed to find any fallback with glyph") != nullptr) {
    lacked_a_glyph = true;
  }
  if (std::strstr(format, "File ended prematurely") != nullptr) missed_an_end = true;
}

}  // namespace

std::string av_message(int rc) {
  if (rc == AVERROR(ENOMEM)) return "no memory, or more at once than --max-alloc allows";
  char text[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(rc, text, sizeof text);
  return text;
}

int check_av(int rc, const std::string& doing, ErrorKind kind) {
  if (rc < 0) throw Error(kind, doing + ": " + av_message(rc));
  return rc;
}

Dictionary::Dictionary(const std::map<std::string, std::string>& entries) {
  for (const auto& [key, value] : entries) {
    check_av(av_dict_set(&entries_, key.c_str(), value.c_str(), 0), key, ErrorKind::kInternal);
  }
}

std::string Dictionary::first_key() const {
  const AVDictionaryEntry* entry = av_dict_get(entries_, "", nullptr, AV_DICT_IGNORE_SUFFIX);
  return entry == nullptr ? "" : entry->key;
}

void silence_libav() {
  static std::once_flag once;
  std::call_once(once, [] { av_log_set_callback(listen_to_libav); });
}

bool has_refused_a_large_picture() { return std::exchange(refused_a_large_picture, false); }

bool has_lacked_a_glyph() { return std::exchange(lacked_a_glyph, false); }

bool has_missed_an_end() { return std::exchange(missed_an_end, false); }

AVPixelFormat to_av(PixelFormat format) {
  switch (format) {
    case PixelFormat::kBgr24:
      return AV_PIX_FMT_BGR24;
    case PixelFormat::kGray8:
      return AV_PIX_FMT_GRAY8;
    case PixelFormat::kYuv420p:
      return AV_PIX_FMT_YUV420P;
  }
  throw Error(ErrorKind::kInternal, "a pixel format that libav has no name for");
}

std::int64_t duration_of(const AVFrame& frame) {
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 30, 100)
  return frame.duration;
#else
  return frame.pkt_duration;
#endif
}

AVRational parse_fps(const std::string& fps) {
  AVRational rate;
  if (av_parse_video_rate(&rate, fps.c_str()) < 0) {
    throw Error(ErrorKind::kUsage,
                "fps '" + fps + "': want a positive rate such as 25 or 30000/1001");
  }
  return rate;
}

std::int64_t padded_pixels(std::int64_t pixels) {
  constexpr std::int64_t kMost = std::numeric_limits<int>::max();  // that the option takes
  return std::min(2 * pixels + (1 << 20), kMost);
}

std::string to_string(AVRational value) {
  return std::to_string(value.num) + "/" + std::to_string(value.den);
}

AVRational parse_ratio(const std::string& text) {
  AVRational ratio;
  check_av(av_parse_ratio(&ratio, text.c_str(), std::numeric_limits<int>::max(), 0, nullptr), text,
           ErrorKind::kInternal);
  return ratio;
}

}  // namespace co2net
