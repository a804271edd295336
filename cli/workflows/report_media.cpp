#include "cli/workflows/report_media.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "extractors/video/film_strip.h"
#include "extractors/video/playable_copy.h"
#include "extractors/video/video_reader.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/percent_encoding.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

// What all current browsers play, by libav's names. Of Matroska Firefox plays only what WebM may
// have.
struct PlayableContainer {
  std::string_view name;
  std::array<std::string_view, 3> codecs;
};
constexpr PlayableContainer kPlayable[] = {
    {"mov,mp4,m4a,3gp,3g2,mj2", {"h264", "vp9", "av1"}},
    {"matroska,webm", {"vp8", "vp9", "av1"}},
};

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
  media.duration_s = look.source().duration_s;
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

std::string why_unplayable(const SourceInfo& source) {
  const auto* const container =
      std::ranges::find(kPlayable, source.container, &PlayableContainer::name);
  if (container == std::end(kPlayable) ||
      std::ranges::count(container->codecs, source.codec) == 0) {
    return source.codec + " in " + source.container;
  }
  constexpr std::string_view kUsualPixels[] = {"yuv420p", "yuvj420p"};
  const bool has_rare_pixels =
      source.codec == "h264" && std::ranges::count(kUsualPixels, source.pixel_format) == 0;
  return has_rare_pixels ? "its pixels, " + source.pixel_format : "";
}

bool is_of_arrays(const fs::path& path) {
  return path.extension() == ".npy" || path.extension() == ".npz";
}

fs::path named_video(const VideoPredictions& video, const fs::path& results) {
  const fs::path named = named_path(video);
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
