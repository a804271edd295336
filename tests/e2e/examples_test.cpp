// The shell examples of every README.md, run as they are written, those of a block one after the
// other. A line that cannot be run here is listed below with the reason; one that is neither run
// nor listed fails.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <regex>
#include <span>
#include <sstream>

#include "extractors/i3d/i3d_network.h"
#include "localizer/co2net.h"
#include "pipeline/datasets/bundle.h"
#include "pipeline/formats/npy.h"
#include "tests/checkpoint_file.h"
#include "tests/e2e/program.h"
#include "tests/support.h"

namespace co2net::test {
namespace {

struct Rule {
  const char* pattern;  // somewhere in the line
  const char* text;
};

const Rule kNotRun[] = {
    {"^(samples|tests)/\\S+\\.sh", "installs packages, builds, or takes minutes to hours"},
    {"^(cmake|ctest) ", "builds and tests the program that runs this test"},
    {"/data/videos|SLURM|^kubectl ", "a cluster's paths, job array and services"},
    {"^ffmpeg .* -i FILE ", "part of a command, which decode_tests completes"},
};

// Options that bring trainings of hours down to seconds; they come after those of the line.
const Rule kShortened[] = {
    {"^co2net train --videos ", "--iterations 2"},
    {"^co2net (train|ablate) ", "--iterations 2 --set length=10"},
};

const Strings kClasses = {"BaseballPitch", "BasketballDunk", "Billiards",   "CleanAndJerk",
                          "CliffDiving",   "CricketBowling", "CricketShot", "Diving",
                          "FrisbeeCatch",  "GolfSwing",      "HammerThrow", "HighJump",
                          "JavelinThrow",  "LongJump",       "PoleVault",   "Shotput",
                          "SoccerPenalty", "TennisSwing",    "ThrowDiscus", "VolleyballSpiking"};
constexpr int kVideosAClass = 4;  // the last is a test video
constexpr std::int64_t kFeatureSnippets = 12;

std::string text_between(const std::string& line, const std::regex& pattern) {
  std::smatch match;
  return std::regex_search(line, match, pattern) ? match[1].str() : "";
}

const Rule* rule_for(const std::string& line, std::span<const Rule> rules) {
  const auto found = std::ranges::find_if(
      rules, [&](const Rule& rule) { return std::regex_search(line, std::regex(rule.pattern)); });
  return found == rules.end() ? nullptr : &*found;
}

// A line of shell that a README shows.
struct Example {
  int line_number;
  std::string command;
};

bool is_program(const std::string& word) {
  if (word == "co2net" || fs::is_regular_file(fs::path(CO2NET_SOURCE) / word)) return true;
  if (!std::regex_match(word, std::regex("[A-Za-z0-9_./-]+"))) return false;
  return std::system(("command -v -- " + word + " >/dev/null 2>&1").c_str()) == 0;
}

// Lines of a block, whose indentation is cut off and whose continued lines are joined.
class Block {
 public:
  void add(int line_number, std::string line) {
    line.erase(0, line.find_first_not_of(' '));
    if (continued_) {
      lines_.back().command += line;
    } else if (!line.empty() && line[0] != '#') {
      lines_.push_back({line_number, line});
    } else {
      return;
    }
    continued_ = lines_.back().command.ends_with('\\');
    if (continued_) lines_.back().command.pop_back();
  }
  // Nothing where the block is no shell.
  std::vector<Example> examples() const {
    if (lines_.empty()) return {};
    const std::string& first = lines_[0].command;
    if (is_program(first.substr(0, first.find(' ')))) return lines_;
    for (const Example& line : lines_) {
      EXPECT_FALSE(line.command.starts_with("co2net ")) << line.command << "\nis below " << first;
    }
    return {};
  }

 private:
  std::vector<Example> lines_;
  bool continued_ = false;
};

// Those of a block, in order.
using Lines = std::vector<Example>;

// Of blocks that are indented, or fenced by ```.
std::vector<Lines> examples_in(const fs::path& readme) {
  std::vector<Block> blocks;
  bool is_fenced = false, is_indented = false, was_empty = true;
  std::istringstream text(read_file(readme));
  int number = 0;
  for (std::string line; std::getline(text, line);) {
    ++number;
    const bool is_fence = line.find_first_not_of(' ') != std::string::npos &&
                          line.compare(line.find_first_not_of(' '), 3, "```") == 0;
    if (is_fence) {
      is_fenced = !is_fenced;
      if (is_fenced) blocks.emplace_back();
    } else if (is_fenced) {
      blocks.back().add(number, line);
    } else {
      const bool starts = !is_indented && was_empty && line.starts_with("    ");
      if (starts) blocks.emplace_back();
      is_indented = starts || (is_indented && line.starts_with("    "));
      if (is_indented) blocks.back().add(number, line);
    }
    was_empty = line.empty();
  }
  std::vector<Lines> examples;
  for (const Block& block : blocks) examples.push_back(block.examples());
  return examples;
}

// What the line writes; empty where it says none.
std::string target_of(const Example& example) {
  return text_between(example.command, std::regex(" (?:-o|--clips) \"?([^\\s\"|]+)"));
}

// README.md of each folder of the sources, by its path.
Strings readmes() {
  Strings paths;
  for (fs::recursive_directory_iterator entry(CO2NET_SOURCE), end; entry != end; ++entry) {
    const std::string name = entry->path().filename();
    if (entry->is_directory() && (name.starts_with('.') || name == "build")) {
      entry.disable_recursion_pending();
    }
    if (name == "README.md") paths.push_back(fs::relative(entry->path(), CO2NET_SOURCE));
  }
  std::ranges::sort(paths);
  return paths;
}

class Examples : public testing::TestWithParam<std::string> {
 protected:
  static void SetUpTestSuite() {
    workplace_ = std::make_unique<Workplace>();
    fs::create_directories(everything());
    const fs::path before = fs::current_path();
    fs::current_path(everything());
    prepare();
    fs::current_path(before);
  }
  static void TearDownTestSuite() { workplace_.reset(); }

  // Runs the lines in a folder of their own, which has all that the examples name but for what
  // these lines write.
  static void expect_run(const Lines& lines, const std::string& readme) {
    const TempDir dir;
    const fs::path folder = dir.path() / "work";
    fs::copy(everything(), folder, fs::copy_options::recursive);
    for (const Example& example : lines) {
      if (!target_of(example).empty()) fs::remove_all(folder / target_of(example));
    }
    for (const Example& example : lines) {
      SCOPED_TRACE(readme + ":" + std::to_string(example.line_number) + ": " + example.command);
      if (example.command.find("rgb_imagenet.pt") != std::string::npos) add_checkpoints(folder);
      if (example.command.starts_with("co2net render ")) {  // whose results name videos
        fs::copy(folder / "found.json", folder / "results.json",
                 fs::copy_options::overwrite_existing);
      }
      expect_runs(example, dir.path());
    }
  }

 private:
  static fs::path everything() { return workplace_->path("everything"); }

  // In the folder "work" of `dir`.
  static void expect_runs(const Example& example, const fs::path& dir) {
    const fs::path folder = dir / "work", program = dir / "bin" / "co2net";
    const std::string target = target_of(example);
    if (!target.empty()) fs::remove_all(folder / target);
    const Rule* shortened = rule_for(example.command, kShortened);
    write_file(program, "#!/bin/sh\nexec '" CO2NET_PROGRAM "' \"$@\" " +
                            std::string(shortened != nullptr ? shortened->text : "") + "\n");
    fs::permissions(program, fs::perms::owner_all);
    write_file(dir / "line", example.command + "\n");
    const std::string shell = "cd " + shell_quoted(folder) +
                              " && PATH=" + shell_quoted(program.parent_path()) +
                              ":\"$PATH\" XDG_CACHE_HOME=" + shell_quoted(dir / "cache") +
                              " timeout 300 bash -o pipefail ../line >../out 2>../err </dev/null";
    const int status = std::system(shell.c_str());
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << read_file(dir / "err");
    static const std::regex silent("^co2net (cache|import) ");
    if (!target.empty()) {
      EXPECT_TRUE(fs::exists(folder / target)) << target;
    } else if (!std::regex_search(example.command, silent)) {
      EXPECT_NE(read_file(dir / "out"), "") << "nothing was printed";
    }
  }

  static void must(const Strings& arguments) {
    const Outcome outcome = co2net(arguments);
    ASSERT_EQ(outcome.code, 0) << testing::PrintToString(arguments) << "\n" << outcome.err;
  }

  // What the examples name, in the current folder.
  static void prepare() {
    make_models();
    make_videos();
    make_benchmark();
    must({"localize", "features", "--model", "MODEL", "--no-cache", "--save-scores", "scores", "-o",
          "results.json"});
    fs::copy("results.json", "baseline.json");
    must({"run", "videos", "new.mp4", "--model", "MODEL", "--no-cache", "-o", "found.json"});
    for (const std::string part : {"0", "1"}) {
      must({"run", "videos", "--model", "MODEL", "--no-cache", "--shard", part + "/2", "-o",
            "part-" + part + ".json"});
    }
    fs::copy("MODEL/co2net.pt", "model.pt");
    fs::copy("MODEL/co2net.pt", "co2net.pkl");
    fs::copy("features/v0.npy", "segments.npy");
    fs::copy("scores/v0.npz", "scores.npz");
  }

  static void make_models() {
    fs::copy(workplace_->model(), "MODEL");
    Bundle bundle = load_bundle("MODEL", {});
    bundle.classes = kClasses;
    Co2Net::seeded({.classes = static_cast<int>(kClasses.size()),
                    .feature_size = static_cast<int>(bundle.feature_size)},
                   1)
        .save(bundle.file(kCo2NetFile));
    save_bundle(bundle);
    std::string labels;
    for (const std::string& label : kClasses) labels += label + "\n";
    write_file("classes.txt", labels);
    fs::copy("MODEL", "mine");
    make_classifier();
  }

  static void make_classifier() {
    fs::copy("MODEL", "I3D");
    Bundle bundle = load_bundle("I3D", {});
    bundle.network.kind = NetworkKind::kClassifier;
    bundle.classes = {"archery", "long jump"};
    const Array weight({2, bundle.feature_size / 2}), bias({2});
    fs::remove(bundle.file(kCo2NetFile));
    write_file(bundle.file(kI3dLogitsFile), format_npz({{"rgb.weight", weight},
                                                        {"rgb.bias", bias},
                                                        {"flow.weight", weight},
                                                        {"flow.bias", bias}}));
    save_bundle(bundle);
  }

  static void make_videos() {
    int seed = 0;
    std::string list, labels;
    for (const std::string label : {"bow", "jump"}) {
      for (int i = 0; i < 2; ++i) {
        const std::string name = label + std::to_string(i) + ".mp4";
        workplace_->clip("everything/videos/" + name, 16, ++seed);
        list += "videos/" + name + "\n";
        labels += name + "," + label + "\n";
      }
    }
    write_file("list.txt", list);
    write_file("labels.csv", labels);
    workplace_->clip("everything/new.mp4", 16, ++seed);
    workplace_->clip("everything/THUMOS14/videos/video_test_0000001.mp4", 16, ++seed);
    workplace_->clip("everything/video.avi", 3, ++seed);  // its flow is solved without shortcuts
  }

  static void make_benchmark() {
    const int size = load_bundle("MODEL", {}).feature_size;
    Json thumos, activitynet;
    int video = 0;
    for (const std::string& label : kClasses) {
      for (int i = 0; i < kVideosAClass; ++i) {
        const std::string id = "v" + std::to_string(video++);
        write_file("features/" + id + ".npy",
                   format_npy(hashfill(id, {kFeatureSnippets, size}, 1)));
        Json entry = {{"duration", 8},
                      {"annotations", {{{"label", label}, {"segment", {1.5, 4}}}}}};
        const bool is_test = i + 1 == kVideosAClass;
        entry["subset"] = is_test ? "test" : "validation";
        thumos[id] = entry;
        entry["subset"] = is_test ? "validation" : "training";
        activitynet[id] = entry;
      }
    }
    for (const char* name : {"gt.json", "thumos14.json"}) {
      write_file(name, Json{{"database", thumos}}.dump());
    }
    write_file("activity_net.v1-2.json", Json{{"database", activitynet}}.dump());
    fs::copy("gt.json", "corrections.json");
    write_file("marked.csv", "id,label,start_s,end_s\nnew,jump,0.1,0.5\n");
    must({"convert", "gt.json", "-o", "Thumos14reduced-Annotations"});
    must({"convert", "activity_net.v1-2.json", "--format", "wtalc", "-o",
          "ActivityNet1.2-Annotations"});
    must({"convert", "gt.json", "--format", "elan", "-o", "elan/"});
    for (const std::string benchmark : {"Thumos14reduced", "ActivityNet1.2"}) {
      must({"pack", "features", "--annotations", benchmark + "-Annotations", "-o",
            benchmark + "-I3D-JOINTFeatures.npy"});
    }
  }

  // Of the size of the public ones, with their classes, of random numbers.
  static void add_checkpoints(const fs::path& folder) {
    Co2Net::seeded({.classes = static_cast<int>(kClasses.size())}, 1).save(folder / "co2net.pkl");
    for (const auto& [name, channels] :
         {std::pair("rgb_imagenet.pt", 3), {"flow_imagenet.pt", 2}}) {
      Arrays parameters;
      const ParameterFill fill = he_uniform(1);
      for (const auto& [parameter, shape] : i3d_parameters({.channels = channels})) {
        parameters[parameter] = fill(parameter, shape);
      }
      const std::string classes = "logits.conv3d.";
      parameters[classes + "weight"] = hashfill(name, {400, 1024, 1, 1, 1}, 1);
      parameters[classes + "bias"] = Array({400});
      write_state_dict(folder / name, parameters);
    }
  }

  static std::unique_ptr<Workplace> workplace_;
};

std::unique_ptr<Workplace> Examples::workplace_;

INSTANTIATE_TEST_SUITE_P(Of, Examples, testing::ValuesIn(readmes()), [](const auto& readme) {
  return std::regex_replace(readme.param, std::regex("[^A-Za-z0-9]"), "_");
});

TEST_P(Examples, RunAsTheyAreWritten) {
  for (Lines& lines : examples_in(fs::path(CO2NET_SOURCE) / GetParam())) {
    std::erase_if(lines, [](const Example& example) {
      return rule_for(example.command, kNotRun) != nullptr;
    });
    if (!lines.empty()) expect_run(lines, GetParam());
  }
}

TEST(ExamplesInReadmes, NeedEachOfTheRulesAbove) {
  Strings commands;
  for (const std::string& readme : readmes()) {
    for (const Lines& lines : examples_in(fs::path(CO2NET_SOURCE) / readme)) {
      for (const Example& example : lines) commands.push_back(example.command);
    }
  }
  for (const std::span<const Rule> rules : {std::span<const Rule>(kNotRun), {kShortened}}) {
    for (const Rule& rule : rules) {
      EXPECT_TRUE(std::ranges::any_of(commands, [&](const std::string& command) {
        return rule_for(command, rules) == &rule;
      })) << rule.pattern;
    }
  }
}

TEST(ExamplesInReadmes, AreFoundInBothKindsOfBlocksAndOnlyWhereTheyAreShell) {
  const TempDir dir;
  const fs::path readme = dir.path() / "README.md";
  write_file(
      readme,
      "text\n\n    co2net run a \\\n      -o b  # why\n    jq . b\n\ntext\n    no block\n\n"
      "     nosuchprogram ─► b\n\n```json\n{\"a\": 1}\n```\n\n```sh\n# a comment\nco2net eval\n"
      "```\n");
  std::vector<Strings> found;
  for (const Lines& lines : examples_in(readme)) {
    Strings& commands = found.emplace_back();
    for (const Example& example : lines) commands.push_back(example.command);
  }
  EXPECT_EQ(found, (std::vector<Strings>{
                       {"co2net run a -o b  # why", "jq . b"}, {}, {}, {"co2net eval"}}));
}

TEST(ExamplesInReadmes, NeedJq) { EXPECT_EQ(std::system("jq --version >/dev/null"), 0); }

}  // namespace
}  // namespace co2net::test
