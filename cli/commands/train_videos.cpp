#include "cli/commands/train_videos.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <iomanip>
#include <map>

#include "cli/commands/extraction_options.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/workflows/batch.h"
#include "cli/workflows/extraction.h"
#include "cli/workflows/scaled_training.h"
#include "cli/workflows/stats.h"
#include "cli/workflows/training.h"
#include "cli/workflows/wiring.h"
#include "extractors/video/video_reader.h"
#include "pipeline/base/digest.h"
#include "pipeline/base/error.h"
#include "pipeline/base/text.h"
#include "pipeline/datasets/feature_files.h"
#include "pipeline/datasets/labelled_videos.h"
#include "pipeline/devices/threads.h"
#include "postprocess/classification.h"
#include "postprocess/text_table.h"

namespace po = boost::program_options;
namespace fs = std::filesystem;

namespace co2net {
namespace {

using Strings = std::vector<std::string>;
using Videos = std::vector<LabelledVideo>;

struct VideosJob {
  TrainingSettings training;  // not scaled to the set yet
  VideoOptions video;
  Bundle extractor;
  ExtractionSettings extraction;
  std::unique_ptr<DiskCache> cache;  // may be null
};

VideosJob parse_job(const po::variables_map& args) {
  VideosJob job;
  job.training = parse_training(args);
  job.training.directory = parse_directory(args);
  if (job.training.select == "test") {
    throw Error(ErrorKind::kUsage,
                "--select test needs test videos with segments, which --videos has not; choose "
                "heldout or last");
  }
  expect_place_for_training(job.training.directory);
  job.video = parse_video_options(args);
  job.extractor = load_bundle(required(args, "extractor", "I3D to make features with"),
                              {kI3dRgbFile, kI3dFlowFile});
  const Recipe recipe = parse_recipe(args, job.extractor.recipe);
  require_averaged_crops(recipe);
  job.extraction = parse_extraction(args, recipe, job.video.threads);
  if (args["checkpoint"].defaulted()) {
    job.extraction.checkpoint_s = ExtractionSettings{}.checkpoint_s;
  }
  job.cache = parse_cache(args);
  return job;
}

// Calls `work` for each video and takes out those that fail, named in the log. Returns the exit
// code.
int keep_working(Videos& videos, const Observer& observer,
                 const std::function<void(LabelledVideo&)>& work) {
  std::vector<Input> inputs;
  std::map<std::string, LabelledVideo*> by_id;
  for (LabelledVideo& video : videos) {
    inputs.push_back(video.input);
    by_id[video.input.id] = &video;
  }
  std::set<std::string> failed;
  const int failures = for_each_input(
      source_of(inputs), false, observer, [&](const Input& input) { work(*by_id.at(input.id)); },
      [&](const VideoError& error) { failed.insert(error.id); });
  const Strings ids = leave_out(
      videos, [&](const LabelledVideo& video) { return failed.count(video.input.id) > 0; });
  if (!ids.empty()) {
    spdlog::warn("left out, for the errors above: {} (replace or delete them)", joined(ids));
  }
  if (videos.empty()) {
    throw Error(ErrorKind::kInput, "nothing to learn from: every video failed, see above");
  }
  return failures > 0 ? 1 : 0;
}

// Opens every video, so that what cannot be read is known before hours of work, and hashes it.
int keep_readable(Videos& videos, const VideosJob& job) {
  spdlog::info("looking through {} videos", videos.size());
  return keep_working(videos, {}, [&](LabelledVideo& video) {
    in_stage("decode", [&] {
      VideoReader(video.input.path, {.fps = "", .stream = job.video.each.stream}).next();
    });
    video.sha256 = make_job(video.input, job.video.each, job.cache.get(), {}).sha256;
  });
}

// Makes the features of videos, one file each.
class FeatureFiles {
 public:
  FeatureFiles(const VideosJob& job, Progress& progress)
      : job_(job), extractor_(make_extractor(job.extractor, job.extraction)), progress_(progress) {}

  // Fills in video.snippets.
  void make(LabelledVideo& video) {
    const fs::path file = folder() / (video.input.id + ".npy");
    const Json facts = {{"source_sha256", video.sha256}, {"stream", job_.video.each.stream}};
    const Json sidecar =
        features_sidecar(job_.extractor, job_.extraction.recipe, job_.extraction.streams, facts);
    const Json kept = video_of_features(file, sidecar);
    if (kept.is_null()) {
      extract(video, file, sidecar);
    } else {
      spdlog::info("{} is there already", file.string());
      if (job_.video.each.strict) expect_whole(kept);
      video.snippets = kept.at("snippets");
    }
  }

  fs::path folder() const { return job_.training.directory / "features"; }
  const Stats& stats() const { return stats_; }

 private:
  void extract(LabelledVideo& video, const fs::path& file, Json sidecar) {
    VideoJob job = make_job(video.input, job_.video.each, job_.cache.get(), progress_.observer());
    job.on_extracted = [&](const Features& features) {
      stats_.add_extraction(video.input.id, to_json(features));
    };
    const Chain chain = features_chain(*extractor_, job_.extraction, job, job_.cache.get());
    const ChainResult result = run_chain(chain, job_.cache.get(), subject_of(video.input));
    stats_.add(video.input.id, result.timings);
    sidecar["video"].update(result.entry.info.at("video"));
    sidecar["video"]["path"] = video.input.path.string();
    if (job_.video.each.strict) expect_whole(sidecar["video"]);
    write_with_sidecar(file, result.entry.bytes, sidecar);
    video.snippets = sidecar["video"].at("snippets");
  }

  const VideosJob& job_;
  std::unique_ptr<Extractor> extractor_;
  Progress& progress_;
  Stats stats_;
};

int extract_features(Videos& videos, const VideosJob& job, Io& io) {
  Progress progress(io.err, progress_mode(job.video.progress, io.err_is_terminal), videos.size());
  FeatureFiles files(job, progress);
  expect_writable(files.folder() / "any");
  const int code =
      keep_working(videos, progress.observer(), [&](LabelledVideo& video) { files.make(video); });
  files.stats().write(job.video.stats);
  return code;
}

// What the command line gives wins over what the set's size suggests.
TrainingSettings settings_for(const Videos& videos, const TrainingSettings& given,
                              const po::variables_map& args) {
  SetSize set{videos.size(), 0};
  std::vector<std::int64_t> snippets;
  for (const LabelledVideo& video : videos) snippets.push_back(video.snippets);
  set.median_snippets = median(snippets);
  TrainingSettings settings = given;
  settings.options = training_preset(given.preset);
  settings = scaled_to(settings, set);
  settings.options = with_given_options(args, settings.options);
  if (!args["held-out"].defaulted()) settings.held_out_share = given.held_out_share;
  spdlog::info("{}; --set changes any", description(settings, set));
  return settings;
}

TrainingData training_data(const Videos& videos, const Strings& classes,
                           const TrainingSettings& settings) {
  Strings ids;
  std::vector<Example> examples;
  for (const LabelledVideo& video : videos) {
    const Strings labels(video.labels.begin(), video.labels.end());
    examples.push_back({ids.size(), class_indices(labels, classes)});
    ids.push_back(video.input.id);
  }
  return {FeatureSet(settings.directory / "features", ids), classes, examples, {}, {}, {}, ""};
}

// All that the features of the videos depend on.
Json origin_of(const Videos& videos, const VideosJob& job) {
  std::string contents;
  for (const LabelledVideo& video : videos) contents += video.sha256;
  return features_sidecar(job.extractor, job.extraction.recipe, job.extraction.streams,
                          {{"stream", job.video.each.stream}, {"sha256", sha256(contents)}});
}

int videos_of(int label, const std::vector<Example>& examples) {
  return static_cast<int>(
      std::count_if(examples.begin(), examples.end(), [&](const Example& example) {
        return std::count(example.classes.begin(), example.classes.end(), label) > 0;
      }));
}

// A class's average precision; "-" where no held-out video has it.
std::string class_figure(const Classification& found, std::size_t label) {
  Classification alone;
  for (std::size_t i = 0; i < found.scores.size(); ++i) {
    alone.scores.push_back({found.scores[i][label]});
    alone.labels.push_back({found.labels[i][label]});
  }
  const bool any = std::count(alone.labels.begin(), alone.labels.end(), std::vector{true}) > 0;
  return any ? percent(classification_map(alone.scores, alone.labels)) : "-";
}

void print_figures(const TrainingData& data, const TrainingSettings& settings,
                   const TrainingResult& result, std::ostream& out) {
  if (data.held_out.empty()) return;
  const Classification found = classify_held_out(load_trained(data, settings), data);
  out << held_out_figure(data, result) << "    AP  held out  learned from  class\n";
  for (std::size_t label = 0; label < data.classes.size(); ++label) {
    const int number = static_cast<int>(label);
    out << std::setw(6) << class_figure(found, label) << std::setw(10)
        << videos_of(number, data.held_out) << std::setw(14) << videos_of(number, data.training)
        << "  " << data.classes[label] << "\n";
  }
}

void train_on(const Videos& videos, const Strings& classes, const TrainingSettings& settings,
              const VideosJob& job, const std::string& name, Io& io) {
  TrainingData data = training_data(videos, classes, settings);
  data.origin = origin_of(videos, job);
  hold_out(data, settings);
  Bundle bundle;
  bundle.name = name;
  bundle.recipe = job.extraction.recipe;
  spdlog::info("{} training videos, {} held out, {} classes", data.training.size(),
               data.held_out.size(), data.classes.size());
  Progress progress(io.err, progress_mode(job.video.progress, io.err_is_terminal), 1);
  const TrainingResult result = train_bundle(data, settings, bundle, job.extractor, progress);
  print_figures(data, settings, result, io.out);
}

}  // namespace

po::options_description videos_form() {
  po::options_description options("To learn from videos", 100, 50);
  options.add_options()("videos", po::value<std::string>()->value_name("DIR"),
                        "folder of untrimmed videos to learn from")  //
      ("labels", po::value<std::string>()->value_name("FILE.csv|by-folder"),
       "what the videos show: rows 'file,label[;label...]', or sub-folders named by class");
  add_recipe_options(options, false);
  add_extraction_options(options);
  add_cache_options(options);
  add_stream_option(options);
  add_outcome_options(options);
  add_timeout_option(options);
  return options;
}

int train_from_videos(const po::variables_map& args, Io& io) {
  const VideosJob job = parse_job(args);
  use_threads(job.video.threads);
  Videos videos = find_labelled_videos(required(args, "videos", "videos"),
                                       required(args, "labels", "labels of the videos"));
  int code = keep_readable(videos, job);
  unite_duplicates(videos);
  Strings classes = keep_learnable_classes(videos);
  const std::size_t promising = videos.size();
  code = std::max(code, extract_features(videos, job, io));
  const TrainingSettings settings = settings_for(videos, job.training, args);
  const Strings short_ones = leave_out(videos, [&](const LabelledVideo& video) {
    return video.snippets < settings.options.min_snippets;
  });
  if (!short_ones.empty()) {
    spdlog::warn("left out, shorter than min_snippets={}: {}", settings.options.min_snippets,
                 joined(short_ones));
  }
  if (videos.size() < promising) classes = keep_learnable_classes(videos);
  train_on(videos, classes, settings, job,
           args.count("name") > 0 ? args["name"].as<std::string>() : "own-actions", io);
  return code;
}

}  // namespace co2net
