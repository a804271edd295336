#include "cli/workflows/training.h"

#include <oneapi/tbb/parallel_for.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <cstdio>

#include "cli/options.h"
#include "pipeline/base/digest.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/interrupt.h"
#include "postprocess/classification.h"
#include "postprocess/predictions.h"
#include "postprocess/proposals.h"
#include "postprocess/text_table.h"

namespace fs = std::filesystem;
namespace po = boost::program_options;

namespace co2net {
namespace {

using Strings = std::vector<std::string>;

// Calls `work` with each example's index and the model's scores for it, on all threads.
void for_each_scored(const Co2Net& model, const FeatureSet& features,
                     const std::vector<Example>& examples,
                     const std::function<void(std::size_t, const Arrays&)>& work) {
  oneapi::tbb::parallel_for(std::size_t{0}, examples.size(), [&](std::size_t i) {
    throw_if_interrupted();
    work(i, model.localize(features.rows(examples[i].video)));
  });
}

double held_out_map(const Co2Net& model, const TrainingData& data) {
  const Classification found = classify_held_out(model, data);
  return classification_map(found.scores, found.labels);
}

Judgement judge_on_test(const Co2Net& model, const TrainingData& data, const std::string& preset) {
  const Evaluation evaluation = evaluate_on_test(model, data, selection_tiou(preset));
  return {evaluation.average, {{"tiou", evaluation.tiou}, {"mAP", evaluation.mAP}}};
}

// How models are judged; null to take the last.
std::function<Judgement(const Co2Net&)> judge_of(const TrainingData& data,
                                                 const TrainingSettings& settings) {
  if (settings.select == "test") {
    return [&](const Co2Net& model) { return judge_on_test(model, data, settings.preset); };
  }
  if (settings.select == "heldout" && !data.held_out.empty()) {
    return [&](const Co2Net& model) { return Judgement{held_out_map(model, data), {}}; };
  }
  return nullptr;
}

// Names the videos and their classes, short.
Json description(const std::vector<Example>& examples, const TrainingData& data) {
  Json list = Json::array();
  for (const Example& example : examples) {
    list.push_back({data.features.ids()[example.video], data.features.snippets(example.video),
                    example.classes});
  }
  return {{"videos", examples.size()}, {"sha256", sha256(to_text(list))}};
}

std::string words(const LossValues& losses) {
  char text[160];
  std::snprintf(text, sizeof text,
                "loss %.4f (mil %.4f + %.4f, cas %.4f, ml %.4f, oppo %.4f, norm %.4f)",
                losses.total, losses.mil_orig, losses.mil_supp, losses.cas, losses.ml, losses.oppo,
                losses.norm);
  return text;
}

TrainingJob job_of(const TrainingData& data, const TrainingSettings& settings) {
  TrainingJob job;
  job.options = settings.options;
  job.features = &data.features;
  job.examples = data.training;
  job.classes = static_cast<int>(data.classes.size());
  job.data = {{"classes", data.classes},
              {"select", settings.select},
              {"training", description(data.training, data)},
              {"held_out", description(data.held_out, data)},
              {"test", description(data.test, data)}};
  job.data["origin"] = data.origin;
  job.threads = settings.threads;
  job.directory = settings.directory / "training";
  job.model_file = settings.directory / kCo2NetFile;
  job.checkpoint_s = settings.checkpoint_s;
  job.judge = judge_of(data, settings);
  // Few held-out videos are soon classified without a fault, long before segments are at their
  // best.
  job.later_wins_ties = settings.select == "heldout";
  return job;
}

void save_trained_bundle(const TrainingData& data, const TrainingSettings& settings,
                         const TrainingResult& result, Bundle bundle,
                         const std::optional<Bundle>& extractor) {
  bundle.directory = settings.directory;
  bundle.classes = data.classes;
  bundle.feature_size = data.features.feature_size();
  bundle.preset = to_string(settings.options.variant);
  bundle.max_seqlen = settings.options.length;
  bundle.ablation = settings.options.ablation;
  bundle.provenance = {{"made_by", "co2net train"},
                       {"options", to_json(settings.options)},
                       {"select", settings.select},
                       {"training", description(data.training, data)},
                       {"held_out", description(data.held_out, data)},
                       {"iterations", result.iterations},
                       {"best_iteration", result.best_iteration}};
  if (settings.select != "last") bundle.provenance["score"] = result.best.score;
  if (extractor) {
    bundle.status = status_with(*extractor);
    bundle.provenance["extractor"] = summary(*extractor);
    for (const char* file : {kI3dRgbFile, kI3dFlowFile}) {
      write_file(bundle.file(file), read_file(extractor->file(file)));
    }
  }
  save_bundle(bundle);
}

}  // namespace

void add_training_options(po::options_description& options) {
  options.add_options()("preset",
                        po::value<std::string>()->value_name("NAME")->default_value("thumos14"),
                        "published settings to start from: thumos14 or activitynet1.2")  //
      ("set", po::value<Strings>()->composing()->value_name("KEY=VALUE"),
       "change one setting, such as loss.cas=0 or network.fusion=concat; repeatable; an unknown "
       "key "
       "lists all")                                                                        //
      ("iterations", po::value<int>()->value_name("N"), "the same as --set iterations=N")  //
      ("seed", po::value<std::string>()->value_name("N"), "the same as --set seed=N")      //
      ("select", po::value<std::string>()->value_name("HOW")->default_value("heldout"),
       "which model is kept: heldout (best classification of held-out training videos), test (best "
       "segments on the test videos, as the authors do: for comparison with them only), last")  //
      ("held-out", po::value<double>()->value_name("SHARE")->default_value(0.1),
       "share of the training videos that models are judged on and not trained with (with --videos "
       "the default follows from their number)")  //
      ("checkpoint", po::value<double>()->value_name("SECONDS")->default_value(600),
       "how often the state is saved, to go on from after an interruption");
  add_threads_option(options);
  add_progress_option(options);
}

TrainingOptions with_given_options(const po::variables_map& args, TrainingOptions options) {
  if (args.count("set") > 0) {
    for (const std::string& setting : args["set"].as<Strings>()) {
      options = with_setting(options, setting);
    }
  }
  if (args.count("iterations") > 0) {
    options = with_setting(options, "iterations=" + std::to_string(args["iterations"].as<int>()));
  }
  if (args.count("seed") > 0) {
    options = with_setting(options, "seed=" + args["seed"].as<std::string>());
  }
  return options;
}

TrainingSettings parse_training(const po::variables_map& args) {
  TrainingSettings settings;
  settings.preset = args["preset"].as<std::string>();
  settings.options = with_given_options(args, training_preset(settings.preset));
  settings.select = one_of(args, "select", {"heldout", "test", "last"});
  settings.held_out_share = args["held-out"].as<double>();
  if (!(settings.held_out_share >= 0 && settings.held_out_share < 1)) {
    throw Error(ErrorKind::kUsage, "--held-out must be in [0, 1)");
  }
  settings.checkpoint_s = args["checkpoint"].as<double>();
  if (!(settings.checkpoint_s >= 0)) {
    throw Error(ErrorKind::kUsage, "--checkpoint must be at least 0 seconds");
  }
  settings.threads = parse_video_options(args).threads;
  return settings;
}

void expect_place_for_training(const fs::path& directory) {
  if (fs::exists(directory / "training" / "settings.json") || !fs::exists(directory)) return;
  const auto is_prelude = [](const std::string& name) {
    return name == "features" || name == "training";
  };
  const Strings names = names_in(directory);
  if (std::all_of(names.begin(), names.end(), is_prelude)) return;
  throw Error(ErrorKind::kUsage, "-o: " + directory.string() +
                                     " holds something else than a training; choose a new folder");
}

std::vector<int> class_indices(const Strings& labels, const Strings& classes) {
  std::vector<int> indices;
  for (const std::string& label : labels) {
    indices.push_back(static_cast<int>(std::ranges::find(classes, label) - classes.begin()));
  }
  return indices;
}

void hold_out(TrainingData& data, const TrainingSettings& settings) {
  if (settings.select != "heldout") return;
  Strings ids;
  for (const Example& example : data.training) ids.push_back(data.features.ids()[example.video]);
  const std::vector<bool> is_held_out =
      held_out(ids, data.training, settings.held_out_share, settings.options.seed);
  std::vector<Example> all = std::move(data.training);
  data.training.clear();
  for (std::size_t i = 0; i < all.size(); ++i) {
    (is_held_out[i] ? data.held_out : data.training).push_back(std::move(all[i]));
  }
  if (data.held_out.empty()) {
    spdlog::warn("no training video can be held out; the last model is kept");
  }
}

Classification classify_held_out(const Co2Net& model, const TrainingData& data) {
  Classification found;
  found.scores.resize(data.held_out.size());
  for (const Example& example : data.held_out) {
    std::vector<bool>& has = found.labels.emplace_back(data.classes.size());
    for (const int label : example.classes) has[static_cast<std::size_t>(label)] = true;
  }
  for_each_scored(model, data.features, data.held_out, [&](std::size_t i, const Arrays& arrays) {
    found.scores[i] = video_class_scores(arrays.at("cas"));
  });
  return found;
}

std::vector<double> reported_tiou(const std::string& preset) {
  return parse_tiou(preset == "activitynet1.2" ? "0.5:0.05:0.95" : "0.1:0.1:0.9");
}

std::vector<double> selection_tiou(const std::string& preset) {
  return parse_tiou(preset == "activitynet1.2" ? "0.5:0.05:0.95" : "0.1:0.1:0.7");
}

Evaluation evaluate_on_test(const Co2Net& model, const TrainingData& data,
                            const std::vector<double>& tiou) {
  std::vector<VideoPredictions> found(data.test.size());
  for_each_scored(model, data.features, data.test, [&](std::size_t i, const Arrays& scores) {
    for (const Proposal& proposal : propose(scores.at("cas"), scores.at("attn"))) {
      found[i].segments.push_back({data.classes[static_cast<std::size_t>(proposal.label)],
                                   proposal.score, proposal.start / kSnippetsPerSecond,
                                   proposal.end / kSnippetsPerSecond});
    }
  });
  Predictions predictions;
  for (std::size_t i = 0; i < found.size(); ++i) {
    predictions[data.features.ids()[data.test[i].video]] = std::move(found[i]);
  }
  return evaluate(predictions, data.annotations,
                  {.protocol = Protocol::kCo2Net, .subset = data.test_subset, .tiou = tiou});
}

void expect_same_training(const TrainingData& data, const TrainingSettings& settings) {
  expect_same_training(job_of(data, settings));
}

Co2Net load_trained(const TrainingData& data, const TrainingSettings& settings) {
  return Co2Net::load(settings.directory / kCo2NetFile,
                      network_config(settings.options, static_cast<int>(data.classes.size()),
                                     data.features.feature_size()));
}

std::string held_out_figure(const TrainingData& data, const TrainingResult& result) {
  return "classification mAP " + percent(result.best.score) + " on " +
         std::to_string(data.held_out.size()) + " held-out videos, iteration " +
         std::to_string(result.best_iteration) + "\n";
}

Evaluation evaluate_trained(const TrainingData& data, const TrainingSettings& settings) {
  return evaluate_on_test(load_trained(data, settings), data, reported_tiou(settings.preset));
}

TrainingResult train_bundle(const TrainingData& data, const TrainingSettings& settings,
                            Bundle bundle, const std::optional<Bundle>& extractor,
                            Progress& progress) {
  expect_place_for_training(settings.directory);
  TrainingJob job = job_of(data, settings);
  job.on_update = [&](std::int64_t iteration, const LossValues& losses) {
    char unit[40];
    std::snprintf(unit, sizeof unit, "loss %.4f  iteration", losses.total);
    progress.update(unit, iteration, settings.options.iterations);
  };
  job.on_judged = [&](std::int64_t iteration, const LossValues& mean, const Judgement& judgement,
                      bool best) {
    std::string line = "iteration " + std::to_string(iteration) + ": " + words(mean);
    if (job.judge) line += "; " + settings.select + " mAP " + percent(judgement.score);
    spdlog::info("{}{}", line, job.judge && best ? ", the best so far" : "");
  };
  keep_freed_memory();
  progress.start_video("training");
  const TrainingResult result = train(job);
  progress.finish_video();
  save_trained_bundle(data, settings, result, std::move(bundle), extractor);
  return result;
}

}  // namespace co2net
