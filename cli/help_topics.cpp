#include "cli/help_topics.h"

#include <algorithm>

#include "cli/cli.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "extractors/video/video_limits.h"
#include "pipeline/base/inputs.h"
#include "pipeline/base/opened_file.h"
#include "pipeline/base/settings.h"
#include "pipeline/base/text.h"
#include "pipeline/datasets/bundle.h"
#include "pipeline/stages/recipe.h"
#include "postprocess/exporters/formats.h"

namespace co2net {
namespace {

using Strings = std::vector<std::string>;

// Words in lines that fit a terminal of 80 columns.
std::string wrapped(const Strings& words, const std::string& indent) {
  constexpr std::size_t kColumns = 78;
  std::string text, line = indent;
  for (const std::string& word : words) {
    if (line.size() + word.size() > kColumns) {
      text += std::string(without_trailing_blanks(line)) + "\n";
      line = indent;
    }
    line += word + " ";
  }
  return text + std::string(without_trailing_blanks(line)) + "\n";
}

std::string_view place_text(ExportPlace place) {
  switch (place) {
    case ExportPlace::kFile:
      return "one file";
    case ExportPlace::kFileAVideo:
      return "a file a video";
    case ExportPlace::kFolder:
      return "a folder";
  }
  return "";
}

std::string formats() {
  const Strings of_results = names_of<ResultFormat>();
  std::string text =
      "'co2net convert FILE... --format NAME' writes each of these, of results and of\n"
      "annotations; 'run', 'localize' and 'propose' write those with a star.\n\n"
      "    NAME           SUFFIX        IS              OF RESULTS, BY DEFAULT\n";
  Strings read;
  for (const ExportRow& row : export_rows()) {
    if (row.is_read) read.emplace_back(row.name);
    const bool is_of_results = std::ranges::count(of_results, row.name) > 0;
    text += (is_of_results ? "  * " : "    ") + padded(row.name, 15) + padded(row.suffix, 14) +
            padded(place_text(row.place), 16) +
            (row.is_for_people ? "final segments" : "every candidate") + "\n";
  }
  return text +
         "\n--final and --all choose otherwise. 'convert', 'eval', 'train' and 'pack' read\n"
         "annotations in these; what a file is, its content tells:\n" +
         wrapped(read, "    ");
}

std::string caching() {
  return "Results of stages are kept and found again by their content: the video's bytes,\n"
         "the recipe, the networks' weights. Names, threads and --log-level do not count.\n\n"
         "    place           $XDG_CACHE_HOME/co2net, or ~/.cache/co2net; 'co2net doctor'\n"
         "                    says which\n"
         "    another         --cache DIR; several processes and machines may share one\n"
         "    none            --no-cache\n\n"
         "    features        kept; a long video's also while it is worked on\n"
         "    localization    kept\n"
         "    proposals       kept\n"
         "    frames, flow    kept with --keep frames, --keep flow, as playable videos\n\n"
         "    co2net cache stat              how much there is, by stage\n"
         "    co2net cache gc --max-size 50G deletes what was not used for longest\n"
         "    co2net cache verify            reads all, deletes what is damaged\n"
         "    co2net cache clear             deletes all\n"
         "    co2net explain VIDEO --model DIR   what would be computed, and why\n";
}

std::string size_text(std::int64_t bytes) { return std::to_string(bytes >> 30) + "G"; }

std::string inputs() {
  const VideoLimits limits;
  return "    FILE            a video, whatever its suffix; a pipe, such as /dev/stdin\n"
         "    FOLDER          the videos in it and in the folders below, by suffix\n"
         "    @LIST           a text file with a path a line\n"
         "    -               the same from standard input; -0: paths end with NUL\n"
         "    -- or ./        before names that begin with a dash\n\n"
         "Suffixes that are looked for:\n" +
         wrapped(kVideoSuffixes, "    ") +
         "\nA video's id is its name without suffix; where names collide, the path.\n"
         "--shard I/N takes one of N shares; --shard env/N: I is the job array's task.\n"
         "--share: processes with one cache divide the videos, and each has all results.\n\n"
         "A video that asks for more is an error of its own:\n"
         "    --max-frames         frames of a day at the recipe's rate\n"
         "    --max-pixels         " +
         std::to_string(limits.pixels) +
         " of a frame\n"
         "    --max-scaled-pixels  " +
         std::to_string(limits.scaled_pixels) +
         " of a frame after resizing\n"
         "    --max-streams        " +
         std::to_string(limits.streams) +
         "\n"
         "    --max-alloc          " +
         size_text(limits.allocation) +
         " at once\n"
         "    --max-spool          " +
         size_text(Spool::kDefaultMaxBytes) +
         " out of a pipe\n"
         "    --timeout            none, in seconds\n";
}

std::string exit_codes() {
  std::string text;
  for (const ExitCode& code : kExitCodes) {
    text += "    " + padded(std::to_string(code.number), 6) + std::string(code.meaning) + "\n";
  }
  return text +
         "\nWhat failed is told on standard error, and in the results' \"errors\". With\n"
         "--fail-fast the first failure ends the run; --strict makes one of a video that\n"
         "decodes only in part. Outputs appear complete or not at all. A run that was\n"
         "interrupted goes on where it was when it is started again.\n";
}

// "flow.bound=20.0", as --recipe-set takes it.
Strings settings_of(const Recipe& recipe) {
  const Json json = to_json(recipe);
  Strings settings;
  for (const std::string& key : setting_keys(json)) {
    if (key == "name" || key == "schema") continue;
    std::string pointer = "/" + key;
    std::ranges::replace(pointer, '.', '/');
    const Json& value = json.at(Json::json_pointer(pointer));
    settings.push_back(key + "=" + (value.is_string() ? value.get<std::string>() : value.dump()));
  }
  return settings;
}

// What a recipe changes of the default.
std::string changes_of(const Recipe& recipe) {
  const Strings by_default = settings_of(Recipe());
  Strings changes = settings_of(recipe);
  std::erase_if(changes, [&](const std::string& setting) {
    return std::ranges::count(by_default, setting) > 0;
  });
  return changes.empty() ? "the default" : joined(changes);
}

std::string recipes() {
  std::string text =
      "A recipe is every choice that changes features. A model has its own; --recipe\n"
      "NAME takes another, --recipe-set KEY=VALUE changes one key.\n\n";
  for (const std::string& name : recipe_preset_names()) {
    text += "    " + padded(name, 12) + changes_of(recipe_preset(name)) + "\n";
  }
  constexpr std::size_t kColumn = 36;
  Strings settings = settings_of(Recipe());
  for (std::string& setting : settings) setting = padded(setting, kColumn);
  return text + "\nKeys, and what " + Recipe().name + " has:\n" + wrapped(settings, "    ");
}

std::string models() {
  return std::string("A model is a folder:\n\n") +
         "    model.json      classes, recipe, sizes, SHA-256 of each file, origin\n    " +
         padded(kI3dRgbFile, 16) +
         "I3D for pictures, as TorchScript: code, so trust it first\n    " +
         padded(kI3dFlowFile, 16) + "I3D for flow\n    " + padded(kCo2NetFile, 16) +
         "the CO2-Net that learned from their features, or\n    " + padded(kWtalcFile, 16) +
         "the W-TALC that did, or\n    " + padded(kI3dLogitsFile, 16) +
         "the I3D's own classes, where there is no CO2-Net\n\n" +
         "    co2net import i3d --rgb FILE --flow FILE -o DIR\n"
         "        makes one of public checkpoints; it finds their own classes at once\n"
         "    co2net train --videos DIR --labels FILE --extractor DIR -o DIR\n"
         "        learns yours from labels of whole videos\n"
         "    co2net train --features DIR --annotations FILE -o DIR\n"
         "        learns a benchmark's\n"
         "    co2net import co2net FILE --classes FILE --model DIR\n"
         "        takes the CO2-Net of the authors' code\n"
         "    co2net inspect FILE.pt\n"
         "        lists what a file holds and calls, and runs nothing of it\n";
}

}  // namespace

const std::vector<HelpTopic>& help_topics() {
  static const std::vector<HelpTopic> kTopics = {
      {"inputs", "which videos a command takes, and what they may ask for", inputs},
      {"formats", "what segments and annotations are written and read in", formats},
      {"models", "what a model is, and where one comes from", models},
      {"recipes", "how features are made", recipes},
      {"cache", "what is kept, where, and how it is looked after", caching},
      {"exit-codes", "what the exit code says", exit_codes},
  };
  return kTopics;
}

const HelpTopic* help_topic(std::string_view name) {
  const auto found = std::ranges::find(help_topics(), name, &HelpTopic::name);
  return found == help_topics().end() ? nullptr : &*found;
}

}  // namespace co2net
