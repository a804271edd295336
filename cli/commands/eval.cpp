#include <algorithm>
#include <boost/program_options.hpp>

#include "cli/options.h"
#include "cli/progress.h"
#include "cli/workflows/evaluate.h"
#include "cli/workflows/merge.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "postprocess/evaluation_table.h"
#include "postprocess/final_evaluation_table.h"
#include "postprocess/report/pages.h"
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
  EvaluateJob job;
  TableOptions table;
  fs::path page;  // empty: none
};

void add_eval_options(po::options_description& options) {
  options.add_options()("ground-truth", po::value<std::string>()->value_name("FILE|DIR"),
                        "segments of the videos: annotations in any form that convert reads, "
                        "such as ActivityNet's JSON, a folder of W-TALC .npy files, or CSV")  //
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
      ("ignore-unknown-videos", po::bool_switch(),
       "leave out predictions in videos that the evaluated ground truth does not have; the "
       "official scripts, and so every protocol here, count them as false positives")  //
      ("scores", po::value<Strings>()->composing()->value_name("DIR"),
       "also classification mAP, from the scores (<id>.npz) that localize saves; repeatable, for "
       "those of several shares")  //
      ("paper", po::value<std::string>()->value_name("DATASET"),
       "print the CO2-Net paper's figures beside: thumos14 or activitynet1.2")      //
      ("per-class", po::bool_switch(), "also a row a class; JSON always has them")  //
      ("report", po::value<std::string>()->value_name("DIR"),
       "also a page for a browser, DIR/evaluation.html: bounds of mAP over videos, every class, "
       "precision and recall, and DETAD's analysis of false positives, sensitivity and false "
       "negatives; with --json its numbers, as \"report\"")  //
      ("final", po::bool_switch(),
       "how good the final segments are to a person who acts on each: precision, recall and F1 at "
       "tIoU 0.3, 0.5 and 0.7 over all classes, boundary errors, false alarms an hour, and what is "
       "found in the place of what; from co2net's JSON or JSON lines")  //
      ("json", po::bool_switch(), "JSON with fractions instead of a table with percent");
  add_output_option(options);
  add_progress_option(options);
}

std::string text_of(const po::variables_map& args, const std::string& option) {
  return optional_value<std::string>(args, option).value_or("");
}

std::vector<fs::path> parse_predictions_files(const po::variables_map& args) {
  const Strings files = parse_arguments(args, "PREDICTIONS");
  return {files.begin(), files.end()};
}

fs::path parse_ground_truth(const po::variables_map& args) {
  return required(args, "ground-truth", "ground truth", "it with --ground-truth FILE|DIR");
}

// Where the figures go; empty: standard output. `read` are the files that they are made from.
fs::path parse_figures_output(const po::variables_map& args, const std::vector<fs::path>& read) {
  fs::path output = parse_output(args);
  for (const fs::path& file : read) expect_no_input_at(output, {{file, ""}});
  if (!output.empty()) expect_writable(output);
  return output;
}

EvaluateJob parse_job(const po::variables_map& args) {
  EvaluateJob job;
  job.predictions = parse_predictions_files(args);
  job.ground_truth = parse_ground_truth(args);
  job.ambiguous = text_of(args, "ambiguous");
  job.scores = parse_paths(args, "scores");
  const auto protocol = one_of<Protocol>(args, "protocol");
  if (!job.ambiguous.empty() && protocol == Protocol::kActivityNet) {
    throw Error(ErrorKind::kUsage, "--ambiguous has no meaning in protocol activitynet");
  }
  job.options.protocol = protocol;
  job.options.subset = text_of(args, "subset");
  job.options.ignore_unknown_videos = args["ignore-unknown-videos"].as<bool>();
  job.options.tiou =
      parse_tiou(optional_value<std::string>(args, "tiou").value_or(usual_tiou(protocol)));
  return job;
}

// Beside the ground truth.
std::vector<fs::path> files_read(const EvaluateJob& job) {
  std::vector<fs::path> files = job.predictions;
  files.insert(files.end(), job.scores.begin(), job.scores.end());
  return files;
}

fs::path parse_page(const po::variables_map& args, const EvaluateJob& job) {
  const std::string folder = text_of(args, "report");
  if (folder.empty()) return {};
  fs::path page = fs::path(folder) / kEvaluationPageName;
  std::vector<fs::path> all = files_read(job);
  all.insert(all.end(), {job.ground_truth, job.ambiguous});
  for (const fs::path& read : all) expect_no_input_at(page, {{read, ""}}, "--report");
  expect_writable(page);
  return page;
}

EvalOptions parse_eval_options(const po::variables_map& args) {
  EvalOptions options;
  options.job = parse_job(args);
  if (args.count("paper") > 0) {
    options.table.beside = &published_figures(one_of<Variant>(args, "paper"));
  }
  options.table.per_class = args["per-class"].as<bool>();
  options.page = parse_page(args, options.job);
  options.job.with_report = !options.page.empty();
  return options;
}

EvaluateFinalJob parse_final_job(const po::variables_map& args) {
  expect_none_of(args,
                 {"protocol", "tiou", "ambiguous", "ignore-unknown-videos", "scores", "paper",
                  "per-class", "report"},
                 "has no meaning with --final");
  return {parse_predictions_files(args), parse_ground_truth(args), text_of(args, "subset")};
}

Json json_of(const EvaluateResult& result, const EvalOptions& options) {
  Json json = to_json(result.evaluation);
  json["protocol"] = options.job.options.protocol;
  json["ignore_unknown_videos"] = options.job.options.ignore_unknown_videos;
  const std::string& subset = options.job.options.subset;
  if (!subset.empty()) json["subset"] = subset;
  if (const auto& classification = result.classification) {
    json["classification"] = {{"mAP", classification->mAP},
                              {"videos", classification->videos},
                              {"videos_without_scores", classification->videos_without_scores}};
  }
  if (options.table.beside != nullptr) json["paper"] = to_json(*options.table.beside);
  if (result.report) json["report"] = to_json(*result.report);
  return json;
}

Json json_of(const FinalEvaluation& result, const EvaluateFinalJob& job) {
  Json json = to_json(result);
  if (!job.subset.empty()) json["subset"] = job.subset;
  return json;
}

std::string as_line(const Json& json) { return to_text(json) + "\n"; }

std::string as_table(const EvaluateResult& result, const EvalOptions& options) {
  std::string text = to_table(result.evaluation, options.table);
  if (result.classification) {
    text += "classification mAP " + percent(result.classification->mAP) + " (" +
            std::to_string(result.classification->videos) + " videos)\n";
  }
  return text;
}

void write_figures(const fs::path& output, const std::string& text, Io& io) {
  if (output.empty()) {
    io.out << text;
  } else {
    write_file(output, text);
  }
}

// The name of a file, or of a folder that is written with a slash behind it.
std::string last_part(const fs::path& path) {
  return (path.has_filename() ? path : path.parent_path()).filename().string();
}

void write_page(const EvalOptions& options, const Json& evaluation) {
  const fs::path results_page = options.page.parent_path() / kResultsPageName;
  write_file(options.page,
             evaluation_page({{"predictions", last_part(name_of(options.job.predictions))},
                              {"ground_truth", last_part(options.job.ground_truth)},
                              {"results_page", fs::exists(results_page)},
                              {"evaluation", evaluation}}));
}

void judge_candidates(const po::variables_map& args, bool with_json, Io& io) {
  const EvalOptions options = parse_eval_options(args);
  const fs::path output = parse_figures_output(args, files_read(options.job));
  EvaluateResult result;
  {
    Progress progress(io.err, parse_progress(args, io));
    result = evaluate_files(options.job, progress.observer());
  }
  if (!options.page.empty()) write_page(options, json_of(result, options));
  write_figures(output, with_json ? as_line(json_of(result, options)) : as_table(result, options),
                io);
}

void judge_final_segments(const po::variables_map& args, bool with_json, Io& io) {
  const EvaluateFinalJob job = parse_final_job(args);
  const fs::path output = parse_figures_output(args, job.predictions);
  FinalEvaluation result;
  {
    Progress progress(io.err, parse_progress(args, io));
    result = evaluate_final_files(job, progress.observer());
  }
  write_figures(output, with_json ? as_line(json_of(result, job)) : to_table(result), io);
}

int run_eval(const po::variables_map& args, Io& io) {
  const auto judge = args["final"].as<bool>() ? judge_final_segments : judge_candidates;
  judge(args, args["json"].as<bool>(), io);
  return 0;
}

}  // namespace

const Command kEvalCommand = {"eval", add_eval_options, run_eval};

}  // namespace co2net
