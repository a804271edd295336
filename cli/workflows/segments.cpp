#include "cli/workflows/segments.h"

#include <spdlog/spdlog.h>

#include <utility>
#include <vector>

#include "pipeline/base/digest.h"
#include "pipeline/base/error.h"
#include "pipeline/datasets/feature_files.h"
#include "postprocess/proposal_stage.h"
#include "postprocess/proposals.h"

namespace co2net {
namespace {

VideoResult video_result(const Input& input, const Entry& proposals) {
  Json video = proposals.info.at("video");
  video["path"] = input.path.string();
  if (video.contains("skipped")) {
    spdlog::warn("{}: not localized: {} (--compat clean localizes it)", input.path.string(),
                 video.at("skipped").get<std::string>());
  }
  const Json found = parse_json(proposals.bytes, "proposals", ErrorKind::kInternal);
  VideoResult result{input.id, segments_from_json(found.at("segments")), video};
  if (found.contains("final")) result.final_segments = segments_from_json(found["final"]);
  return result;
}

const ClassThresholds* known_thresholds(const Bundle& bundle) {
  const bool has_them = bundle.operating_point && bundle.operating_point->thresholds;
  return has_them ? &*bundle.operating_point->thresholds : nullptr;
}

ClassThresholds thresholds_of(const Bundle& bundle) {
  if (const ClassThresholds* known = known_thresholds(bundle)) return *known;
  // Its probabilities do not depend on how many classes are reported.
  if (bundle.network.kind == NetworkKind::kClassifier) return {ProposalOptions().class_threshold};
  return fallback_thresholds(bundle.classes.size());
}

}  // namespace

void settle_operating_point(Bundle& bundle, const std::optional<OperatingChoice>& choice) {
  if (choice && !has_final_segments(bundle)) {
    throw Error(ErrorKind::kUsage, "--operating-point: model " + bundle.name +
                                       " is a W-TALC, which has none; leave it out");
  }
  if (choice) {
    OperatingPoint& point =
        bundle.operating_point ? *bundle.operating_point : bundle.operating_point.emplace();
    point.thresholds = chosen_thresholds(point.videos, *choice);
    if (!point.thresholds) {
      throw Error(ErrorKind::kUsage,
                  "--operating-point: model " + bundle.name + " keeps the scores of " +
                      std::to_string(point.videos.size()) +
                      " held-out videos, with fewer than the " + std::to_string(kLeastPositives) +
                      " labels that it takes to choose; give a score, or train with more videos");
    }
  }
  speak_of_operating_point(bundle);
}

void speak_of_operating_point(const Bundle& bundle) {
  if (!has_final_segments(bundle)) {
    spdlog::info(
        "model {} is a W-TALC, which has no operating point: there are candidates, and no final "
        "segments",
        bundle.name);
    return;
  }
  const ClassThresholds thresholds = thresholds_of(bundle);
  if (known_thresholds(bundle) == nullptr) {
    spdlog::info(
        "model {} has no operating point: final segments are of classes with a video score of "
        "{:.3g} or more",
        bundle.name, thresholds.all);
  } else {
    const std::vector<HeldOutVideo>& videos = bundle.operating_point->videos;
    const bool lacks_background = !videos.empty() && !has_background(videos);
    spdlog::info(
        "operating point of model {}: final segments are of classes with a video score of {:.3g} "
        "or more{}{}",
        bundle.name, thresholds.all,
        thresholds.own.empty() ? ""
                               : fmt::format("; {} of {} classes have a threshold of their own",
                                             thresholds.own.size(), bundle.classes.size()),
        lacks_background ? "; it was chosen without videos where nothing happens" : "");
  }
}

void append_proposals(Chain& chain, const Bundle& bundle, const Recipe& recipe,
                      const std::optional<Compat>& compat) {
  ProposalOptions options;
  options.compat = compat.value_or(bundle.compat);
  if (options.compat == Compat::kAuthors) options.min_snippets = bundle.min_snippets;
  options.kind = bundle.network.kind;
  options.middle = recipe.window / (2. * recipe.stride);
  chain.push_back(proposal_stage(chain.size() - 1, chain.back().key, options,
                                 reported_classes(bundle), thresholds_of(bundle), recipe.stride));
}

Stage given_stage(const std::string& name, std::string bytes, const Json& info) {
  Stage stage;
  stage.name = name;
  stage.cached = false;
  stage.key = KeyBuilder(name + ".file", 1).add("content", sha256(bytes)).add("info", info).build();
  stage.compute = [bytes = std::move(bytes), info](const std::vector<Entry>&,
                                                   const std::filesystem::path&) {
    return Entry{info, bytes, {}};
  };
  return stage;
}

ChainResult saved_scores(const Chain& chain, const std::filesystem::path& folder,
                         const Bundle& bundle, const Input& input, DiskCache* cache, Stats& stats) {
  ChainResult scores = run_chain(chain, cache, subject_of(input));
  stats.add(input.id, scores.timings);
  write_with_sidecar(folder / (input.id + ".npz"), scores.entry.bytes,
                     scores_sidecar(bundle, scores.entry.info.at("video")));
  return scores;
}

Chain chain_from(const ChainResult& scores) {
  return {given_stage("scores", scores.entry.bytes, scores.entry.info)};
}

int find_segments(const InputSource& inputs, const ChainSettings& settings, const ChainOf& chain_of,
                  Stats& stats, const ResultReceiver& receiver, const Observer& observer) {
  const auto work = [&](const Input& input) -> Delivery {
    const ChainResult result = run_chain(chain_of(input), settings.cache, subject_of(input));
    stats.add(input.id, result.timings);
    const Json& video = result.entry.info.at("video");
    if (settings.strict) expect_whole(video);
    return [&, input, entry = result.entry, reused = is_reused(result)] {
      if (reused) observer.on_reuse();
      VideoResult found = video_result(input, entry);
      const std::int64_t snippets = found.video.value("snippets", std::int64_t{0});
      observer.on_progress("snippets", snippets, snippets);
      receiver.on_result(std::move(found));
    };
  };
  return for_each_input(inputs, settings.each, observer, work, receiver.on_error);
}

int find_segments(const InputSource& inputs, const FilesJob& job, const ChainOf& scores_chain,
                  Stats& stats, const ResultReceiver& receiver, const Observer& observer) {
  const auto chain_of = [&](const Input& input) {
    Chain chain = scores_chain(input);
    append_proposals(chain, job.bundle, job.bundle.recipe, job.compat);
    return chain;
  };
  return find_segments(inputs, {job.strict, job.each, job.cache}, chain_of, stats, receiver,
                       observer);
}

}  // namespace co2net
