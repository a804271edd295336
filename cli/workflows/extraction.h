#pragma once

#include "cli/workflows/observer.h"
#include "cli/workflows/video_settings.h"
#include "extractors/extractor.h"
#include "pipeline/base/inputs.h"
#include "pipeline/base/json.h"
#include "pipeline/stages/disk_cache.h"

namespace co2net {

// What workflows that make features of videos share.

// The video that `input` names, with its content's hash, progress and deadline.
VideoJob make_job(const Input& input, const VideoSettings& settings, DiskCache* cache,
                  const Observer& observer);

// What statistics say of an extraction.
Json to_json(const Features& features);

}  // namespace co2net
