#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <optional>

#include "cli/options.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/text.h"
#include "pipeline/datasets/annotations.h"
#include "pipeline/datasets/feature_files.h"
#include "pipeline/formats/npy.h"
#include "postprocess/classification.h"
#include "postprocess/evaluation.h"
#include "postprocess/evaluation_table.h"
#include "postprocess/text_table.h"

namespace po = boost::program_options;
namespace fs = std::filesystem;

namespace co2net {
namespace {

using Strings = std::vector<std::string>;

// The thresholds that its users report.
const char* usual_tiou(Protocol protocol) {
  return protocol == Protocol::kActivityNet ? "0.5:0.05:0.95" : "0.1:0.1:0.9";
}

struct EvalOptions {
  fs::path predictions;
  fs::path ground_truth;
  fs::path ambiguous;  // empty: the ground truth's own
  fs::path scores;     // empty: none
  EvaluationOptions evaluation;
  TableOptions table;
  bool as_json = false;
  fs::path output;  // empty: standard output
};

void add_eval_options(po::options_description& options) {
  options.add_options()("ground-truth", po::value<std::string>()->value_name("FILE|DIR"),
                        "segments of the videos: ActivityNet's JSON, a folder of W-TALC .npy "
                        "files, or a folder of THUMOS14's text files")  //
      ("subset", po::value<std::string>()->value_name("NAME"),
       "only this subset's videos, such as test (default: all)")  //
      ("protocol", po::value<std::string>()->value_name("NAME")->default_value("activitynet"),
       "activitynet: in seconds, interpolated precision; co2net: the same in whole snippets, as "
       "the authors do, without predictions that share a snippet with an ambiguous interval; "
       "thumos: as the THUMOS14 kit, where those count neither for nor against, and precision is "
       "not interpolated")  //
      ("tiou", po::value<std::string>()->value_name("FIRST:STEP:LAST"),
       "thresholds (default: 0.5:0.05:0.95 for activitynet, else 0.1:0.1:0.9)")  //
      ("ambiguous", po::value<std::string>()->value_name("FILE"),
       "ambiguous intervals, in lines of video, start and end in seconds, instead of those that "
       "the ground truth has; protocols co2net and thumos")  //
      ("scores", po::value<std::string>()->value_name("DIR"),
       "also classification mAP, from the scores (<id>.npz) that localize saves")  //
      ("paper", po::value<std::string>()->value_name("DATASET"),
       "print the CO2-Net paper's figures beside: thumos14 or activitynet1.2")      //
      ("per-class", po::bool_switch(), "also a row a class; JSON always has them")  //
      ("json", po::bool_switch(), "JSON with fractions instead of a table with percent");
  add_output_option(options);
}

std::string text_of(const po::variables_map& args, const std::string& option) {
  return args.count(option) > 0 ? args[option].as<std::string>() : "";
}

EvalOptions parse_eval_options(const po::variables_map& args) {
  const Strings files = parse_arguments(args, "PREDICTIONS");
  if (files.size() != 1) {
    throw Error(ErrorKind::kUsage, "one file of predictions at a time, not " + joined(files));
  }
  if (args.count("ground-truth") == 0) {
    throw Error(ErrorKind::kUsage, "no ground truth: give it with --ground-truth FILE|DIR");
  }
  EvalOptions options;
  options.predictions = files.front();
  options.ground_truth = text_of(args, "ground-truth");
  options.ambiguous = text_of(args, "ambiguous");
  options.scores = text_of(args, "scores");
  options.evaluation.protocol = one_of<Protocol>(args, "protocol");
  if (!options.ambiguous.empty() && options.evaluation.protocol == Protocol::kActivityNet) {
    throw Error(ErrorKind::kUsage, "--ambiguous has no meaning in protocol activitynet");
  }
  options.evaluation.subset = text_of(args, "subset");
  options.evaluation.tiou = parse_tiou(
      args.count("tiou") > 0 ? text_of(args, "tiou") : usual_tiou(options.evaluation.protocol));
  if (args.count("paper") > 0) options.table.beside = &published_figures(text_of(args, "paper"));
  options.table.per_class = args["per-class"].as<bool>();
  options.as_json = args["json"].as<bool>();
  options.output = parse_output(args);
  expect_no_input_at(options.output, {{options.predictions, ""},
                                      {options.ground_truth, ""},
                                      {options.ambiguous, ""},
                                      {options.scores, ""}});
  if (!options.output.empty()) expect_writable(options.output);
  return options;
}

Annotations read_ground_truth(const EvalOptions& options) {
  Annotations annotations = read_input(read_annotations, options.ground_truth);
  if (!options.ambiguous.empty()) {
    annotations.ambiguous = read_input(read_ambiguous, options.ambiguous);
  }
  if (options.evaluation.protocol == Protocol::kThumos && annotations.ambiguous.empty()) {
    spdlog::warn(
        "no ambiguous intervals: what lies in them counts against the predictions; give "
        "--ambiguous FILE");
  }
  return annotations;
}

// Lines and rows do not say what the recipe was.
void warn_of_assumed_rates(const Predictions& predictions) {
  Strings ids;
  for (const auto& [id, video] : predictions) {
    if (video.rate_is_assumed && !video.segments.empty()) ids.push_back(id);
  }
  if (ids.empty()) return;
  spdlog::warn(
      "taken to have {} snippets a second, since the file does not say it: {}; for those of "
      "another rate give co2net's results of --format activitynet, which do",
      kSnippetsPerSecond, counted("videos", ids));
}

void log_counts(const Evaluation& evaluation) {
  spdlog::info("{} predictions, {} segments of {} classes in {} videos", evaluation.predictions,
               evaluation.segments, evaluation.per_class.size(), evaluation.videos);
  const auto warn = [](int count, const char* what) {
    if (count > 0) spdlog::warn("{} {}", count, what);
  };
  warn(evaluation.videos_without_predictions,
       "videos have no predictions; their segments count as not found");
  warn(evaluation.foreign_predictions, "predictions ignored: not in these videos");
  warn(evaluation.unknown_labels, "predictions ignored: the ground truth has no such label");
  if (evaluation.ambiguous_predictions > 0) {
    spdlog::info("{} predictions removed: in ambiguous intervals",
                 evaluation.ambiguous_predictions);
  }
}

// Scores of a video for `classes`, from a file of 'localize --save-scores'.
std::vector<double> class_scores(const fs::path& file, const Strings& classes) {
  const Arrays arrays = read_npz(file);
  const Strings scored = read_score_classes(file).value_or(classes);
  const auto cas = arrays.find("cas");
  if (cas == arrays.end()) throw Error(ErrorKind::kInput, "no array 'cas'");
  expect_shape(cas->second, {-1, static_cast<std::int64_t>(scored.size()) + 1}, "cas");
  const std::vector<double> scores = video_class_scores(cas->second);
  std::vector<double> wanted;
  for (const std::string& label : classes) {
    const auto found = std::ranges::find(scored, label);
    if (found == scored.end()) {
      throw Error(ErrorKind::kInput, "no scores for class '" + label + "'");
    }
    wanted.push_back(scores[static_cast<std::size_t>(found - scored.begin())]);
  }
  return wanted;
}

struct Classification {
  double mAP = 0;
  std::size_t videos = 0;
  int videos_without_scores = 0;
};

Classification classify(const fs::path& directory, const Annotations& annotations,
                        const std::string& subset) {
  Classification result;
  std::vector<std::vector<double>> scores;
  std::vector<std::vector<bool>> labels;
  for (const AnnotatedVideo& video : annotations.videos) {
    if (!subset.empty() && video.subset != subset) continue;
    const fs::path file = directory / (video.id + ".npz");
    if (!fs::exists(file)) {
      ++result.videos_without_scores;
      continue;
    }
    try {
      scores.push_back(class_scores(file, annotations.classes));
    } catch (const Error& e) {
      throw Error(ErrorKind::kInput, file.string() + ": " + e.what());
    }
    std::vector<bool>& has = labels.emplace_back();
    for (const std::string& label : annotations.classes) {
      has.push_back(std::ranges::find(video.labels, label) != video.labels.end());
    }
  }
  if (scores.empty()) {
    throw Error(ErrorKind::kInput, directory.string() + ": no <id>.npz of any of these videos");
  }
  result.videos = scores.size();
  result.mAP = classification_map(scores, labels);
  if (result.videos_without_scores > 0) {
    spdlog::warn("{} videos have no scores in {} and are left out of the classification mAP",
                 result.videos_without_scores, directory.string());
  }
  return result;
}

std::string as_json(const Evaluation& evaluation, const EvalOptions& options,
                    const std::optional<Classification>& classification) {
  Json json = to_json(evaluation);
  json["protocol"] = options.evaluation.protocol;
  if (!options.evaluation.subset.empty()) json["subset"] = options.evaluation.subset;
  if (classification) {
    json["classification"] = {{"mAP", classification->mAP},
                              {"videos", classification->videos},
                              {"videos_without_scores", classification->videos_without_scores}};
  }
  if (options.table.beside != nullptr) json["paper"] = to_json(*options.table.beside);
  return to_text(json) + "\n";
}

std::string as_table(const Evaluation& evaluation, const EvalOptions& options,
                     const std::optional<Classification>& classification) {
  std::string text = to_table(evaluation, options.table);
  if (classification) {
    text += "classification mAP " + percent(classification->mAP) + " (" +
            std::to_string(classification->videos) + " videos)\n";
  }
  return text;
}

int run_eval(const po::variables_map& args, Io& io) {
  const EvalOptions options = parse_eval_options(args);
  const Annotations annotations = read_ground_truth(options);
  const Predictions predictions = read_input(read_predictions, options.predictions);
  if (options.evaluation.protocol == Protocol::kCo2Net) warn_of_assumed_rates(predictions);
  const Evaluation evaluation = evaluate(predictions, annotations, options.evaluation);
  log_counts(evaluation);
  std::optional<Classification> classification;
  if (!options.scores.empty()) {
    classification = classify(options.scores, annotations, options.evaluation.subset);
  }
  const std::string text = options.as_json ? as_json(evaluation, options, classification)
                                           : as_table(evaluation, options, classification);
  if (options.output.empty()) {
    io.out << text;
  } else {
    write_file(options.output, text);
  }
  return 0;
}

}  // namespace

const Command kEvalCommand = {"eval", add_eval_options, run_eval};

}  // namespace co2net
