#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <regex>
#include <set>

#include "cli/cli.h"
#include "cli/help_topics.h"
#include "pipeline/base/text.h"
#include "pipeline/stages/recipe.h"
#include "postprocess/exporters/formats.h"
#include "tests/e2e/program.h"

namespace co2net::test {
namespace {

TEST(Usage, HelpListsTheCommandsAndEachCommandsOptions) {
  const Outcome overview = co2net({"--help"});
  EXPECT_EQ(overview.code, 0);
  for (const CommandHelp& row : kCommandHelp) {
    const std::string command(row.name);
    EXPECT_NE(overview.out.find("\n  " + command + " "), std::string::npos) << command;
    const Outcome help = co2net({command, "--help"});
    EXPECT_EQ(help.code, 0);
    EXPECT_EQ(help.out.find("Usage: co2net " + command), 0u);
    EXPECT_NE(help.out.find("--log-level"), std::string::npos) << command;
    EXPECT_EQ(help.out, co2net({"help", command}).out);
  }
}

TEST(Usage, EachCommandTakesTheOptionsThatItPromises) {
  const Strings common = {"--config", "--log-level", "--help"};
  const Strings inputs = {"--shard", "--null", "--fail-fast"};
  const Strings work = inputs + Strings{"--strict", "--stats"};
  const Strings opening = {"--max-pixels", "--max-streams", "--max-alloc"};
  const Strings limits = opening + Strings{"--max-frames", "--max-scaled-pixels"};
  const Strings videos =
      work + limits + Strings{"--threads", "--stream", "--max-spool", "--timeout", "--progress"};
  const Strings files = work + Strings{"--progress"};
  const Strings cache = {"--cache", "--no-cache"};
  const Strings results = {"--model",     "--output", "--format", "--final",
                           "--min-score", "--top-k",  "--compat", "--operating-point"};
  const Strings extraction_without_model =
      cache +
      Strings{"--device", "--tf32", "--i3d-precision", "--clips-at-once", "--keep", "--recipe-set"};
  const Strings extraction = extraction_without_model + Strings{"--model"};
  const Strings training = {"--preset",  "--set",      "--iterations", "--seed",
                            "--compat",  "--select",   "--held-out",   "--checkpoint",
                            "--threads", "--progress", "--device",     "--tf32"};
  const Strings benchmark = {"--features", "--annotations", "--train-subset", "--test-subset"};
  const std::map<std::string, Strings> promised = {
      {"run", videos + results + extraction +
                  Strings{"--share", "--checkpoint", "--only", "--save-scores", "--report"}},
      {"suggest", videos + extraction + Strings{"--output", "--share", "--checkpoint", "--only"}},
      {"extract", videos + extraction +
                      Strings{"--output", "--share", "--streams", "--recipe", "--checkpoint"}},
      {"flow",
       videos + cache + Strings{"--output", "--save", "--backend", "--recipe", "--recipe-set"}},
      {"localize", files + results + cache +
                       Strings{"--share", "--threads", "--save-scores", "--device", "--tf32",
                               "--annotations", "--only"}},
      {"propose", files + results + cache + Strings{"--share", "--only"}},
      {"train", training + benchmark + extraction_without_model + limits +
                    Strings{"--extractor", "--recipe", "--output", "--name", "--videos", "--labels",
                            "--false-alarms", "--trust-suggestions", "--stream", "--strict",
                            "--stats", "--timeout"}},
      {"ablate",
       training + benchmark + Strings{"--recipe", "--table", "--seeds", "--output", "--json"}},
      {"eval",
       {"--ground-truth", "--subset", "--protocol", "--tiou", "--ambiguous",
        "--ignore-unknown-videos", "--scores", "--paper", "--per-class", "--report", "--final",
        "--json", "--output", "--progress"}},
      {"report", limits + Strings{"--output", "--ground-truth", "--scores", "--compare",
                                  "--copy-videos", "--transcode", "--png", "--svg", "--width",
                                  "--id", "--threads", "--timeout", "--progress"}},
      {"render", videos + Strings{"--results", "--output", "--clips", "--exact", "--ground-truth",
                                  "--all", "--min-score", "--top-k"}},
      {"convert",
       {"--output", "--format", "--final", "--all", "--fps", "--ambiguous", "--progress"}},
      {"merge", {"--output", "--inputs", "--missing", "--null", "--progress"}},
      {"pack", {"--output", "--annotations", "--allow-missing", "--progress"}},
      {"unpack", {"--output", "--annotations", "--recipe", "--recipe-set", "--progress"}},
      {"explain", inputs + extraction +
                      Strings{"--only", "--stream", "--compat", "--operating-point", "--max-spool",
                              "--timeout"}},
      {"import",
       {"--rgb", "--flow", "--i3d-classes", "--output", "--model", "--classes", "--preset",
        "--max-seqlen", "--name", "--recipe", "--recipe-set", "--progress"}},
      {"cache", {"--cache", "--max-size", "--progress"}},
      {"probe", inputs + opening + Strings{"--max-spool", "--timeout"}},
      {"inspect", inputs},
      {"completion", {}},
      {"manual", {"--output"}},
      {"doctor", {"--cache", "--json"}}};
  for (const CommandHelp& row : kCommandHelp) {
    const std::string command(row.name);
    ASSERT_TRUE(promised.contains(command)) << command << ": say here which options it has";
    const std::string help = co2net({command, "--help"}).out;
    std::set<std::string> offered;
    static const std::regex option("\n  (?:-[a-zA-Z0-9] \\[ )?(--[a-z0-9-]+)");
    for (std::sregex_iterator found(help.begin(), help.end(), option), end; found != end; ++found) {
      offered.insert((*found)[1]);
    }
    const Strings all = promised.at(command) + common;
    EXPECT_EQ(offered, std::set<std::string>(all.begin(), all.end())) << command;
  }
}

TEST(Usage, EveryCommandOfTheHelpIsThere) {
  std::set<std::string_view> listed, known;
  for (const CommandHelp& help : kCommandHelp) listed.insert(help.name);
  for (const Command* command : full_program().commands) known.insert(command->name);
  EXPECT_EQ(known, listed);
}

TEST(Usage, TheProgramStartsWithoutTheLargeLibraries) {
  const auto libraries = [](const std::string& program) { return shell("ldd " + program).out; };
  const std::string light = libraries(CO2NET_PROGRAM), full = libraries(CO2NET_FULL_PROGRAM);
  EXPECT_NE(light.find("libstdc++"), std::string::npos) << light;
  for (const char* library : {"libtorch", "libc10", "libopencv", "libav"}) {
    EXPECT_EQ(light.find(library), std::string::npos) << light;
    EXPECT_NE(full.find(library), std::string::npos) << full;
  }
}

TEST(Usage, TheProgramHandsOtherCommandsToTheFullOne) {
  const Workplace here;
  const std::string clip = here.clip("clip.mkv");
  const std::string program = CO2NET_PROGRAM;
  EXPECT_EQ(shell(program + " --help").out, co2net({"--help"}).out);
  EXPECT_EQ(shell(program + " help probe").out, co2net({"probe", "--help"}).out);

  const Outcome probe = shell("echo '" + clip + "' | " + program + " probe - --log-level off");
  EXPECT_EQ(probe.code, 0);
  EXPECT_EQ(probe.out, co2net({"probe", clip}).out);
  EXPECT_EQ(shell(program + " probe " + here.broken("broken.mkv")).code, 1);

  fs::create_symlink(program, here.path("linked"));
  EXPECT_EQ(shell(here.path("linked").string() + " probe --log-level off " + clip).out, probe.out);
}

TEST(Usage, WithoutTheFullProgramTheOthersWorkAndItIsNamed) {
  const TempDir dir;
  const std::string program = dir.path() / "bin/co2net";
  fs::create_directory(dir.path() / "bin");
  fs::copy(CO2NET_PROGRAM, program);
  EXPECT_EQ(shell(program + " cache stat --cache " + (dir.path() / "cache").string()).code, 0);
  const Outcome probe = shell(program + " probe clip.mkv");
  EXPECT_EQ(probe.code, 3);
  EXPECT_NE(probe.out.find("libexec/co2net/co2net"), std::string::npos) << probe.out;
}

TEST(Usage, WithoutACommandPrintsTheCommandsAsAnError) {
  const Outcome nothing = co2net({});
  EXPECT_EQ(nothing.code, 2);
  EXPECT_TRUE(nothing.says("Usage"));
  EXPECT_EQ(nothing.out, "");
}

TEST(Usage, SuggestsTheNearestName) {
  EXPECT_TRUE(co2net({"extrat"}).says("did you mean extract?"));
  EXPECT_TRUE(co2net({"run", "a.mp4", "--modle", "m"}).says("did you mean --model?"));
  EXPECT_FALSE(co2net({"zzzzzz"}).says("did you mean"));
}

TEST(Usage, SuggestsTheNearestOfWhateverHasNames) {
  const Workplace here;
  const std::string clip = here.clip("clip.mkv", 16);
  const Strings run = here.arguments("run") + Strings{clip};
  const Strings training = {"train", "--features", "f", "--annotations", "a", "-o", here.path("x")};
  for (const auto& [arguments, name] : std::vector<std::pair<Strings, std::string>>{
           {run + Strings{"--format", "jsnol"}, "jsonl"},
           {run + Strings{"--compat", "Authors"}, "authors"},
           {run + Strings{"--progress", "plian"}, "plain"},
           {run + Strings{"--log-level", "warn1ng"}, "warning"},
           {run + Strings{"--device", "cdua"}, "cuda"},
           {run + Strings{"--i3d-precision", "fp61"}, "fp16"},
           {run + Strings{"--keep", "frame"}, "frames"},
           {run + Strings{"--recipe-set", "flow.boudn=15"}, "flow.bound"},
           {run + Strings{"--recipe-set", "crop=centre"}, "center"},
           {here.arguments("extract") + Strings{clip, "-o", "x", "--recipe", "kinetic"},
            "kinetics"},
           {here.arguments("extract") + Strings{clip, "-o", "x", "--streams", "flwo"}, "flow"},
           {{"flow", clip, "-o", "x", "--save", "mvk"}, "mkv"},
           {{"flow", clip, "-o", "x", "--backend", "cup"}, "cpu"},
           {training + Strings{"--preset", "thumos4"}, "thumos14"},
           {training + Strings{"--set", "loss.csa=0"}, "loss.cas"},
           {training + Strings{"--select", "held-out"}, "heldout"},
           {{"ablate", "--features", "f", "--annotations", "a", "-o", here.path("x"), "--table",
             "al"},
            "all"},
           {{"eval", "p", "--ground-truth", "g", "--protocol", "thumso"}, "thumos"},
           {{"convert", "f", "--format", "labelstudo"}, "labelstudio"},
           {{"cache", "stats", "--cache", here.cache()}, "stat"},
           {{"import", "i3"}, "i3d"},
           {{"completion", "zhs"}, "zsh"},
           {{"manual", "rnu"}, "run"},
           {{"help", "recipe"}, "recipes"}}) {
    const Outcome outcome = co2net(arguments);
    EXPECT_EQ(outcome.code, 2) << testing::PrintToString(arguments) << outcome.err;
    EXPECT_TRUE(outcome.says("did you mean " + name + "?")) << outcome.err;
  }
}

TEST(Usage, HelpTellsOfTopicsOnAScreenEach) {
  const std::string overview = co2net({"help"}).out;
  for (const HelpTopic& topic : help_topics()) {
    const std::string name(topic.name);
    EXPECT_NE(overview.find("\n  " + name + " "), std::string::npos) << name;
    const std::string text = topic.text();
    const Outcome help = co2net({"help", name});
    EXPECT_EQ(help.code, 0) << help.err;
    EXPECT_TRUE(help.out.ends_with(text)) << name;
    const Strings lines = lines_of(text);
    EXPECT_LE(lines.size(), 36u) << name;
    EXPECT_GE(lines.size(), 8u) << name;
    for (const std::string& line : lines) EXPECT_LE(line.size(), 80u) << line;
  }
}

TEST(Usage, TopicsTellWhatTheProgramWorksBy) {
  const auto topic = [](const std::string& name) { return co2net({"help", name}).out; };
  for (const ExportRow& row : export_rows()) {
    EXPECT_NE(topic("formats").find(" " + std::string(row.name) + " "), std::string::npos);
  }
  for (const std::string& name : recipe_preset_names()) {
    EXPECT_NE(topic("recipes").find("\n    " + name + " "), std::string::npos) << name;
  }
  EXPECT_NE(topic("recipes").find("flow.bound=20"), std::string::npos);
  EXPECT_NE(topic("inputs").find(" 67108864 "), std::string::npos);
  EXPECT_NE(topic("inputs").find(".webm"), std::string::npos);
  EXPECT_NE(topic("cache").find("$XDG_CACHE_HOME/co2net"), std::string::npos);
  EXPECT_NE(topic("exit-codes").find("\n    130 "), std::string::npos);
  EXPECT_NE(topic("models").find("i3d_flow.pt"), std::string::npos);
}

TEST(Usage, TheFormatsThatAreSaidToBeReadAreThoseThatAre) {
  const Workplace here;
  const std::string truth = here.path("truth.json");
  write_file(truth, R"({"database": {"a": {"subset": "test", "duration": 9, "annotations": [
      {"label": "run", "segment": [0, 1]}]}}})");
  const std::string topic = co2net({"help", "formats"}).out;
  const std::string said = topic.substr(topic.find("tells:\n")) + " ";
  for (const ExportRow& row : export_rows()) {
    const std::string name(row.name), made = here.path(name + std::string(row.suffix));
    Strings convert = {"convert", truth, "--format", name, "-o", made};
    if (name == "labelstudio" || name == "otio") convert.insert(convert.end(), {"--fps", "25"});
    const bool is_made = co2net(convert).code == 0;
    const bool is_read = is_made && co2net({"convert", made, "--format", "activitynet"}).code == 0;
    EXPECT_EQ(is_read, row.is_read) << name;
    EXPECT_EQ(std::regex_search(said, std::regex("\\s" + name + "\\s")), is_read) << said;
  }
}

TEST(Usage, CountsExchangedNeighboursAsOneSlip) {
  EXPECT_TRUE(co2net({"evla"}).says("did you mean eval?"));
  EXPECT_TRUE(co2net({"trian"}).says("did you mean train?"));
  EXPECT_TRUE(co2net({"rnu"}).says("did you mean run?"));
  EXPECT_TRUE(co2net({"--verison"}).says("did you mean --version?"));
  EXPECT_TRUE(co2net({"eval", "--josn"}).says("did you mean --json?"));
  EXPECT_FALSE(co2net({"vela"}).says("did you mean eval?")) << "two slips of four letters";
}

TEST(Usage, HelpShowsNumbersAsTheyAreWritten) {
  for (const CommandHelp& row : kCommandHelp) {
    const std::string help = co2net({std::string(row.name), "--help"}).out;
    EXPECT_FALSE(std::regex_search(help, std::regex("[0-9]\\.[0-9]{6}"))) << help;
  }
  EXPECT_NE(co2net({"train", "--help"}).out.find("(=0.1)"), std::string::npos);
}

// The working directory while it lives.
class Inside {
 public:
  explicit Inside(const fs::path& folder) : before_(fs::current_path()) {
    fs::current_path(folder);
  }
  ~Inside() { fs::current_path(before_); }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

 private:
  fs::path before_;
};

TEST(Usage, AFilesNameThatIsReadAsAnOptionOrAListGetsARemedy) {
  const Workplace here;
  const Inside inside(here.path(""));
  const Strings names = {"--1DO2V4K74.mkv",  "-IXEruyHm9M.mkv", "-oAAAAAAAAAA.mkv",
                         "-0AAAAAAAAAA.mkv", "-hAAAAAAAAA.mkv", "-m.mkv"};
  Strings remedied;
  for (const std::string& name : names) {
    here.clip(name, 16);
    const Outcome outcome = here.call("run", {name});
    EXPECT_EQ(outcome.code, 2) << name;
    EXPECT_TRUE(outcome.says("go after -- or as ./" + name)) << outcome.err;
    EXPECT_EQ(outcome.out, "");
    remedied.push_back("./" + name);
  }
  EXPECT_EQ(here.call("run", remedied).json().at("results").size(), names.size());
  EXPECT_EQ(here.call("run", Strings{"--"} + names).json().at("results").size(), names.size());
  EXPECT_TRUE(here.call("run", {"--absent.mkv"}).says("./--absent.mkv"));

  here.clip("@clip.mkv", 16);
  const Outcome list = here.call("run", {"@clip.mkv"});
  EXPECT_EQ(list.code, 2);
  EXPECT_TRUE(list.says("./@clip.mkv")) << list.err;
  EXPECT_EQ(here.call("run", {"./@clip.mkv"}).code, 0);

  write_file("-ofeatures.npy", "x");
  EXPECT_TRUE(here.call("localize", {"-ofeatures.npy"}).says("./-ofeatures.npy"));
  write_file("--help", "x");
  EXPECT_EQ(co2net({"run", "--help"}).code, 0) << "an option stays one whatever files there are";
}

TEST(Usage, AnOutputWithAVideosSuffixIsRefused) {
  const Workplace here;
  const Inside inside(here.path(""));
  const std::string clip = here.clip("clip.mkv", 3);
  const Strings training = {"--annotations", "a.json", "--features", "f"};
  for (const Strings& command : std::vector<Strings>{here.arguments("run") + Strings{clip},
                                                     here.arguments("extract") + Strings{clip},
                                                     here.arguments("localize") + Strings{"a.npy"},
                                                     here.arguments("propose") + Strings{"a.npz"},
                                                     {"flow", clip},
                                                     {"eval", "a.json", "--ground-truth", "b.json"},
                                                     {"convert", "a.json"},
                                                     {"pack", "f", "--annotations", "a.json"},
                                                     {"unpack", "f.npy", "--annotations", "a.json"},
                                                     {"import", "i3d", "--rgb", "a", "--flow", "b"},
                                                     here.arguments("suggest") + Strings{clip},
                                                     Strings{"train"} + training,
                                                     Strings{"ablate"} + training}) {
    for (const Strings& output : {Strings{"-oother.mp4"}, Strings{"-o", "other.MP4"}}) {
      const Outcome outcome = co2net(command + output);
      EXPECT_EQ(outcome.code, 2) << testing::PrintToString(command) << outcome.err;
      EXPECT_TRUE(outcome.says("./NAME") || outcome.says("./-oother.mp4")) << outcome.err;
    }
  }
  EXPECT_EQ(here.call("run", {clip, "--stats", "other.mp4"}).code, 2);
  EXPECT_FALSE(fs::exists("other.mp4"));
}

// What a terminal would act on, but for the ends of lines.
bool acts_on_a_terminal(const std::string& text) {
  return std::ranges::any_of(lines_of(text),
                             [](const std::string& line) { return printable(line) != line; });
}

TEST(Usage, SubtitlesOfSeveralVideosDoNotGoToStandardOutput) {
  const Workplace here;
  const Outcome outcome =
      co2net(here.arguments("run") + Strings{"x.mkv", "--format", "srt", "-o", "-"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_TRUE(outcome.says("name a folder")) << outcome.err;
}

TEST(Usage, SuggestsAnOptionThatIsMistypedInAConfigFile) {
  const Workplace here;
  write_file(here.path("options"), "treads = 1\n");
  const Outcome outcome =
      co2net(here.arguments("run") + Strings{"x.mkv", "--config", here.path("options")});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_TRUE(
      outcome.says(here.path("options").string() + ": no option 'treads'; did you mean threads?"))
      << outcome.err;
}

TEST(Usage, NothingFromAFileOrAnArgumentActsOnTheTerminal) {
  const Workplace here;
  const std::string evil = "\x1b[2J\nco2net: error: \xff\x7f";
  const Outcome run =
      here.call("run", {here.broken(evil), here.clip(evil + ".mkv", 16), "--progress", "plain"});
  EXPECT_EQ(run.code, 1);
  EXPECT_FALSE(acts_on_a_terminal(run.err)) << printable(run.err);
  EXPECT_EQ(run.err.find("\nco2net: error: \\xff"), std::string::npos)
      << "a line of the name's own";
  EXPECT_TRUE(run.says("\\x1b[2J\\nco2net: error: \\xff\\u007f")) << run.err;
  EXPECT_FALSE(acts_on_a_terminal(run.out)) << run.out;

  write_file(here.path("options"), evil + " = 1\n");
  write_file(here.path("gt.json"), R"({"database": {"a": {"subset": "\u001b[2J", "annotations": [
      {"label": "\u001b[31mred", "segment": [0, 1]}]}}})");
  write_file(here.path("results.json"), R"({"results": {"a": [
      {"label": "\u001b[31mred", "score": 1, "segment": [0, 1]}]}})");
  const Strings eval = {"eval", here.path("results.json"), "--ground-truth", here.path("gt.json")};
  for (const Strings& arguments : std::vector<Strings>{
           {evil},
           {"run", "--" + evil},
           here.arguments("run") + Strings{"x.mkv", "--format", evil},
           here.arguments("run") + Strings{"x.mkv", "--config", here.path("options")},
           eval + Strings{"--per-class"},
           eval + Strings{"--subset", evil},
           here.arguments("explain") + Strings{here.path(evil + ".mkv")}}) {
    const Outcome outcome = co2net(arguments);
    EXPECT_FALSE(acts_on_a_terminal(outcome.err + outcome.out))
        << printable(outcome.err + outcome.out);
  }
}

TEST(Usage, WrongUseExitsWith2AndNamesWhatIsAllowed) {
  const Workplace here;
  const std::string clip = here.clip("clip.mkv");
  const std::string unsuffixed = here.path("clip"), list = here.path("list");
  fs::copy_file(clip, unsuffixed);
  write_file(list, clip);
  write_file(here.path("config"), "compat = clean\n");
  struct Case {
    Strings arguments;
    std::string words;
  };
  for (const Case& wrong : std::vector<Case>{
           {{"nonsense"}, "--help"},
           {here.arguments("run") + Strings{clip, "--no-such"}, "--no-such"},
           {here.arguments("run") + Strings{clip, "--format", "xml"}, "activitynet, jsonl, csv"},
           {here.arguments("run") + Strings{clip, "--format", "vtt"}, "-o DIR"},
           {here.arguments("run") + Strings{clip, "--compat", "x"}, "authors, clean"},
           {here.arguments("run") + Strings{clip, "--top-k", "0"}, "--top-k"},
           {here.arguments("run") + Strings{clip, "--top-k", "many"}, "--top-k"},
           {here.arguments("run") + Strings{clip, "--threads", "0"}, "--threads"},
           {here.arguments("run") + Strings{clip, "--threads=-1"}, "--threads"},
           {here.arguments("run") + Strings{clip, "--top-k=-1"}, "--top-k"},
           {here.arguments("run") + Strings{clip, "--stream=-2"}, "--stream"},
           {here.arguments("run") + Strings{clip, "--checkpoint=-1"}, "--checkpoint"},
           {here.arguments("run") + Strings{clip, "--timeout", "0"}, "--timeout"},
           {here.arguments("run") + Strings{clip, "--shard", "2/2"}, "0 to n - 1"},
           {here.arguments("run") + Strings{clip, "--device", "tpu"}, "cuda:N"},
           {here.arguments("run") + Strings{clip, "--device", "cuda:99"}, "no CUDA device"},
           {here.arguments("run") + Strings{clip, "--device", "opencl:99"}, "no OpenCL device"},
           {here.arguments("run") + Strings{clip, "--device", "opencl:x"}, "opencl:N"},
           {here.arguments("run") +
                Strings{clip, "--device", "opencl", "--recipe-set", "flow.variant=opencv-cpu"},
            "opencl does not compute flow.variant=opencv-cpu"},
           {here.arguments("extract") +
                Strings{clip, "-o", "x", "--streams", "rgb", "--device", "opencl"},
            "no network takes flow"},
           {here.arguments("run") + Strings{clip, "--i3d-precision", "fp8"}, "fp32, fp16"},
           {here.arguments("run") + Strings{clip, "--device", "cpu", "--i3d-precision", "fp16"},
            "needs a CUDA device"},
           {here.arguments("run") + Strings{clip, "--device", "cpu", "--i3d-precision", "bf16"},
            "--i3d-precision bf16 needs a CUDA device"},
           {here.arguments("run") + Strings{clip, "--device", "cpu", "--clips-at-once", "8"},
            "--clips-at-once needs a CUDA device"},
           {here.arguments("run") + Strings{clip, "--device", "cpu", "--tf32"},
            "--tf32 needs a CUDA device"},
           {here.arguments("run") + Strings{clip, "--device", "opencl", "--tf32"},
            "--tf32 needs a CUDA device"},
           {here.arguments("run") + Strings{clip, "--keep", "features"}, "frames, flow"},
           {here.arguments("run") + Strings{clip, "--keep", "flow", "--no-cache"}, "cache"},
           {here.arguments("run") + Strings{clip, "--progress", "x"}, "auto, plain, off"},
           {here.arguments("run") + Strings{clip, "--log-level", "x"}, "warning"},
           {here.arguments("run") + Strings{clip, "--config", here.path("none")}, "none"},
           {here.arguments("run") + Strings{clip, "--recipe-set", "nope=1"}, "flow.bound"},
           {here.arguments("run") + Strings{clip, "--recipe-set", "window=8"}, "window"},
           {here.arguments("run") + Strings{clip, "--recipe-set", "fps"}, "key=value"},
           {here.arguments("run") +
                Strings{clip, "--recipe-set", "crop=ten", "--recipe-set", "ten_crop=keep"},
            "ten_crop=average"},
           {here.arguments("run") + Strings{clip, "-o", here.path("")}, "folder"},
           {here.arguments("run") + Strings{unsuffixed, "--stats", unsuffixed},
            "--stats would overwrite the input"},
           {here.arguments("run") + Strings{"@" + list, "-o", list}, "-o would overwrite"},
           {here.arguments("run") +
                Strings{clip, "--config", here.path("config"), "--stats", here.path("config")},
            "--stats would overwrite"},
           {here.arguments("run") + Strings{clip, "-o", here.model() / "model.json"},
            "-o would overwrite"},
           {here.arguments("localize") + Strings{clip, "--save-scores", "x.mp4"}, "--save-scores"},
           {{"cache", "stat", "--cache", "x.mp4"}, "--cache"},
           {{"import", "co2net", "x.pt", "--classes", "c.txt", "--model", "x.mp4"}, "--model"},
           {here.arguments("run"), "INPUT"},
           {{"run", clip}, "--model"},
           {{"extract", clip, "--model", here.model()}, "-o DIR"},
           {here.arguments("extract") + Strings{clip, "-o", "x", "--streams", "sound"}, "rgb,flow"},
           {here.arguments("extract") + Strings{clip, "-o", "x", "--recipe", "none"}, "kinetics"},
           {{"flow", clip, "-o", "x", "--save", "gif"}, "mkv, jpg, png, flo"},
           {{"flow", clip, "-o", "x", "--backend", "none"}, "cpu"},
           {here.arguments("explain") + Strings{clip, "--no-cache"}, "cache"},
           {{"cache", "--cache", here.cache()}, "stat, verify, gc, clear"},
           {{"cache", "burn", "--cache", here.cache()}, "stat, verify, gc, clear"},
           {{"cache", "gc", "--cache", here.cache()}, "--max-size"},
           {{"cache", "stat", "--cache", here.model()}, "is no cache"},
           {{"cache", "clear", "--cache", here.model()}, "is no cache"},
           {{"cache", "gc", "--cache", here.cache(), "--max-size", "5X"}, "50G"},
           {{"cache", "clear", "--cache", here.cache(), "--max-size", "5G"}, "'cache stat' alone"},
           {here.arguments("run") + Strings{clip, "--max-frames", "0"}, "--max-frames"},
           {here.arguments("run") + Strings{clip, "--max-pixels=-1"}, "--max-pixels"},
           {here.arguments("run") + Strings{clip, "--max-streams", "9999999999"}, "--max-streams"},
           {here.arguments("run") + Strings{clip, "--max-scaled-pixels", "0"}, "at least 1"},
           {here.arguments("run") + Strings{clip, "--max-alloc", "1 X"}, "--max-alloc"},
           {here.arguments("run") + Strings{clip, "--max-alloc", "0"}, "--max-alloc must be"},
           {here.arguments("run") + Strings{clip, "--max-spool", "0"}, "--max-spool must be"},
           {{"probe", clip, "--max-spool", "much"}, "--max-spool"},
           {{"report", "r.json", "-o", "x", "--png", "--transcode"}, "no meaning for figures"},
           {{"report", "r.json", "-o", "x", "--svg", "--width", "400"}, "is that of --png"},
           {{"report", "r.json", "-o", "x", "--png", "--width", "99"}, "--width must be"},
           {{"train", "--features", "f", "--annotations", "a", "-o", "x", "--name", "\xff"},
            "--name is not UTF-8"},
       }) {
    const Outcome outcome = co2net(wrong.arguments);
    EXPECT_EQ(outcome.code, 2) << testing::PrintToString(wrong.arguments) << outcome.err;
    EXPECT_TRUE(outcome.says(wrong.words)) << outcome.err;
    EXPECT_EQ(outcome.out, "");
  }
}

TEST(Usage, NoInputExitsWith2) {
  const Workplace here;
  fs::create_directory(here.path("empty"));
  EXPECT_EQ(here.call("run", {here.path("empty")}).code, 2);
  EXPECT_EQ(here.call("run", {"-"}).code, 2);
  EXPECT_EQ(here.call("run", {"-", "--format", "jsonl"}).code, 2);
  EXPECT_EQ(here.call("run", {"@" + here.path("no-list").string()}).code, 2);
}

TEST(Usage, AModelThatCannotBeUsedExitsWith3AndSaysWhy) {
  const Workplace here;
  const std::string clip = here.clip("clip.mkv");
  const std::string output = here.path("results.json");
  const Outcome absent = co2net({"run", clip, "--model", here.path("none"), "-o", output});
  EXPECT_EQ(absent.code, 3);
  EXPECT_TRUE(absent.says("model.json")) << absent.err;

  write_file(here.model() / "co2net.pt", "other weights");
  const Outcome changed = here.call("run", {clip, "-o", output});
  EXPECT_EQ(changed.code, 3);
  EXPECT_TRUE(changed.says("SHA-256")) << changed.err;
  EXPECT_FALSE(fs::exists(output));
}

TEST(Usage, OptionsComeFromAFileAndTheCommandLineWins) {
  const Workplace here;
  const std::string clip = here.clip("clip.mkv", 32);
  write_file(here.path("options"),
             "compat = clean\ntop-k = 2\nformat = jsonl\nrecipe-set = flow.bound=15\nrecipe-set = "
             "fps=10\n");
  const Outcome from_file = here.call("run", {clip, "--config", here.path("options")});
  EXPECT_EQ(from_file.code, 0) << from_file.err;
  EXPECT_EQ(from_file.json().at("segments").size(), 2u);

  const Json both = here.call("run", {clip, "--config", here.path("options"), "--top-k", "1",
                                      "--format", "activitynet", "--recipe-set", "fps=5"})
                        .json();
  EXPECT_EQ(both.at("results").at("clip").size(), 1u);
  EXPECT_EQ(both.at("recipe").at("fps"), 5);
  EXPECT_EQ(both.at("recipe").at("flow").at("bound"), 15);

  write_file(here.path("options"),
             "\xEF\xBB\xBF"
             "top-k = 1 \r\nformat = jsonl\r\n");
  const Outcome marked = here.call("run", {clip, "--config", here.path("options")});
  EXPECT_EQ(marked.code, 0) << marked.err;
  EXPECT_EQ(marked.json().at("segments").size(), 1u);

  write_file(here.path("options"), std::string("\xFF\xFEt\0", 4));
  const Outcome wide = here.call("run", {clip, "--config", here.path("options")});
  EXPECT_EQ(wide.code, 2);
  EXPECT_TRUE(wide.says("UTF-16")) << wide.err;

  write_file(here.path("options"), "tpo-k = 2\n");
  const Outcome wrong = here.call("run", {clip, "--config", here.path("options")});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_TRUE(wrong.says("tpo-k"));
}

}  // namespace
}  // namespace co2net::test
