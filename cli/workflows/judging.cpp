#include "cli/workflows/judging.h"

#include <oneapi/tbb/parallel_for.h>

#include "pipeline/base/interrupt.h"
#include "postprocess/predictions.h"
#include "postprocess/proposals.h"

namespace co2net {
namespace {

// Calls `work` with each video's index in `videos` and the model's scores for it, on all threads.
void for_each_scored(const Co2Net& model, const Dataset& dataset,
                     const std::vector<std::size_t>& videos,
                     const std::function<void(std::size_t, const Arrays&)>& work) {
  oneapi::tbb::parallel_for(std::size_t{0}, videos.size(), [&](std::size_t i) {
    throw_if_interrupted();
    work(i, model.localize(dataset.features().rows(videos[i])));
  });
}

VideoPredictions predictions_of(const std::string& id, const Arrays& scores,
                                const std::vector<std::string>& classes, double snippets_per_second,
                                const ProposalOptions& options) {
  VideoPredictions predictions;
  predictions.id = id;
  predictions.snippets_per_second = snippets_per_second;
  predictions.rate_is_assumed = false;
  for (const Proposal& proposal : proposals_of(scores, options)) {
    predictions.segments.push_back({classes[static_cast<std::size_t>(proposal.label)],
                                    proposal.score, proposal.start / snippets_per_second,
                                    proposal.end / snippets_per_second});
  }
  return predictions;
}

// With every class kept, so that each has its score and its final segments.
HeldOutVideo held_out_video(const FinalSegments& all, const std::vector<int>& labels,
                            double hours) {
  HeldOutVideo video{.labels = labels, .scores = {}, .hours = hours};
  for (const KeptClass& of_class : all.classes) video.scores.push_back(of_class.score);
  if (!labels.empty()) return video;
  video.segments.resize(all.classes.size());
  for (const FinalSegment& segment : all.segments) {
    ++video.segments[static_cast<std::size_t>(segment.run.label)];
  }
  return video;
}

}  // namespace

std::vector<HeldOutVideo> held_out_scores(const Co2Net& model, const Dataset& dataset,
                                          const std::vector<std::size_t>& videos, Compat compat) {
  const ClassThresholds none;
  ProposalOptions options;
  options.compat = compat;
  std::vector<HeldOutVideo> found(videos.size());
  for_each_scored(model, dataset, videos, [&](std::size_t i, const Arrays& scores) {
    found[i] = held_out_video(final_segments(scores.at("cas"), scores.at("attn"), none, options),
                              dataset.labels(videos[i]), hours_of(dataset, {videos[i]}));
  });
  return found;
}

double hours_of(const Dataset& dataset, const std::vector<std::size_t>& videos) {
  double seconds = 0;
  for (const std::size_t video : videos) {
    seconds += static_cast<double>(dataset.features().snippets(video)) /
               dataset.snippets_per_second(video);
  }
  return seconds / 3600;
}

Classification classify(const Co2Net& model, const Dataset& dataset,
                        const std::vector<std::size_t>& videos) {
  Classification found;
  found.scores.resize(videos.size());
  for (const std::size_t video : videos) {
    std::vector<bool>& has = found.labels.emplace_back(dataset.classes().size());
    for (const int label : dataset.labels(video)) has[static_cast<std::size_t>(label)] = true;
  }
  for_each_scored(model, dataset, videos, [&](std::size_t i, const Arrays& arrays) {
    found.scores[i] = video_class_scores(arrays.at("cas"), model.config().network.kind);
  });
  return found;
}

Evaluation evaluate_on_test(const Co2Net& model, const Dataset& dataset, const Split& split,
                            Compat compat, const std::vector<double>& tiou) {
  ProposalOptions options;
  options.compat = compat;
  options.kind = model.config().network.kind;
  Predictions predictions(split.test.size());
  for_each_scored(model, dataset, split.test, [&](std::size_t i, const Arrays& scores) {
    const std::size_t video = split.test[i];
    predictions[i] = predictions_of(dataset.videos()[video].id, scores, dataset.classes(),
                                    dataset.snippets_per_second(video), options);
  });
  return evaluate(predictions, dataset.annotations(),
                  {.protocol = Protocol::kCo2Net, .subset = split.test_subset, .tiou = tiou});
}

std::vector<double> reported_tiou(Variant preset) {
  return parse_tiou(preset == Variant::kActivityNet ? "0.5:0.05:0.95" : "0.1:0.1:0.9");
}

std::vector<double> selection_tiou(Variant preset) {
  return parse_tiou(preset == Variant::kActivityNet ? "0.5:0.05:0.95" : "0.1:0.1:0.7");
}

std::function<Judgement(const Co2Net&)> judge_of(const Dataset& dataset, const Split& split,
                                                 const TrainingSettings& settings) {
  if (settings.select == Selection::kTest) {
    return [&](const Co2Net& model) -> Judgement {
      const Evaluation evaluation = evaluate_on_test(model, dataset, split, settings.options.compat,
                                                     selection_tiou(settings.preset));
      return {evaluation.average, {{"tiou", evaluation.tiou}, {"mAP", evaluation.mAP}}};
    };
  }
  if (settings.select == Selection::kHeldOut && !split.held_out.empty()) {
    return [&, videos = all_held_out(split)](const Co2Net& model) -> Judgement {
      const Classification found = classify(model, dataset, videos);
      return {classification_map(found.scores, found.labels), {}};
    };
  }
  return nullptr;
}

}  // namespace co2net
