// co2net_measure_highlights: how well scores of snippets find the highlights of YouTube Highlights.

#include <algorithm>
#include <boost/program_options.hpp>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <iostream>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/json.h"
#include "pipeline/datasets/annotations.h"
#include "pipeline/datasets/feature_files.h"
#include "pipeline/formats/npy.h"
#include "samples/highlights/highlights.h"
#include "samples/program.h"

namespace po = boost::program_options;
namespace fs = std::filesystem;

namespace co2net {
namespace {

using Scores = std::vector<double>;
using VideoScores = std::function<Scores(const std::string& id, const Highlights& video)>;

std::map<std::string, Highlights> read_clips(const fs::path& path, const fs::path& annotations,
                                             const std::string& subset) {
  const Json clips = parse_json(read_file(path), path.string(), ErrorKind::kInput);
  std::map<std::string, Highlights> videos;
  for (const AnnotatedVideo& video : read_annotations(annotations).videos) {
    if (video.subset != subset) continue;
    const ClipLabels said = within(path.string(), [&] { return clip_labels(clips, video.id); });
    Highlights& highlights = videos[video.id];
    highlights.domain = said.domain;
    for (const int match : said.match) highlights.is_highlight.push_back(match > 0);
  }
  if (videos.empty()) {
    throw Error(ErrorKind::kInput, annotations.string() + ": no video of the subset " + subset);
  }
  return videos;
}

// What ranks the snippets of a video by a network's saved scores: "activation" is that of the
// video's own class, "attention" that of the fused network, "network" their product, or the
// activation where the network has no attention.
Scores scores_of_network(const fs::path& folder, const std::string& id, const std::string& label,
                         const std::string& by) {
  const fs::path file = folder / (id + ".npz");
  const Arrays arrays = read_npz(file);
  const auto classes = read_scored_classes(file);
  return within(file.string(), [&] {
    const Array& cas = arrays.at("cas");
    const auto attention = arrays.find("attn");
    const bool has_attention = attention != arrays.end();
    if (has_attention) expect_shape(attention->second, {cas.dim(0)}, "attn");
    if (by == "attention") {
      if (!has_attention) throw Error(ErrorKind::kInput, "this network has no attention");
      return Scores(attention->second.values.begin(), attention->second.values.end());
    }
    if (!classes) throw Error(ErrorKind::kInput, "no sidecar names the classes");
    const auto own = std::ranges::find(classes->classes, label);
    if (own == classes->classes.end()) throw Error(ErrorKind::kInput, "no class " + label);
    Scores scores;
    for (std::int64_t t = 0; t < cas.dim(0); ++t) {
      scores.push_back(double{cas.row(t)[own - classes->classes.begin()]});
      if (by == "network" && has_attention) scores.back() *= double{attention->second.values[t]};
    }
    return scores;
  });
}

// The Euclidean norm of one modality's half of the features.
Scores norms(const fs::path& folder, const std::string& id, bool of_flow) {
  const fs::path file = folder / (id + ".npy");
  const Array features = read_npy(file);
  expect_shape(features, {-1, -1}, file.string());
  const std::int64_t half = features.dim(1) / 2;
  Scores scores;
  for (std::int64_t t = 0; t < features.dim(0); ++t) {
    const float* begin = features.row(t) + (of_flow ? half : 0);
    double sum = 0;
    for (std::int64_t i = 0; i < half; ++i) sum += double{begin[i]} * double{begin[i]};
    scores.push_back(std::sqrt(sum));
  }
  return scores;
}

// Uniform in [0, 1).
Scores random_scores(std::mt19937_64& random, std::size_t snippets) {
  Scores scores(snippets);
  for (double& score : scores) score = std::ldexp(static_cast<double>(random() >> 11), -53);
  return scores;
}

VideoScores scorer(const po::variables_map& args) {
  const auto by = args["by"].as<std::string>();
  const auto folder = [&] {
    if (args.count("folder") == 0) throw Error(ErrorKind::kUsage, "--by " + by + " needs --folder");
    return fs::path(args["folder"].as<std::string>());
  };
  if (by == "network" || by == "activation" || by == "attention") {
    return [from = folder(), by](const std::string& id, const Highlights& video) {
      return scores_of_network(from, id, video.domain, by);
    };
  }
  if (by == "rgb" || by == "flow") {
    return [from = folder(), by](const std::string& id, const Highlights&) {
      return norms(from, id, by == "flow");
    };
  }
  if (by != "random") {
    throw Error(ErrorKind::kUsage,
                "--by " + by + ": network, activation, attention, rgb, flow, random");
  }
  return [random = std::mt19937_64(parse_seed(args))](const std::string&,
                                                      const Highlights& video) mutable {
    return random_scores(random, video.is_highlight.size());
  };
}

void run(const po::variables_map& args) {
  const auto text = [&](const char* option) { return args[option].as<std::string>(); };
  if (args["hash"].as<bool>()) {
    if (args.count("folder") == 0) throw Error(ErrorKind::kUsage, "--hash needs --folder");
    std::cout << hash_of_data(text("folder"), text("annotations"), text("clips")) << "\n";
    return;
  }
  const auto videos = read_clips(text("clips"), text("annotations"), text("subset"));
  const VideoScores score = scorer(args);
  std::map<std::string, Scores> scores;
  for (const auto& [id, video] : videos) scores[id] = score(id, video);
  const Precisions precisions = precisions_of(videos, scores);
  const HighlightFigures figures = highlight_figures(precisions);
  const Json json = {{"mean", figures.mean}, {"domains", figures.domains}, {"videos", precisions}};
  std::cout << json.dump() << "\n";
}

SampleProgram program() {
  po::options_description options;
  options.add_options()  //
      ("clips", po::value<std::string>()->value_name("FILE")->required(),
       "{id: {\"domain\", \"match\": [1 for a snippet that is a highlight, else 0 or -1]}}")  //
      ("annotations", po::value<std::string>()->value_name("FILE")->required(),
       "which says of which subset a video is")  //
      ("subset", po::value<std::string>()->value_name("NAME")->default_value("test"),
       "to measure on")  //
      ("by", po::value<std::string>()->value_name("WHAT")->default_value("network"),
       "what ranks the snippets: network (activation of the video's class times attention, where "
       "there is one), activation or attention alone, the norm of its features of rgb or of flow, "
       "or random")  //
      ("folder", po::value<std::string>()->value_name("DIR"),
       "of 'co2net localize --save-scores', or for norms and --hash of features")  //
      ("hash", po::bool_switch(),
       "tells, instead, by 16 digits what data these are, however their files hold them");
  add_seed_option(options, "of the random scores");
  return {"co2net_measure_highlights", "--clips FILE --annotations FILE [--folder DIR]", options,
          run};
}

}  // namespace
}  // namespace co2net

int main(int argc, char** argv) { return co2net::run_program(argc, argv, co2net::program()); }
