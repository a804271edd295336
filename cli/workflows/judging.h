#pragma once

#include <functional>
#include <vector>

#include "cli/workflows/split.h"
#include "cli/workflows/training_settings.h"
#include "localizer/co2net.h"
#include "localizer/trainer.h"
#include "pipeline/datasets/dataset.h"
#include "pipeline/datasets/operating_point.h"
#include "postprocess/classification.h"
#include "postprocess/evaluation.h"

namespace co2net {

// How good a model is, and how one of a training's models is chosen.

Classification classify(const Co2Net& model, const Dataset& dataset,
                        const std::vector<std::size_t>& videos);

// What a model says of videos that it has not learned from, for an operating point.
std::vector<HeldOutVideo> held_out_scores(const Co2Net& model, const Dataset& dataset,
                                          const std::vector<std::size_t>& videos, Compat compat);
double hours_of(const Dataset& dataset, const std::vector<std::size_t>& videos);

// Mean average precision of a model's segments on the split's test videos, in protocol co2net, each
// video's snippets at the rate that the data set gives it.
Evaluation evaluate_on_test(const Co2Net& model, const Dataset& dataset, const Split& split,
                            Compat compat, const std::vector<double>& tiou);

// Thresholds at which a preset's dataset is reported, and those that the authors select a model by.
std::vector<double> reported_tiou(Variant preset);
std::vector<double> selection_tiou(Variant preset);

// How settings.select judges models; null where the last one is taken. What it refers to must
// outlive it.
std::function<Judgement(const Co2Net&)> judge_of(const Dataset& dataset, const Split& split,
                                                 const TrainingSettings& settings);

}  // namespace co2net
