#include "cli/commands/proposing.h"

#include <utility>

#include "cli/result_sink.h"
#include "pipeline/base/digest.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "postprocess/proposal_stage.h"

namespace po = boost::program_options;

namespace co2net {

void append_proposals(Chain& chain, const Bundle& bundle, const Recipe& recipe, Compat compat) {
  ProposalOptions options;
  options.compat = compat;
  chain.push_back(
      proposal_stage(chain.size() - 1, chain.back().key, options, bundle.classes, recipe.stride));
}

Stage file_stage(const std::string& name, const std::filesystem::path& file, const Json& info) {
  Stage stage;
  stage.name = name;
  stage.cached = false;
  stage.key =
      KeyBuilder(name + ".file", 1).add("content", sha256_file(file)).add("info", info).build();
  stage.compute = [file, info](const std::vector<Entry>&, const std::filesystem::path&) {
    return Entry{info, read_file(file), {}};
  };
  return stage;
}

void add_file_batch_options(po::options_description& options) {
  add_model_option(options);
  add_result_options(options);
  add_compat_option(options);
  add_cache_options(options);
  add_input_options(options);
  add_outcome_options(options);
}

FileBatch::FileBatch(const po::variables_map& args, Io& io, const std::string& what,
                     const std::string& suffix, const std::vector<std::string>& bundle_files)
    : options(parse_video_options(args)),
      inputs(parse_inputs(args, what, {suffix}, options, io.in)),
      result_options(parse_result_options(args)),
      compat(parse_compat(args)),
      bundle(load_bundle(parse_model(args), bundle_files)),
      cache(parse_cache(args)) {}

int FileBatch::run(Io& io, const std::function<Chain(const Input&)>& scores_chain) {
  expect_no_input_at(result_options.output, inputs);
  ResultSink sink(result_options, summary(bundle), to_json(bundle.recipe), io.out);
  const int failed = for_each_input(
      source_of(inputs), options.fail_fast, {},
      [&](const Input& input) {
        Chain chain = scores_chain(input);
        append_proposals(chain, bundle, bundle.recipe, compat);
        const ChainResult result = run_chain(chain, cache.get(), subject_of(input));
        stats.add(input.id, result.timings);
        if (options.each.strict) expect_whole(result.entry.info.at("video"));
        sink.add(video_result(input, result.entry));
      },
      [&](const VideoError& error) { sink.add(error); });
  sink.finish();
  stats.write(options.stats);
  return failed > 0 ? 1 : 0;
}

}  // namespace co2net
