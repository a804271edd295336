#include "extractors/video/playable_copy.h"

extern "C" {
#include <libavutil/frame.h>
}

#include <string>

#include "extractors/video/video_reader.h"
#include "extractors/video/video_writer.h"

namespace co2net {
namespace {

constexpr const char* kUsualRate = "25";  // where the container knows none

std::string rate_of(const Probe& probe) {
  const SourceInfo& source = probe.streams.at(probe.chosen);
  return source.average_fps_value > 0 ? source.average_fps : kUsualRate;
}

// A row and a column may be left out.
VideoWriterOptions options_for(const AVFrame& frame, const std::string& fps) {
  return playable_video(frame.width & ~1, frame.height & ~1, fps);
}

}  // namespace

void write_playable_copy(const std::shared_ptr<const OpenedFile>& file,
                         const std::filesystem::path& path, const VideoLimits& limits,
                         const Deadline& deadline) {
  const std::string fps = rate_of(probe_video(file, limits, deadline));
  VideoReader reader(file, {.fps = fps, .limits = limits, .deadline = deadline});
  const AVFrame* frame = reader.next();  // there is one, or it throws
  VideoWriter writer(path, options_for(*frame, fps));
  for (; frame != nullptr; frame = reader.next()) writer.write(frame->data[0], frame->linesize[0]);
  writer.finish();
}

}  // namespace co2net
