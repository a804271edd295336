#include "extractors/video/labelled_copy.h"

#include <spdlog/spdlog.h>

#include <cstdint>
#include <memory>

#include "extractors/video/av.h"
#include "extractors/video/media_input.h"
#include "extractors/video/movie_writer.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/remedy.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

// By which a copy is known.
constexpr const char* kComment = "labelled by co2net render";

}  // namespace

DecodeReport write_labelled_copy(const MovieJob& job, const fs::path& path,
                                 const DrawingOf& drawing_of) {
  has_lacked_a_glyph();  // in a video before
  const FirstLook look(job);
  const Drawing drawing = drawing_of(look.size(), look.source().duration_s);
  const TempDir folder;
  const fs::path script = folder.path() / "labels.ass";
  write_file(script, drawing.script);
  DisplayFilter filter(look.frame(), look.source().time_base,
                       {.size = look.size(), .below = drawing.below, .script = script});

  std::unique_ptr<MovieWriter> writer;
  VideoReaderOptions options = reader_options(job);
  options.on_sound = [&](const AVStream& stream, const AVPacket& packet) {
    writer->write_sound(stream, packet);
  };
  VideoReader reader(job.file, options);
  const AvFramePtr shown(allocated(av_frame_alloc()));
  auto show = [&, last = std::int64_t{0}](const AVFrame& frame) mutable {
    check_av(av_frame_ref(shown.get(), &frame), "filter");
    shown->pts = last = frame.pts == AV_NOPTS_VALUE ? last : frame.pts - look.origin();
    filter.apply(*shown);
    shown->pts += look.origin();
  };
  // The writer has to know the size of what is shown before the first packet of sound is read.
  show(look.frame());
  writer = std::make_unique<MovieWriter>(path, *shown,
                                         MovieOptions{.time_base = look.source().time_base,
                                                      .fps = look.fps(),
                                                      .sound = reader.sound(),
                                                      .comment = kComment});
  av_frame_unref(shown.get());
  while (const AVFrame* frame = reader.next()) {
    show(*frame);
    writer->write(*shown);
    av_frame_unref(shown.get());
    job.on_progress(reader.report().frames, look.expected_frames());
  }
  writer->finish();
  if (has_lacked_a_glyph()) {
    spdlog::warn(
        "{}: no font has all characters of the labels, so that there are boxes in the copy; {}",
        job.file->path().string(), kRemedyForGlyphs);
  }
  const DecodeReport& report = reader.report();
  if (!report.complete) job.on_incomplete(report.first_error);
  return report;
}

bool is_labelled_copy(const fs::path& path, const VideoLimits& limits, const Deadline& deadline) {
  if (!fs::is_regular_file(path)) return false;
  try {
    const MediaInput input(std::make_shared<const OpenedFile>(path), limits, deadline);
    const AVDictionaryEntry* comment =
        av_dict_get(input.container().metadata, "comment", nullptr, 0);
    return comment != nullptr && std::string(comment->value) == kComment;
  } catch (const Error& e) {
    if (e.kind() == ErrorKind::kInterrupted) throw;
    return false;
  }
}

}  // namespace co2net
