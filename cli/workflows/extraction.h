#pragma once

#include <string>

#include "cli/workflows/each_input.h"
#include "cli/workflows/observer.h"
#include "cli/workflows/stats.h"
#include "cli/workflows/video_settings.h"
#include "extractors/extractor.h"
#include "pipeline/base/inputs.h"
#include "pipeline/base/json.h"
#include "pipeline/stages/disk_cache.h"

namespace co2net {

// What workflows that make features or flow of videos share.

// The video that `input` names, opened once, a pipe's content too; its deadline counts from before
// that. Progress counts `unit`. Throws Error(kInput), and as a deadline does.
VideoJob make_job(const Input& input, const VideoSettings& settings, const Observer& observer,
                  const std::string& unit);

// The same with its content's hash, for stages; progress counts snippets. `stats`, unless null,
// hears of extractions and must outlive the job.
VideoJob make_job(const Input& input, const VideoSettings& settings, DiskCache* cache,
                  const Observer& observer, Stats* stats = nullptr);

// How videos are gone through, with other processes if `shared` is not null.
EachInput each_of(const VideoSettings& settings, bool fail_fast, DiskCache* shared);

// CO2-Net takes one row a snippet. Throws Error(kUsage).
void require_averaged_crops(const Recipe& recipe);

// What statistics say of an extraction.
Json to_json(const Features& features);

}  // namespace co2net
