// co2net_draw_actions: draws videos of a figure that performs actions between idle moments, and
// writes which action happens when. The same arguments give the same frames everywhere.

#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <array>
#include <boost/program_options.hpp>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <opencv2/core/utility.hpp>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/base/digest.h"
#include "pipeline/base/files.h"
#include "pipeline/base/json.h"
#include "samples/drawing/difficulty.h"
#include "samples/drawing/film.h"
#include "samples/program.h"

namespace po = boost::program_options;

namespace co2net {
namespace {

using Motions = std::vector<const Motion*>;

constexpr std::array kSubsets = {"training", "validation", "test"};

struct Request {
  std::filesystem::path directory;
  std::array<int, kSubsets.size()> videos = {}, background = {};  // of each subset
  MotionSet set = MotionSet::kBenchmark;
  Motions motions;
  bool trimmed = false;
  std::optional<double> length_s;  // of each video
  std::uint64_t seed = 1;
};

struct Drawing {
  std::string id;
  std::size_t subset;
  bool is_background;
  int index;  // in its subset, of its kind
};

// Multiplication by the odd constant is one to one, and spreads near seeds.
Dice dice_for(const Request& request, const Drawing& drawing) {
  std::uint64_t number = request.seed << 32;
  number += request.set == MotionSet::kPretraining ? 1u << 31 : 0u;
  number += (request.trimmed ? 1u << 30 : 0u) + (drawing.is_background ? 1u << 29 : 0u);
  number += static_cast<std::uint64_t>(drawing.subset) << 27;
  number += static_cast<std::uint64_t>(drawing.index);
  return Dice((number + 1) * 0x9e3779b97f4a7c15u);
}

// Whose turn it is: all in turn, then again those of frequency 2 and more, and so on.
const Motion& motion_for(const Motions& motions, int index) {
  Motions turns;
  for (int round = 1; turns.empty() || round <= 3; ++round) {
    for (const Motion* motion : motions) {
      if (motion->frequency >= round) turns.push_back(motion);
    }
  }
  return *turns[static_cast<std::size_t>(index) % turns.size()];
}

// Mostly what goes with the motion, which of the benchmark's has its own.
Scenery scenery_for(const Motion* motion, Dice& dice) {
  const Scenery any = dice.one_of(kSceneries);
  const bool in_context = dice.happens(difficulty::kContextShare);
  const std::span<const Motion> known = benchmark_motions();
  for (std::size_t i = 0; in_context && i < known.size(); ++i) {
    if (motion == &known[i]) return scenery_of_benchmark(i);
  }
  return any;
}

// An entry of ActivityNet's annotation format; times in seconds.
Json annotation(const Drawing& drawing, const Script& script) {
  const auto seconds = [](int frame) { return static_cast<double>(frame) / kFps; };
  Json annotations = Json::array();
  for (const Spell& spell : script.spells) {
    if (spell.action == nullptr) continue;
    annotations.push_back({{"label", spell.action->label},
                           {"segment", {seconds(spell.frames.first), seconds(spell.frames.end)}}});
  }
  return {{"subset", kSubsets[drawing.subset]},
          {"duration", seconds(script.spells.back().frames.end)},
          {"annotations", annotations}};
}

// Draws one video into a folder and returns its annotation.
Json draw_video(const Request& request, const Drawing& drawing,
                const std::filesystem::path& folder) {
  Dice dice = dice_for(request, drawing);
  const Motions& motions = request.motions;
  Script script;
  Scenery scenery = Scenery::kRoom;
  if (request.trimmed) {
    const int frames = frames_of(request.length_s.value_or(2.56));
    // The benchmark's have clips without a motion among them; to pretrain there are none.
    const std::size_t kinds = motions.size() + (request.set == MotionSet::kBenchmark ? 1 : 0);
    const std::size_t turn = static_cast<std::size_t>(drawing.index) % kinds;
    script = plan_trimmed(motions, turn < motions.size() ? motions[turn] : nullptr, frames, dice);
    scenery = scenery_for(nullptr, dice);
  } else {
    const double share = dice.uniform(0, 1);
    const int frames = frames_of(request.length_s.value_or(15 + 75 * share * share));
    const Motion* main = drawing.is_background ? nullptr : &motion_for(motions, drawing.index);
    script = main == nullptr ? plan_background(motions, frames, dice)
                             : plan_untrimmed(motions, *main, frames, dice);
    scenery = scenery_for(main, dice);
  }
  const Scene scene = some_scene(scenery, script.spells.back().frames.end, dice);
  Json entry = annotation(drawing, script);
  entry["frames_sha256"] = write_film(folder / (drawing.id + ".mp4"), scene, script);
  return entry;
}

// Whether a file in the folder may be one of an earlier call, which the new ones replace.
bool is_drawn(const std::string& name) {
  const bool is_of_subset = std::ranges::any_of(
      kSubsets, [&](const char* subset) { return name.starts_with(std::string(subset) + "_"); });
  return name == "annotations.json" || (is_of_subset && name.ends_with(".mp4"));
}

std::vector<Drawing> drawings_of(const Request& request) {
  std::vector<Drawing> drawings;
  for (std::size_t subset = 0; subset < kSubsets.size(); ++subset) {
    for (const bool is_background : {false, true}) {
      const std::string name = std::string(kSubsets[subset]) + (is_background ? "_background" : "");
      const int count = (is_background ? request.background : request.videos)[subset];
      for (int i = 0; i < count; ++i) {
        drawings.push_back({cv::format("%s_%04d", name.c_str(), i + 1), subset, is_background, i});
      }
    }
  }
  return drawings;
}

// Prints the hash of the videos' hashes, in the order of their names.
void draw_videos(const Request& request) {
  const std::vector<Drawing> drawings = drawings_of(request);
  cv::setNumThreads(1);
  expect_only_in(request.directory, is_drawn);
  std::string hashes;
  write_folder_with(request.directory, [&](const std::filesystem::path& folder) {
    std::vector<Json> entries(drawings.size());
    oneapi::tbb::parallel_for(std::size_t{0}, drawings.size(), [&](std::size_t i) {
      entries[i] = draw_video(request, drawings[i], folder);
    });
    Json database;
    for (std::size_t i = 0; i < drawings.size(); ++i) database[drawings[i].id] = entries[i];
    for (const Json& entry : database) hashes += entry.at("frames_sha256").get<std::string>();
    const Json document = {{"version", "co2net drawn actions 3"}, {"database", database}};
    write_file(folder / "annotations.json", document.dump(1) + "\n");
  });
  std::cout << drawings.size() << " videos, frames " << sha256(hashes) << '\n';
}

// All of the set unless labels are given.
Motions chosen_motions(MotionSet set, const std::vector<std::string>& labels) {
  Motions chosen;
  for (const Motion& motion : motions_of(set)) {
    if (labels.empty() || std::ranges::count(labels, motion.label) > 0) chosen.push_back(&motion);
  }
  for (const std::string& label : labels) {
    if (std::ranges::find(chosen, label, &Motion::label) == chosen.end()) {
      throw po::error("--action: '" + label + "' is none of the motions of the set " +
                      name_of(set));
    }
  }
  return chosen;
}

std::array<int, kSubsets.size()> counts_in(const po::variables_map& args,
                                           const std::string& suffix) {
  std::array<int, kSubsets.size()> counts = {};
  for (std::size_t subset = 0; subset < kSubsets.size(); ++subset) {
    const std::string option = kSubsets[subset] + suffix;
    counts[subset] = args[option].as<int>();
    if (counts[subset] < 0) throw po::error("--" + option + " must be at least 0");
  }
  return counts;
}

void run(const po::variables_map& args) {
  Request request;
  request.directory = args["output"].as<std::string>();
  request.videos = counts_in(args, "");
  request.background = counts_in(args, "-background");
  const auto set = args["motions"].as<std::string>();
  const std::optional<MotionSet> named_set = named<MotionSet>(set);
  if (!named_set) throw po::error("--motions must be " + wanted_instead_of<MotionSet>(set));
  request.set = *named_set;
  request.motions = chosen_motions(request.set, args["action"].as<std::vector<std::string>>());
  request.trimmed = args["trimmed"].as<bool>();
  request.seed = parse_seed(args);
  if (drawings_of(request).empty()) {
    throw po::error("give the number of videos with --training, --validation or --test");
  }
  if (request.trimmed && std::ranges::any_of(request.background, [](int n) { return n > 0; })) {
    throw po::error("background videos are untrimmed; --trimmed has clips without an action");
  }
  if (args.count("seconds") > 0) {
    request.length_s = args["seconds"].as<double>();
    const double low = request.trimmed ? 0.64 : 6, high = request.trimmed ? 60 : 3600;
    if (!(*request.length_s >= low && *request.length_s <= high)) {
      throw po::error(cv::format("--seconds must be from %g to %g", low, high));
    }
  }
  draw_videos(request);
}

SampleProgram program() {
  po::options_description options;
  options.add_options()  //
      ("output,o", po::value<std::string>()->value_name("DIR")->required(),
       "folder for the videos and annotations.json; replaces what an earlier call drew there");
  for (const std::string subset : kSubsets) {
    options.add_options()(subset.c_str(), po::value<int>()->value_name("N")->default_value(0),
                          ("videos of the subset '" + subset + "'").c_str());
  }
  for (const std::string subset : kSubsets) {
    options.add_options()(
        (subset + "-background").c_str(), po::value<int>()->value_name("N")->default_value(0),
        ("videos of the subset '" + subset + "' where nothing happens that has a name").c_str());
  }
  options.add_options()  //
      ("motions", po::value<std::string>()->value_name("SET")->default_value("benchmark"),
       "benchmark, or pretraining: others, for an I3D to learn from")  //
      ("action",
       po::value<std::vector<std::string>>()->composing()->value_name("LABEL")->default_value(
           {}, "all"),
       "one of the set's motions to choose from; repeatable")  //
      ("trimmed", po::bool_switch(),
       "each shows one motion from beginning to end; some of the benchmark's show none")  //
      ("seconds", po::value<double>()->value_name("S"),
       "length of each; if not given, 15 to 90 at random, short ones more often (trimmed: 2.56)");
  add_seed_option(options, "equal seeds give equal frames");
  return {"co2net_draw_actions", "-o DIR --test N", options, run};
}

}  // namespace
}  // namespace co2net

int main(int argc, char** argv) { return co2net::run_program(argc, argv, co2net::program()); }
