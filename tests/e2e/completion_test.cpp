#include <gtest/gtest.h>

#include <algorithm>
#include <regex>

#include "cli/cli.h"
#include "pipeline/base/files.h"
#include "tests/e2e/program.h"
#include "tests/support.h"

namespace co2net::test {
namespace {

// What a shell makes of the script that is for it; `lines` follow its sourcing.
std::string in_shell(const std::string& shell, const std::string& start, const std::string& lines) {
  const TempDir dir;
  const Outcome completion = co2net({"completion", shell});
  EXPECT_EQ(completion.code, 0) << completion.err;
  write_file(dir.path() / "co2net", completion.out);
  const std::string script = "source " + shell_quoted(dir.path() / "co2net") + "\n" + lines;
  return run_shell(start + " -c " + shell_quoted(script) + " 2>&1");
}

std::string by_bash(const std::string& words, int place) {
  return in_shell("bash", "bash --norc",
                  "COMP_WORDS=(" + words + "); COMP_CWORD=" + std::to_string(place) +
                      "; _co2net; echo \"${COMPREPLY[*]}\"");
}

TEST(Completion, OfBashKnowsCommandsAndTheirOptions) {
  EXPECT_EQ(by_bash("co2net ev", 1), "eval\n");
  EXPECT_EQ(by_bash("co2net --v", 1), "--version\n");
  EXPECT_EQ(by_bash("co2net eval --ground", 2), "--ground-truth\n");
  EXPECT_EQ(by_bash("co2net run --ground", 2), "\n");
  EXPECT_EQ(by_bash("co2net run vid", 2), "\n") << "files are bash's own";
  EXPECT_EQ(by_bash("co2net help exit", 2), "exit-codes\n");
  EXPECT_EQ(by_bash("co2net help ev", 2), "eval\n");
  EXPECT_EQ(by_bash("co2net manual ev", 2), "eval\n");
  EXPECT_EQ(by_bash("co2net manual --out", 2), "--output\n");
}

TEST(Completion, OfFishKnowsCommandsAndTheirOptions) {
  const std::string found = in_shell("fish", "fish --no-config",
                                     "complete -C 'co2net ev'\n"
                                     "complete -C 'co2net eval --ground'\n"
                                     "complete -C 'co2net run --ground'\n");
  EXPECT_EQ(found.find("eval\tmean average precision"), 0u) << found;
  EXPECT_NE(found.find("\n--ground-truth\t"), std::string::npos) << found;
  EXPECT_EQ(std::ranges::count(found, '\n'), 2) << found;
}

// With functions of zsh's own that print what they are given.
std::string by_zsh(const std::string& words, int place) {
  return in_shell("zsh", "zsh -f",
                  "compdef() {}\n"
                  "_describe() { print -l -- \"${commands[@]}\" }\n"
                  "_arguments() { print -l -- \"$@\" }\n"
                  "words=(" +
                      words + "); CURRENT=" + std::to_string(place) + "; _co2net");
}

TEST(Completion, OfZshKnowsCommandsAndTheirOptions) {
  const std::string commands = by_zsh("co2net ev", 2);
  for (const CommandHelp& help : kCommandHelp) {
    EXPECT_NE(commands.find(std::string(help.name) + ":"), std::string::npos) << help.name;
  }
  const std::string options = by_zsh("co2net eval --ground", 3);
  EXPECT_NE(options.find("\n*--ground-truth["), std::string::npos) << options;
  EXPECT_NE(options.find("\n*-o["), std::string::npos) << options;
  EXPECT_NE(options.find("\n*--output["), std::string::npos) << options;
  EXPECT_NE(options.find("\n*:file:_files\n"), std::string::npos) << options;
}

TEST(Completion, KnowsTheTopicsOfHelpInEveryShell) {
  const std::string by_fish =
      in_shell("fish", "fish --no-config", "complete -C 'co2net help exit'\n");
  EXPECT_EQ(by_fish.find("exit-codes"), 0u) << by_fish;
  EXPECT_NE(by_zsh("co2net help exit", 3).find(" exit-codes"), std::string::npos);
  EXPECT_NE(by_zsh("co2net manual ev", 3).find(" eval"), std::string::npos);
}

TEST(Completion, IsRefusedForAnotherShell) {
  const Outcome outcome = co2net({"completion", "tcsh"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_TRUE(outcome.says("'tcsh' is not one of bash, fish, zsh")) << outcome.err;
  EXPECT_EQ(co2net({"manual", "run", "-o", "x"}).code, 2);
}

// A page as man shows it; what groff warns of is in it, too.
std::string shown_page(const std::string& page) {
  const TempDir dir;
  write_file(dir.path() / "page.1", page);
  return run_shell("LC_ALL=C.UTF-8 groff -man -ww -Tutf8 -P-cbou " +
                   shell_quoted(dir.path() / "page.1") + " 2>&1");
}

TEST(Manual, ListsTheCommandsAndTheTopicsOfHelp) {
  const std::string page = shown_page(co2net({"manual"}).out);
  EXPECT_EQ(page.find(": warning"), std::string::npos) << page.substr(0, 400);
  for (const CommandHelp& help : kCommandHelp) {
    EXPECT_NE(page.find("\n       co2net-" + std::string(help.name) + "(1)"), std::string::npos)
        << help.name;
  }
  EXPECT_NE(page.find("\nEXIT-CODES\n"), std::string::npos) << page;
  EXPECT_NE(page.find("\n           130   interrupted\n"), std::string::npos) << page;
  EXPECT_NE(page.find("NO_COLOR"), std::string::npos);
}

TEST(Manual, HasAPageACommandThatIsReadWithoutAWarning) {
  const TempDir dir;
  const Outcome all = co2net({"manual", "-o", dir.path()});
  EXPECT_EQ(all.code, 0) << all.err;
  EXPECT_EQ(read_file(dir.path() / "co2net.1"), co2net({"manual"}).out);
  for (const CommandHelp& help : kCommandHelp) {
    const std::string name(help.name);
    const std::string written = co2net({"manual", name}).out;
    EXPECT_EQ(read_file(dir.path() / ("co2net-" + name + ".1")), written);
    const std::string page = shown_page(written);
    EXPECT_EQ(page.find(": warning"), std::string::npos) << name << page.substr(0, 400);
    EXPECT_TRUE(std::regex_search(page, std::regex("\nNAME\n +co2net-" + name + " +- +\\S")))
        << page.substr(0, 400);
    EXPECT_NE(page.find("--log-level LEVEL"), std::string::npos) << name;
  }
  EXPECT_EQ(files_below(dir.path()).size(), kCommandHelp.size() + 1);
  const std::string eval = shown_page(co2net({"manual", "eval"}).out);
  EXPECT_NE(eval.find("--ground-truth FILE"), std::string::npos);
  EXPECT_NE(shown_page(co2net({"manual", "doctor"}).out).find("\n       co2net doctor [OPTIONS]\n"),
            std::string::npos);
  EXPECT_NE(shown_page(co2net({"manual", "run"}).out).find("-m, --model DIR"), std::string::npos);
}

}  // namespace
}  // namespace co2net::test
