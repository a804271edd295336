#include "cli/workflows/extraction.h"

#include "pipeline/base/digest.h"

namespace co2net {

VideoJob make_job(const Input& input, const VideoSettings& settings, DiskCache* cache,
                  const Observer& observer) {
  VideoJob job;
  job.path = input.path;
  job.sha256 = cache != nullptr ? cache->content_hash(input.path) : sha256_file(input.path);
  job.stream = settings.stream;
  job.deadline = settings.deadline();
  job.on_progress = [on_progress = observer.on_progress](std::int64_t done, std::int64_t expected) {
    on_progress("snippets", done, expected);
  };
  return job;
}

Json to_json(const Features& features) {
  const auto part = [](const Effort& effort, const char* rate) {
    const double per_s =
        effort.seconds > 0 ? static_cast<double>(effort.count) / effort.seconds : 0;
    return Json{{"seconds", effort.seconds}, {rate, per_s}};
  };
  return {{"frames", features.frames},
          {"snippets", features.rows.dim(0)},
          {"decode", part(features.decode, "frames_per_s")},
          {"flow", part(features.flow, "pairs_per_s")},
          {"networks", part(features.networks, "clips_per_s")}};
}

}  // namespace co2net
