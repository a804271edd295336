#include "cli/through_inputs.h"

#include <spdlog/spdlog.h>

#include "cli/failure_table.h"
#include "cli/terminal.h"
#include "cli/workflows/stats.h"
#include "pipeline/base/text.h"

namespace co2net {

void tell_failures(const Progress& progress, Io& io, const std::filesystem::path& errors_in) {
  if (!spdlog::should_log(spdlog::level::err)) return;
  FailureTableLook look;
  look.columns = io.err_is_terminal ? terminal_columns() : 0;
  look.has_colour = may_be_coloured(io.err_is_terminal);
  look.rest =
      errors_in.empty() ? "each told above" : "in the errors of " + printable(errors_in.string());
  write_at_once(io.err, failure_table(progress.failures(), look));
}

int through_inputs(const VideoOptions& options, Io& io,
                   const std::function<int(Stats&, const Observer&)>& work,
                   const std::filesystem::path& errors_in) {
  Stats stats;
  Progress progress(io.err, progress_view(options.progress, io));
  const int failed =
      with_stats_written(stats, options.stats, [&] { return work(stats, progress.observer()); });
  tell_failures(progress, io, errors_in);
  return failed > 0 ? 1 : 0;
}

}  // namespace co2net
