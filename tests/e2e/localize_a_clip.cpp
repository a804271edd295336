// A program of the library, which has no command line: localizes the clip $CO2NET_CLIP with the
// bundle $CO2NET_BUNDLE and prints its segments.
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <iostream>

#include "cli/workflows/localize_videos.h"

int main() {
  using namespace co2net;
  spdlog::set_level(spdlog::level::off);
  LocalizeVideosJob job;
  job.bundle = load_bundle(std::getenv("CO2NET_BUNDLE"), {kI3dRgbFile, kI3dFlowFile, kCo2NetFile});
  job.extraction.recipe = job.bundle.recipe;

  const std::vector<Input> clips = with_ids({std::getenv("CO2NET_CLIP")});
  ResultReceiver receiver;
  receiver.on_result = [](const VideoResult& result) {
    std::cout << to_text(to_json(result.segments)) << "\n";
  };
  receiver.on_error = [](const VideoError& error) {
    std::cerr << error.id << ": " << error.stage << ": " << error.message << "\n";
  };
  Stats stats;
  return localize_videos(job, source_of(clips), stats, receiver);
}
