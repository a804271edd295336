#include "cli/workflows/report_media.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>

#include "extractors/video/film_strip.h"
#include "extractors/video/playable_copy.h"
#include "extractors/video/video_reader.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/percent_encoding.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

std::string text_at(const Json& object, const std::string& key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// Why browsers may not play it, though some of them might; empty if they do.
std::string why_unplayable(const SourceInfo& source) {
  constexpr std::array kContainers = {"mp4", "webm", "ogg"};
  constexpr std::array kCodecs = {"h264", "vp8", "vp9", "av1", "theora"};
  const auto is_container = [&](const std::string& name) {
    return source.container.find(name) != std::string::npos;
  };
  const auto is_codec = [&](const std::string& name) { return source.codec == name; };
  if (std::ranges::none_of(kCodecs, is_codec)) return "its codec, " + source.codec;
  if (std::ranges::none_of(kContainers, is_container)) return "its container, " + source.container;
  const bool has_rare_pixels = source.codec == "h264" && source.pixel_format != "yuv420p";
  return has_rare_pixels ? "its pixels, " + source.pixel_format : "";
}

// A browser takes ".." by the letters, wherever links of the file system lead.
fs::path relative_to(const fs::path& folder, const fs::path& path) {
  const auto in_full = [](const fs::path& p) { return fs::absolute(p).lexically_normal(); };
  return in_full(path).lexically_relative(in_full(folder));
}

// Where a copy of the video lies in the folder.
fs::path copy_name(std::size_t index, const fs::path& suffix) {
  return fs::path("videos") / (std::to_string(index) + suffix.string());
}

// What is seen of a video by looking into it.
class Look {
 public:
  Look(const fs::path& path, const MediaSettings& settings)
      : limits_(settings.each.limits),
        deadline_(settings.each.deadline()),
        file_(std::make_shared<const OpenedFile>(path)) {
    const Probe probe = probe_video(file_, limits_, deadline_);
    source_ = probe.streams.at(probe.chosen);
  }

  const SourceInfo& source() const { return source_; }

  void write_strip(const fs::path& to) const {
    const FilmStrip strip = film_strip(
        file_, {.duration_s = source_.duration_s, .limits = limits_, .deadline = deadline_});
    write_file(to, strip.jpeg);
  }
  void write_copy(const fs::path& to) const {
    write_file_with(to, [&](const fs::path& temporary) {
      write_playable_copy(file_, temporary, limits_, deadline_);
    });
  }

 private:
  VideoLimits limits_;
  Deadline deadline_;
  std::shared_ptr<const OpenedFile> file_;
  SourceInfo source_;
};

void look_at(const fs::path& path, std::size_t index, const fs::path& folder,
             const MediaSettings& settings, ReportMedia& media) {
  const Look look(path, settings);
  media.problem = why_unplayable(look.source());
  if (look.source().duration_s > 0) {
    const std::string strip = "data/" + std::to_string(index) + ".jpg";
    look.write_strip(folder / strip);
    media.strip = strip;
  }
  if (media.problem.empty() || !settings.transcode) return;
  const fs::path copy = copy_name(index, ".mp4");
  look.write_copy(folder / copy);
  media.video = percent_encoded(copy.string());
  media.problem.clear();
}

// From the page to the video, copied if it is to be.
fs::path linked(const fs::path& path, std::size_t index, const ReportPlace& place,
                const MediaSettings& settings) {
  if (!settings.copy_videos) return relative_to(place.output, path);
  fs::path copy = copy_name(index, path.extension());
  write_file_with(place.folder / copy, [&](const fs::path& temporary) {
    fs::copy_file(path, temporary, fs::copy_options::overwrite_existing);
  });
  return copy;
}

}  // namespace

bool is_of_arrays(const fs::path& path) {
  return path.extension() == ".npy" || path.extension() == ".npz";
}

fs::path named_video(const VideoPredictions& video, const fs::path& results) {
  const fs::path named = text_at(video.facts, "path");
  if (named.empty() || is_of_arrays(named)) return {};
  for (const fs::path& path : {named, results.parent_path() / named}) {
    std::error_code unreachable;  // as good as absent
    if (fs::is_regular_file(path, unreachable)) return path;
  }
  return {};
}

ReportMedia write_media(const fs::path& path, std::size_t index, const ReportPlace& place,
                        const MediaSettings& settings) {
  ReportMedia media;
  try {
    look_at(path, index, place.folder, settings, media);
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::kInput) throw;
    spdlog::warn("{}", e.what());
    media.problem = e.what();
  }
  if (media.video.empty())
    media.video = percent_encoded(linked(path, index, place, settings).string());
  return media;
}

}  // namespace co2net
