#include <algorithm>
#include <boost/program_options.hpp>

#include "cli/options.h"
#include "cli/workflows/evaluate.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/text.h"
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
  EvaluateJob job;
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
      ("ignore-unknown-videos", po::bool_switch(),
       "leave out predictions in videos that the evaluated ground truth does not have; the "
       "official scripts, and so every protocol here, count them as false positives")  //
      ("scores", po::value<std::string>()->value_name("DIR"),
       "also classification mAP, from the scores (<id>.npz) that localize saves")  //
      ("paper", po::value<std::string>()->value_name("DATASET"),
       "print the CO2-Net paper's figures beside: thumos14 or activitynet1.2")      //
      ("per-class", po::bool_switch(), "also a row a class; JSON always has them")  //
      ("json", po::bool_switch(), "JSON with fractions instead of a table with percent");
  add_output_option(options);
}

std::string text_of(const po::variables_map& args, const std::string& option) {
  return optional_value<std::string>(args, option).value_or("");
}

EvaluateJob parse_job(const po::variables_map& args) {
  EvaluateJob job;
  const Strings files = parse_arguments(args, "PREDICTIONS");
  if (files.size() != 1) {
    throw Error(ErrorKind::kUsage, "one file of predictions at a time, not " + joined(files));
  }
  job.predictions = files.front();
  job.ground_truth =
      required(args, "ground-truth", "ground truth", "it with --ground-truth FILE|DIR");
  job.ambiguous = text_of(args, "ambiguous");
  job.scores = text_of(args, "scores");
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

EvalOptions parse_eval_options(const po::variables_map& args) {
  EvalOptions options;
  options.job = parse_job(args);
  if (args.count("paper") > 0) {
    options.table.beside = &published_figures(one_of<Variant>(args, "paper"));
  }
  options.table.per_class = args["per-class"].as<bool>();
  options.as_json = args["json"].as<bool>();
  options.output = parse_output(args);
  expect_no_input_at(options.output, {{options.job.predictions, ""}, {options.job.scores, ""}});
  if (!options.output.empty()) expect_writable(options.output);
  return options;
}

std::string as_json(const EvaluateResult& result, const EvalOptions& options) {
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
  return to_text(json) + "\n";
}

std::string as_table(const EvaluateResult& result, const EvalOptions& options) {
  std::string text = to_table(result.evaluation, options.table);
  if (result.classification) {
    text += "classification mAP " + percent(result.classification->mAP) + " (" +
            std::to_string(result.classification->videos) + " videos)\n";
  }
  return text;
}

int run_eval(const po::variables_map& args, Io& io) {
  const EvalOptions options = parse_eval_options(args);
  const EvaluateResult result = evaluate_files(options.job);
  const std::string text = options.as_json ? as_json(result, options) : as_table(result, options);
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
