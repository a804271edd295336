#include "cli/workflows/render.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "cli/workflows/each_input.h"
#include "cli/workflows/final_choice.h"
#include "cli/workflows/render_clips.h"
#include "cli/workflows/report_media.h"
#include "extractors/video/labelled_copy.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/text.h"
#include "pipeline/base/unmatched.h"
#include "postprocess/distinct_segments.h"
#include "postprocess/exporters/overlay.h"
#include "postprocess/palette.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

using Strings = std::vector<std::string>;

// As results say it, wherever they lie.
std::string path_in(const VideoPredictions& video) {
  const auto path = video.facts.find("path");
  return path != video.facts.end() && path->is_string() ? path->get<std::string>() : "";
}

template <class Videos>
Strings ids_of(const Videos& videos) {
  Strings ids;
  for (const auto& video : videos) ids.push_back(video.id);
  return ids;
}

void expect_in_common(const Predictions& found, const Annotations& truth) {
  const Strings known = ids_of(truth.videos);
  const std::set<std::string> annotated(known.begin(), known.end());
  const auto is_annotated = [&](const auto& video) { return annotated.contains(video.id); };
  if (found.empty() || std::ranges::any_of(found, is_annotated)) return;
  throw nothing_matches({"videos of the results", ids_of(found)},
                        {"videos of the ground truth", known});
}

// What is shown of a video takes the place of what was found in it.
void choose_segments(RenderJob& job) {
  std::erase_if(job.found, [](const VideoPredictions& video) { return !video.error.empty(); });
  if (job.only_final) keep_final(job.found);
  for (VideoPredictions& video : job.found) {
    video.segments =
        filtered(distinct_best(std::move(video.segments), std::numeric_limits<std::size_t>::max()),
                 job.filter);
  }
}

class Renderer {
 public:
  Renderer(const RenderJob& job, const std::vector<Input>& videos, Strings classes)
      : job_(job), inputs_(videos), classes_(std::move(classes)) {
    for (const VideoPredictions& video : job_.found) {
      by_id_[video.id] = &video;
      if (const std::string path = path_in(video); !path.empty()) by_path_[path] = &video;
    }
    if (!job_.truth) return;
    for (const AnnotatedVideo& video : job_.truth->videos) truth_[video.id] = &video;
  }

  void render(const Input& input, const Observer& observer) const {
    const VideoPredictions& video = results_of(input);
    check_id(input.id);
    if (is_of_arrays(input.path)) {
      throw Error(ErrorKind::kInput,
                  "the results name no video but what was made of it; give the video itself");
    }
    bool is_told = false;
    MovieJob movie;
    movie.deadline = job_.each.deadline();
    movie.file = open_or_spool(input.path, job_.each.spool, movie.deadline);
    movie.stream = job_.each.stream;
    movie.limits = job_.each.limits;
    movie.on_progress = [&](std::int64_t done, std::int64_t expected) {
      observer.on_progress("frames", done, expected);
    };
    movie.on_incomplete = [&](const std::string& why) {
      if (job_.each.strict) {
        expect_whole({{"decode", {{"complete", false}, {"first_error", why}}}});
      }
      if (std::exchange(is_told, true)) return;  // of the copy
      spdlog::warn("{}: not complete: {}", movie.file->path().string(), why);
    };
    const fs::path copy = copy_of(input);
    const fs::path clips = job_.clips.empty() ? fs::path() : clips_folder(job_.clips, input.id);
    if (!copy.empty()) expect_copy_place(copy, movie);
    if (!clips.empty()) expect_clips_place_of(clips);
    if (!copy.empty()) write_copy(movie, video, copy);
    if (!clips.empty()) write_clips(movie, video.segments, clips, job_.exact);
    movie.file->expect_unchanged();
  }

 private:
  const VideoPredictions& results_of(const Input& input) const {
    const auto by_id = by_id_.find(input.id);
    const auto by_path = by_path_.find(input.path.string());
    if (by_id == by_id_.end() && by_path == by_path_.end()) {
      throw Error(ErrorKind::kInput,
                  not_among("the file of results", input.id, ids_of(job_.found)));
    }
    const VideoPredictions& video = by_id != by_id_.end() ? *by_id->second : *by_path->second;
    if (video.error.empty()) return video;
    throw Error(ErrorKind::kInput, "nothing was found out about it: " + video.error);
  }

  fs::path copy_of(const Input& input) const {
    if (!job_.copy.empty() || job_.copies.empty()) return job_.copy;
    return job_.copies / (input.id + ".mp4");
  }

  // A file that is named by itself is replaced; in a folder, what has the name by chance is not.
  void expect_copy_place(const fs::path& path, const MovieJob& movie) const {
    expect_no_input_at(path, inputs_);
    if (!job_.copy.empty() || !fs::exists(path)) return;
    if (is_labelled_copy(path, movie.limits, movie.deadline)) return;
    throw Error(ErrorKind::kInput, path.string() +
                                       " is there already, and is no copy that 'render' made; "
                                       "move it, or choose another place with -o");
  }

  void write_copy(const MovieJob& movie, const VideoPredictions& video,
                  const fs::path& path) const {
    const std::string name = movie.file->path().string();
    write_file_with(path, [&](const fs::path& temporary) {
      const auto drawing_of = [&](const PictureSize& size, double duration_s) {
        return drawing(video, size, video.duration_s.value_or(duration_s), name);
      };
      write_labelled_copy(movie, temporary, drawing_of);
    });
  }

  Drawing drawing(const VideoPredictions& video, const PictureSize& size, double duration_s,
                  const std::string& name) const {
    OverlayVideo shown{.segments = video.segments, .duration_s = duration_s};
    if (job_.truth) {
      const auto truth = truth_.find(video.id);
      shown.truth.emplace();
      if (truth != truth_.end()) shown.truth = truth->second->segments;
    }
    Overlay overlay = overlay_of(shown, {.width = size.width,
                                         .height = size.height,
                                         .script_seconds = kScriptSeconds,
                                         .classes = classes_});
    if (!overlay.without_row.empty()) {
      spdlog::warn("{}: the timeline shows the best {} classes, and not {}", name, kMostOverlayRows,
                   counted("others", overlay.without_row));
    }
    return {overlay.below, std::move(overlay.script)};
  }

  void expect_clips_place_of(const fs::path& folder) const {
    std::error_code unreachable;  // where it cannot be replaced, either
    for (const Input& input : inputs_) {
      const fs::path place = fs::absolute(input.path).parent_path();
      if (!fs::equivalent(place, folder, unreachable)) continue;
      throw Error(ErrorKind::kUsage, "--clips would replace the folder of the input " +
                                         input.path.string() + "; choose another place");
    }
    expect_clips_place(folder);
  }

  const RenderJob& job_;
  const std::vector<Input>& inputs_;
  const Strings classes_;
  std::map<std::string, const VideoPredictions*> by_id_, by_path_;
  std::map<std::string, const AnnotatedVideo*> truth_;
};

void tell_places(const RenderJob& job, std::size_t videos) {
  if (!job.copy.empty() && videos > 0) spdlog::info("the copy is {}", job.copy.string());
  if (!job.copies.empty()) spdlog::info("{} in {}", counted(videos, "copies"), job.copies.string());
  if (!job.clips.empty())
    spdlog::info("clips of {} in {}", counted(videos, "videos"), job.clips.string());
}

}  // namespace

std::vector<Input> named_videos(const Predictions& found, const fs::path& results) {
  std::vector<Input> videos;
  Strings failed;
  for (const VideoPredictions& video : found) {
    if (!video.error.empty()) {
      failed.push_back(video.id);
      continue;
    }
    fs::path path = named_video(video, results);
    if (path.empty()) path = path_in(video);
    videos.push_back({path.empty() ? fs::path(video.id) : path, video.id});
  }
  if (!failed.empty()) spdlog::warn("left out, without results: {}", counted("videos", failed));
  return videos;
}

int render(RenderJob job, const std::vector<Input>& videos, Stats& stats,
           const Observer& observer) {
  if (job.truth) expect_in_common(job.found, *job.truth);
  Strings classes = coloured_classes(job.found, job.truth.value_or(Annotations()), {});
  choose_segments(job);
  if (!job.copies.empty()) expect_writable(job.copies / "copy");
  if (!job.copy.empty()) expect_writable(job.copy);
  if (!job.clips.empty()) expect_writable(job.clips / "clips");
  const Renderer renderer(job, videos, std::move(classes));
  const int at_once = static_cast<int>(std::min<std::size_t>(job.threads, videos.size()));
  const Observer of_frames = at_once > 1 ? Observer() : observer;
  const auto work = [&](const Input& input) -> Delivery {
    const auto start = std::chrono::steady_clock::now();
    renderer.render(input, of_frames);
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    return [&stats, id = input.id, elapsed] {
      stats.add(id, {{"render", StageTiming{.seconds = elapsed.count()}}});
    };
  };
  int not_made = 0;  // those that failed, and those that were not tried
  const int failed =
      for_each_input(source_of(videos), {.fail_fast = job.fail_fast, .at_once = at_once}, observer,
                     work, [&](const VideoError&) { ++not_made; });
  tell_places(job, videos.size() - static_cast<std::size_t>(not_made));
  return failed;
}

}  // namespace co2net
