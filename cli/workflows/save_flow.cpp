#include "cli/workflows/save_flow.h"

#include <spdlog/spdlog.h>

#include <chrono>

#include "cli/workflows/each_input.h"
#include "cli/workflows/extraction.h"
#include "pipeline/base/files.h"
#include "pipeline/devices/threads.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

bool is_flow(const std::string& name) { return name.starts_with("flow"); }

}  // namespace

int save_flow(const SaveFlowJob& job, const std::vector<Input>& inputs, Stats& stats,
              const Observer& observer) {
  expect_writable(job.directory / "flow");
  use_threads(job.threads);
  const FlowBackend backend =
      choose_flow_backend(job.backend, job.recipe.flow, /*gpu=*/0, job.kernels);
  spdlog::info("flow runs on {}", backend.where.empty() ? backend.name : backend.where);
  const auto work = [&](const Input& input) {
    const VideoJob video_job = make_job(input, job.each, observer, "frames");
    const auto save = [&](const fs::path& temporary) {
      const Json video =
          save_flow(video_job, job.recipe, backend, job.threads, job.format, temporary);
      if (job.each.strict) expect_whole(video);
    };
    const std::string suffix = file_suffix(job.format);
    const fs::path folder = job.directory / input.id, file = folder.string() + suffix;
    const auto start = std::chrono::steady_clock::now();
    if (!suffix.empty()) {
      expect_no_input_at(file, inputs);
      write_file_with(file, save);
    } else {
      expect_only_in(folder, is_flow);
      write_folder_with(folder, save);
    }
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    stats.add(input.id, {{"flow", StageTiming{.seconds = elapsed.count()}}});
  };
  return for_each_input(source_of(inputs), job.fail_fast, observer, work);
}

}  // namespace co2net
