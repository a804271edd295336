#include "cli/workflows/extraction.h"

#include <chrono>

#include "pipeline/base/digest.h"
#include "pipeline/base/error.h"

namespace co2net {

VideoJob make_job(const Input& input, const VideoSettings& settings, const Observer& observer,
                  const std::string& unit) {
  VideoJob job;
  job.deadline = settings.deadline();
  job.file = open_or_spool(input.path, settings.spool, job.deadline);
  job.stream = settings.stream;
  job.limits = settings.limits;
  job.on_progress = [on_progress = observer.on_progress, unit](std::int64_t done,
                                                               std::int64_t expected) {
    on_progress(unit, done, expected);
  };
  return job;
}

VideoJob make_job(const Input& input, const VideoSettings& settings, DiskCache* cache,
                  const Observer& observer, Stats* stats) {
  VideoJob job = make_job(input, settings, observer, "snippets");
  job.sha256 = cache != nullptr ? cache->content_hash(*job.file, job.deadline)
                                : sha256_file(*job.file, job.deadline);
  if (stats != nullptr) {
    job.on_extracted = [stats, id = input.id](const Features& features) {
      stats->add_extraction(id, to_json(features));
    };
  }
  return job;
}

EachInput each_of(const VideoSettings& settings, bool fail_fast, DiskCache* shared) {
  EachInput each = {.fail_fast = fail_fast, .shared = shared};
  if (settings.timeout_s) each.patience = std::chrono::duration<double>(*settings.timeout_s);
  return each;
}

void require_averaged_crops(const Recipe& recipe) {
  if (recipe.crop == CropMode::kTen && recipe.ten_crop == TenCrop::kKeep) {
    throw Error(ErrorKind::kUsage,
                "ten_crop=keep gives a row a crop, and CO2-Net takes one a snippet; use "
                "--recipe-set ten_crop=average");
  }
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
