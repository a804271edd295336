#include "cli/workflows/segments.h"

#include <spdlog/spdlog.h>

#include "pipeline/base/digest.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "postprocess/proposal_stage.h"

namespace co2net {
namespace {

VideoResult video_result(const Input& input, const Entry& proposals) {
  Json video = proposals.info.at("video");
  video["path"] = input.path.string();
  if (video.contains("skipped")) {
    spdlog::warn("{}: not localized: {} (--compat clean localizes it)", input.path.string(),
                 video.at("skipped").get<std::string>());
  }
  return {input.id,
          segments_from_json(parse_json(proposals.bytes, "proposals", ErrorKind::kInternal)),
          video};
}

}  // namespace

void append_proposals(Chain& chain, const Bundle& bundle, const Recipe& recipe,
                      const std::optional<Compat>& compat) {
  ProposalOptions options;
  options.compat = compat.value_or(bundle.compat);
  if (options.compat == Compat::kAuthors) options.min_snippets = bundle.min_snippets;
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

Outcome find_segments(const InputSource& inputs, const ChainSettings& settings,
                      const Observer& observer,
                      const std::function<Chain(const Input&, Stats&)>& chain_of,
                      const ResultReceiver& receiver) {
  Outcome outcome;
  outcome.failed = for_each_input(
      inputs, settings.fail_fast, observer,
      [&](const Input& input) {
        const ChainResult result =
            run_chain(chain_of(input, outcome.stats), settings.cache, subject_of(input));
        outcome.stats.add(input.id, result.timings);
        if (settings.strict) expect_whole(result.entry.info.at("video"));
        receiver.on_result(video_result(input, result.entry));
      },
      receiver.on_error);
  return outcome;
}

Outcome find_segments(const InputSource& inputs, const FilesJob& job,
                      const std::function<Chain(const Input&, Stats&)>& scores_chain,
                      const ResultReceiver& receiver) {
  const auto chain_of = [&](const Input& input, Stats& stats) {
    Chain chain = scores_chain(input, stats);
    append_proposals(chain, job.bundle, job.bundle.recipe, job.compat);
    return chain;
  };
  return find_segments(inputs, {job.strict, job.fail_fast, job.cache}, {}, chain_of, receiver);
}

}  // namespace co2net
