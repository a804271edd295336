#include "cli/workflows/figures.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "extractors/video/film_strip.h"
#include "extractors/video/movie_source.h"
#include "extractors/video/video_reader.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/remedy.h"
#include "pipeline/base/text.h"
#include "pipeline/datasets/annotations.h"
#include "postprocess/figures/figure.h"
#include "postprocess/figures/png.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

constexpr int kPictureHeight = 240;  // pixels: enough for a page of 170 mm at 300 dots an inch

FigureStrip read_strip(const fs::path& path, double duration_s, const VideoSettings& each) {
  const Deadline deadline = each.deadline();
  const auto file = std::make_shared<const OpenedFile>(path);
  const Probe probe = probe_video(file, each.limits, deadline);
  const SourceInfo& source = probe.streams.at(probe.chosen);
  if (source.duration_s > 0) duration_s = source.duration_s;
  if (!(duration_s > 0)) throw Error(ErrorKind::kInput, "nothing says how long it is");
  const PictureSize shown = shown_size(source);
  const int pictures = pictures_of_strip(static_cast<double>(shown.width) / shown.height);
  FilmStrip strip = film_strip(file, {.duration_s = duration_s,
                                      .pictures = pictures,
                                      .height = std::min(shown.height, kPictureHeight),
                                      .limits = each.limits,
                                      .deadline = deadline});
  return {.jpeg = std::move(strip.jpeg),
          .width = strip.width,
          .height = strip.height,
          .duration_s = duration_s * strip.pictures / pictures};
}

// None, as the log tells, of a video that cannot be read.
std::optional<FigureStrip> strip_of(const fs::path& path, const ReportVideo& video,
                                    const VideoSettings& each) {
  if (path.empty()) return std::nullopt;
  try {
    return read_strip(path, duration_of(video), each);
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::kInput) throw;
    spdlog::warn("{}: shown without pictures: {}", path.string(), e.what());
    return std::nullopt;
  }
}

void warn_of_boxes(const std::string& id, const std::string& svg) {
  const std::string boxes = without_font(svg);
  if (boxes.empty()) return;
  spdlog::warn("{}: no font has {}, so that there are boxes in the PNG; {}", id,
               shortened(boxes, 60), kRemedyForGlyphs);
}

bool lacks_final_segments(const std::optional<VideoPredictions>& video) {
  return video && video->error.empty() && !video->final_segments;
}

void warn_of_candidates(const std::vector<ReportVideo>& videos) {
  std::vector<std::string> ids;
  for (const ReportVideo& video : videos) {
    if (lacks_final_segments(video.found) || lacks_final_segments(video.other)) {
      ids.push_back(video.id);
    }
  }
  if (ids.empty()) return;
  spdlog::warn(
      "drawn by their best candidates, where a file has no final segments; they may be there where "
      "nothing happens: {}",
      counted("videos", ids));
}

void write_figure(const Figure& figure, const FiguresJob& job) {
  const std::string& id = figure.video.id;
  check_id(id);
  if (const auto left_out = classes_not_drawn(figure); !left_out.empty()) {
    spdlog::warn("{}: the figure shows the {} most important classes, and not {}", id,
                 kMostFigureClasses, counted("others", left_out));
  }
  const std::string svg = figure_svg(figure);
  if (job.svg) write_file(job.output / (id + ".svg"), svg);
  if (!job.png) return;
  warn_of_boxes(id, svg);
  write_file(job.output / (id + ".png"), png_of(svg, job.width));
}

}  // namespace

FiguresOutcome write_figures(const FiguresJob& job, const Observer& observer) {
  if (job.png) expect_fonts();
  const ReportContents contents = read_report_files(job.files);
  make_directories(job.output);
  warn_of_candidates(contents.videos);
  const std::vector<fs::path> paths = named_videos(contents.videos, job.files);
  const ScoreFiles scores(job.files.scores);
  const auto work = [&](std::size_t index) {
    const ReportVideo& video = contents.videos[index];
    write_figure({.video = video,
                  .other = job.files.compare.stem().string(),
                  .classes = contents.classes,
                  .scores = scores_of(video, scores),
                  .strip = strip_of(paths[index], video, job.each)},
                 job);
  };
  const int failed =
      for_each_video(contents.videos, paths, job.threads, observer, work, [](const VideoError&) {});
  return {contents.videos.size() - static_cast<std::size_t>(failed), failed};
}

}  // namespace co2net
