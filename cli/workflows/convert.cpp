#include "cli/workflows/convert.h"

#include <spdlog/spdlog.h>

#include "pipeline/base/error.h"
#include "pipeline/base/inputs.h"
#include "pipeline/base/text.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

Annotations read_all(const std::vector<fs::path>& paths) {
  Annotations all = read_input(read_annotations, paths.front());
  for (std::size_t i = 1; i < paths.size(); ++i) {
    const Annotations more = read_input(read_annotations, paths[i]);
    within(paths[i].string(), [&] { merge(all, more); });
  }
  return all;
}

void warn_of_losses(const Annotations& annotations, AnnotationFormat format) {
  if (!annotations.not_kept.empty()) {
    spdlog::warn("not carried over: {}",
                 joined({annotations.not_kept.begin(), annotations.not_kept.end()}));
  }
  for (const std::string& lost : lost_in(format, annotations)) {
    spdlog::warn("the format cannot hold {}", lost);
  }
}

}  // namespace

Annotations convert_annotations(const ConvertJob& job) {
  for (const fs::path& input : job.inputs) expect_no_input_at(job.output, {{input, ""}});
  Annotations annotations = read_all(job.inputs);
  if (!job.ambiguous.empty()) {
    expect_no_input_at(job.output, {{job.ambiguous, ""}});
    Annotations list;
    list.ambiguous = read_input(read_ambiguous, job.ambiguous);
    merge(annotations, list);
  }
  warn_of_losses(annotations, job.format);
  if (!job.output.empty()) write_annotations(annotations, job.output, job.format);
  return annotations;
}

}  // namespace co2net
