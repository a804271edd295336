#include "cli/commands/segments_of_files.h"

#include "cli/options.h"
#include "cli/result_sink.h"

namespace po = boost::program_options;

namespace co2net {

void add_segments_of_files_options(po::options_description& options) {
  add_model_option(options);
  add_result_options(options);
  add_compat_option(options);
  add_cache_options(options);
  add_input_options(options);
  add_outcome_options(options);
}

int write_segments_of_files(const po::variables_map& args, Io& io, const FileInputs& wanted,
                            const FilesWorkflow& workflow) {
  const VideoOptions options = parse_video_options(args);
  const std::vector<Input> inputs =
      parse_inputs(args, wanted.what, {wanted.suffix}, options, io.in);
  const ResultOptions results = parse_result_options(args);
  const std::unique_ptr<DiskCache> cache = parse_cache(args);
  FilesJob job;
  job.compat = parse_compat(args);
  job.bundle = load_bundle(parse_model(args), wanted.bundle_files);
  job.strict = options.each.strict;
  job.fail_fast = options.fail_fast;
  job.cache = cache.get();
  expect_no_input_at(results.output, inputs);

  ResultSink sink(results, summary(job.bundle), to_json(job.bundle.recipe), io.out);
  const Outcome outcome = workflow(job, source_of(inputs), sink.receiver());
  sink.finish();
  return concluded(outcome, options);
}

}  // namespace co2net
