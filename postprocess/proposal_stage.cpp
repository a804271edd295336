#include "postprocess/proposal_stage.h"

#include <utility>

#include "pipeline/base/error.h"
#include "pipeline/formats/npy.h"
#include "postprocess/exporters.h"

namespace co2net {
namespace {

constexpr int kVersion = 4;

Json to_json(const ProposalOptions& options) {
  return {{"attention_thresholds", options.attention_thresholds},
          {"class_threshold", options.class_threshold},
          {"top_k_ratio", options.top_k_ratio},
          {"outer_ratio", options.outer_ratio},
          {"gamma", options.gamma},
          {"sigma", options.sigma},
          {"min_snippets", options.min_snippets},
          {"middle", options.middle},
          {"compat", options.compat},
          {"kind", options.kind}};
}

Json to_json(const ClassThresholds& thresholds) {
  Json own = Json::object();
  for (const auto& [label, threshold] : thresholds.own) own[std::to_string(label)] = threshold;
  return {{"all", thresholds.all}, {"own", own}};
}

Json labels_of(const std::vector<KeptClass>& kept, const std::vector<std::string>& classes) {
  Json labels = Json::array();
  for (const KeptClass& of_video : kept) {
    labels.push_back({{"label", classes.at(static_cast<std::size_t>(of_video.label))},
                      {"score", of_video.score},
                      {"threshold", of_video.threshold}});
  }
  return labels;
}

Json with_skip(Json info, std::int64_t snippets, int min_snippets) {
  if (snippets < min_snippets) {
    info.at("video")["skipped"] = std::to_string(snippets) +
                                  " snippets, fewer than the model's min_snippets, " +
                                  std::to_string(min_snippets);
  }
  return info;
}

}  // namespace

Stage proposal_stage(std::size_t scores, const CacheKey& scores_key, const ProposalOptions& options,
                     std::vector<std::string> classes, const ClassThresholds& thresholds,
                     int stride) {
  Stage stage;
  stage.name = "proposals";
  stage.key = KeyBuilder("proposals", kVersion)
                  .add("scores", scores_key)
                  .add("options", to_json(options))
                  .add("classes", classes)
                  .add("thresholds", to_json(thresholds))
                  .add("stride", stride)
                  .build();
  stage.inputs = {scores};
  stage.compute = [options, classes = std::move(classes), thresholds, stride](
                      const std::vector<Entry>& inputs, const std::filesystem::path&) {
    const Arrays arrays = parse_npz(inputs[0].bytes, "scores");
    const Array& cas = array_at(arrays, "cas");
    const bool has_background = options.kind != NetworkKind::kWtalc;
    const auto columns = static_cast<std::int64_t>(classes.size()) + (has_background ? 1 : 0);
    expect_shape(cas, {-1, columns}, "cas");
    Json info = with_skip(inputs[0].info, cas.dim(0), options.min_snippets);
    Json& video = info.at("video");
    const auto in_seconds = [&](const auto& found) {
      return co2net::to_json(
          to_segments(found, classes, stride, video.at("fps"), video.at("duration")));
    };
    Json segments = {{"segments", in_seconds(proposals_of(arrays, options))}};
    if (options.kind != NetworkKind::kWtalc) {
      const FinalSegments found =
          final_segments(cas, array_at(arrays, "attn"), thresholds, options);
      video["labels"] = labels_of(found.classes, classes);
      segments["final"] = in_seconds(found.segments);
    }
    return Entry{info, to_text(segments), {}};
  };
  return stage;
}

}  // namespace co2net
