#include "cli/commands/segments_of_files.h"

#include "cli/result_sink.h"
#include "cli/through_inputs.h"

namespace po = boost::program_options;
namespace fs = std::filesystem;

namespace co2net {

void add_segments_of_files_options(po::options_description& options) {
  add_model_option(options);
  add_only_option(options);
  add_result_options(options);
  add_compat_option(options);
  add_operating_point_option(options);
  add_cache_options(options);
  add_input_options(options);
  add_share_option(options);
  add_outcome_options(options);
  add_progress_option(options);
}

int write_segments_of_files(const po::variables_map& args, Io& io, const FileInputs& inputs,
                            const FilesWorkflow& workflow) {
  const ResultOptions results = parse_result_options(args);
  const std::unique_ptr<DiskCache> cache = parse_cache(args);
  FilesJob job;
  job.compat = parse_compat(args);
  const fs::path model = parse_model(args);
  job.bundle =
      with_only(args, inputs.localizes ? load_localizing_bundle(model) : load_bundle(model, {}));
  expect_made_by(job.bundle, results);
  settle_operating_point(job.bundle, parse_operating_point(args));
  job.strict = inputs.options.each.strict;
  job.each.fail_fast = inputs.options.fail_fast;
  job.cache = cache.get();
  if (inputs.options.share) job.each.shared = job.cache;
  expect_no_input_at(results.output, inputs.taken.files);

  ResultHeader header = {summary(job.bundle), to_json(job.bundle.recipe),
                         changes_to_results(args, job.bundle), inputs.taken.shard};
  if (inputs.options.share) header.order = ids_of(inputs.taken.files);
  ResultSink sink(results, std::move(header), io);
  const auto work = [&](Stats& stats, const Observer& observer) {
    const int failed =
        workflow(job, source_of(inputs.taken.files), stats, sink.receiver(), observer);
    sink.finish();
    return failed;
  };
  return through_inputs(inputs.options, io, work, errors_in(results));
}

}  // namespace co2net
