#include "extractors/video/broken_off.h"

extern "C" {
#include <libavutil/parseutils.h>
}

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "extractors/video/av.h"
#include "extractors/video/media_input.h"

namespace co2net {
namespace {

constexpr AVRational kMicroseconds = {1, AV_TIME_BASE};

// libav corrects AVI's durations by what there is; the number of frames stays the header's.
std::int64_t told_ticks(const AVFormatContext& input, const AVStream& stream) {
  const bool is_avi = std::strcmp(input.iformat->name, "avi") == 0;
  return is_avi ? std::max(stream.duration, stream.nb_frames) : stream.duration;
}

// When the stream ends as the file itself tells; 0 if it does not. What libav reckons is not told.
double told_end_s(const AVFormatContext& input, const AVStream& stream) {
  const auto in_file = [&](std::int64_t us) {
    const bool has_start = input.start_time != AV_NOPTS_VALUE;
    return static_cast<double>(us - (has_start ? input.start_time : 0)) * av_q2d(kMicroseconds);
  };
  std::int64_t us = 0;
  const AVDictionaryEntry* of_matroska = av_dict_get(stream.metadata, "DURATION", nullptr, 0);
  if (of_matroska != nullptr && av_parse_time(&us, of_matroska->value, 1) == 0) {
    return in_file(std::min(us, input.duration));  // tools leave older tags behind
  }
  const bool is_told = input.duration_estimation_method == AVFMT_DURATION_FROM_STREAM &&
                       stream.duration != AV_NOPTS_VALUE && stream.start_time != AV_NOPTS_VALUE;
  if (!is_told) return 0;
  const std::int64_t end = av_sat_add64(stream.start_time, told_ticks(input, stream));
  return in_file(av_rescale_q(end, stream.time_base, kMicroseconds));
}

}  // namespace

std::string broken_off(const MediaInput& input, const AVStream& stream, double end_s) {
  constexpr double kMissed_s = 1;
  const double told_s = told_end_s(input.container(), stream);
  const bool lacks_frames = told_s - end_s > kMissed_s;
  if (!lacks_frames && !input.ends_early()) return "";
  return fmt::format("the file breaks off at {:.1f} s{}", end_s,
                     lacks_frames ? fmt::format(" of {:.1f} s", told_s) : "");
}

}  // namespace co2net
