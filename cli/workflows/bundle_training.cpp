#include "cli/workflows/bundle_training.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdio>

#include "cli/workflows/judging.h"
#include "cli/workflows/segments.h"
#include "cli/workflows/training_page.h"
#include "pipeline/base/digest.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/text.h"
#include "postprocess/report/pages.h"
#include "postprocess/text_table.h"
#include "postprocess/thresholds.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

// Names the videos and their classes, short.
Json digest_of(const Dataset& dataset, const std::vector<std::size_t>& videos) {
  Json list = Json::array();
  for (const std::size_t video : videos) {
    list.push_back(
        {dataset.videos()[video].id, dataset.features().snippets(video), dataset.labels(video)});
  }
  return {{"videos", videos.size()}, {"sha256", sha256(to_text(list))}};
}

std::string words(const LossValues& losses, NetworkKind kind) {
  char text[160];
  if (kind == NetworkKind::kWtalc) {
    std::snprintf(text, sizeof text, "loss %.4f (mil %.4f, cas %.4f)", losses.total,
                  losses.mil_orig, losses.cas);
    return text;
  }
  std::snprintf(text, sizeof text,
                "loss %.4f (mil %.4f + %.4f, cas %.4f, ml %.4f, oppo %.4f, norm %.4f)",
                losses.total, losses.mil_orig, losses.mil_supp, losses.cas, losses.ml, losses.oppo,
                losses.norm);
  return text;
}

// Beside what a data set without background videos has.
Json digest_of_background(const Dataset& dataset, const Split& split) {
  if (split.background.empty()) return Json::object();
  return {{"background", digest_of(dataset, split.background)},
          {"held_out_background", digest_of(dataset, split.held_out_background)}};
}

void speak_of_background(const Split& split, const TrainingOptions& options) {
  if (split.background.empty()) return;
  spdlog::info("videos of background: {} to learn from, in {} of a batch's rows, and {} held out",
               split.background.size(), options.background_rows, split.held_out_background.size());
  if (options.background_rows == 0 || options.loss.oppo > 0) return;
  spdlog::warn(
      "loss.oppo=0: without this term background videos do not teach the attention, which tells "
      "when something happens");
}

TrainingJob job_of(const Dataset& dataset, const Split& split, const TrainingSettings& settings) {
  TrainingJob job;
  job.options = settings.options;
  job.dataset = &dataset;
  job.videos = split.training;
  job.paired = split.paired;
  job.background = split.background;
  job.data = {{"classes", dataset.classes()},
              {"select", settings.select},
              {"training", digest_of(dataset, split.training)},
              {"paired", digest_of(dataset, split.paired)},
              {"held_out", digest_of(dataset, split.held_out)},
              {"test", digest_of(dataset, split.test)},
              {"origin", split.origin}};
  job.data.update(digest_of_background(dataset, split));
  if (settings.select == Selection::kTest) {
    job.data["judged_by"] = sha256(format_activitynet(dataset.annotations()));
  }
  job.threads = settings.threads;
  job.device = settings.device;
  job.directory = settings.directory / "training";
  job.model_file = settings.directory / localizer_file(settings.options.kind);
  job.checkpoint_s = settings.checkpoint_s;
  job.judge = judge_of(dataset, split, settings);
  // Few held-out videos are soon classified without a fault, long before segments are at their
  // best.
  job.later_wins_ties = settings.select == Selection::kHeldOut;
  return job;
}

std::string judged_by(const Split& split, const TrainingSettings& settings) {
  const auto on_videos = [](const char* score, std::size_t count, const std::string& kind) {
    return score + (" on " + counted(count, kind + " videos"));
  };
  if (settings.select == Selection::kTest) {
    return on_videos("mAP of segments, mean over tIoU,", split.test.size(), "test");
  }
  if (settings.select == Selection::kLast || split.held_out.empty()) return "";
  return on_videos("Classification mAP", all_held_out(split).size(), "held-out");
}

void listen(TrainingJob& job, const TrainingSettings& settings, TrainingPage& page,
            const Observer& observer) {
  job.on_logged = [&](const Json& line) { page.add(line); };
  job.on_update = [&](std::int64_t iteration, const LossValues& losses) {
    page.advance();
    char unit[40];
    std::snprintf(unit, sizeof unit, "loss %.4f  iteration", losses.total);
    observer.on_progress(unit, iteration, settings.options.iterations);
  };
  const bool is_judged = job.judge != nullptr;
  job.on_judged = [is_judged, &settings, &page](std::int64_t iteration, const LossValues& mean,
                                                const Judgement& judgement, bool best) {
    page.advance();
    std::string line =
        "iteration " + std::to_string(iteration) + ": " + words(mean, settings.options.kind);
    if (is_judged) line += "; " + name_of(settings.select) + " mAP " + percent(judgement.score);
    spdlog::info("{}{}", line, is_judged && best ? ", the best so far" : "");
  };
}

// A bundle whose networks are in the folder already, of an earlier call or imported; they are still
// those that its model.json names.
std::optional<Bundle> i3d_in(const fs::path& directory) {
  std::vector<std::string> files;
  for (const char* file : {kI3dRgbFile, kI3dFlowFile}) {
    if (fs::exists(directory / file)) files.emplace_back(file);
  }
  if (files.empty() || !fs::exists(directory / "model.json")) return std::nullopt;
  return load_bundle(directory, files);
}

// What is told of the I3D whose features were learned from: of the extractor, which is copied, of
// the one that is there already, or what the features say.
void add_i3d(Bundle& bundle, const Dataset& dataset, const std::optional<Bundle>& extractor) {
  if (extractor) {
    bundle.status = status_with(*extractor);
    bundle.provenance["extractor"] = summary(*extractor);
    for (const char* file : {kI3dRgbFile, kI3dFlowFile}) {
      write_file(bundle.file(file), read_file(extractor->file(file)));
    }
  } else if (const std::optional<Bundle> kept = i3d_in(bundle.directory)) {
    bundle.status = status_with(*kept);
    for (const char* key : {"extractor", "i3d_rgb", "i3d_flow"}) {
      if (kept->provenance.contains(key)) bundle.provenance[key] = kept->provenance[key];
    }
  } else {
    bundle.learned_from = dataset.i3d_sha256();
  }
}

// None where nothing is held out, or nothing tells where nothing happens.
std::optional<OperatingPoint> operating_point_of(const Dataset& dataset, const Split& split,
                                                 const TrainingSettings& settings) {
  const std::vector<std::size_t> videos = all_held_out(split);
  if (videos.empty() || settings.options.kind == NetworkKind::kWtalc) return std::nullopt;
  OperatingPoint point;
  point.videos =
      held_out_scores(load_trained(dataset, settings), dataset, videos, settings.options.compat);
  point.videos_chose_iteration = !split.held_out.empty();
  point.false_alarms = settings.false_alarms;
  point.thresholds = chosen_thresholds(point.videos, {.false_alarms = settings.false_alarms});
  return point;
}

void save_trained_bundle(const Dataset& dataset, const Split& split,
                         const TrainingSettings& settings, const TrainingResult& result,
                         const std::string& name, const std::optional<Bundle>& extractor) {
  Bundle bundle;
  bundle.directory = settings.directory;
  bundle.name = name;
  bundle.recipe = dataset.recipe();
  bundle.classes = dataset.classes();
  bundle.feature_size = dataset.features().feature_size();
  bundle.network = network_spec(settings.options);
  bundle.min_snippets = settings.options.min_snippets;
  bundle.compat = settings.options.compat;
  bundle.provenance = {{"made_by", kMadeByTraining},
                       {"options", to_json(settings.options, !split.background.empty())},
                       {"select", settings.select},
                       {"training", digest_of(dataset, split.training)},
                       {"held_out", digest_of(dataset, split.held_out)},
                       {"iterations", result.iterations},
                       {"best_iteration", result.best_iteration}};
  bundle.provenance.update(digest_of_background(dataset, split));
  if (settings.select != Selection::kLast) bundle.provenance["score"] = result.best.score;
  bundle.operating_point = operating_point_of(dataset, split, settings);
  speak_of_operating_point(bundle);
  add_i3d(bundle, dataset, extractor);
  save_bundle(bundle);
}

}  // namespace

void expect_place_for_training(const fs::path& directory) {
  if (fs::exists(directory / "training" / "settings.json") || !fs::exists(directory)) return;
  const auto is_prelude = [](const std::string& name) {
    return name == "features" || name == "training";
  };
  if (std::ranges::all_of(names_in(directory), is_prelude)) return;
  throw Error(ErrorKind::kUsage, "-o: " + directory.string() +
                                     " holds something else than a training; choose a new folder");
}

void expect_same_training(const Dataset& dataset, const Split& split,
                          const TrainingSettings& settings) {
  expect_same_training(job_of(dataset, split, settings));
}

TrainingResult train_bundle(const Dataset& dataset, const Split& split,
                            const TrainingSettings& settings, const std::string& name,
                            const std::optional<Bundle>& extractor, const Observer& observer) {
  expect_place_for_training(settings.directory);
  TrainingJob job = job_of(dataset, split, settings);
  TrainingPage page({.name = name,
                     .network = name_of(settings.options.kind),
                     .iterations = settings.options.iterations,
                     .judged_by = judged_by(split, settings),
                     .weights = to_json(settings.options, true).at("loss"),
                     .folder = settings.directory});
  listen(job, settings, page, observer);
  speak_of_background(split, settings.options);
  if (settings.false_alarms) {
    expect_enough_background(hours_of(dataset, split.held_out_background), *settings.false_alarms);
  }
  keep_freed_memory();
  try {
    observer.on_start("training");
    TrainingResult result = train(job);
    observer.on_end();
    save_trained_bundle(dataset, split, settings, result, name, extractor);
    page.finish();
    spdlog::info("how it went: {}", (settings.directory / kTrainingPageName).string());
    return result;
  } catch (...) {
    page.stop();
    throw;
  }
}

Co2Net load_trained(const Dataset& dataset, const TrainingSettings& settings) {
  return Co2Net::load(settings.directory / localizer_file(settings.options.kind),
                      network_config(settings.options, static_cast<int>(dataset.classes().size()),
                                     dataset.features().feature_size()));
}

}  // namespace co2net
