// How far the program is, as a terminal and a file see it.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <regex>

#include "cli/terminal.h"
#include "pipeline/base/remedy.h"
#include "tests/e2e/program.h"
#include "tests/unit/environment.h"

namespace co2net::test {
namespace {

// A pseudo-terminal that hands on every byte as it is.
class Terminal {
 public:
  explicit Terminal(unsigned short columns = 80)
      : own_(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    EXPECT_EQ(::grantpt(own_), 0);
    EXPECT_EQ(::unlockpt(own_), 0);
    programs_ = ::open(::ptsname(own_), O_RDWR | O_NOCTTY | O_CLOEXEC);
    termios settings{};
    EXPECT_EQ(::tcgetattr(programs_, &settings), 0);
    ::cfmakeraw(&settings);
    EXPECT_EQ(::tcsetattr(programs_, TCSANOW, &settings), 0);
    const winsize size = {24, columns, 0, 0};
    EXPECT_EQ(::ioctl(programs_, TIOCSWINSZ, &size), 0);
  }
  ~Terminal() {
    leave_to_programs();
    ::close(own_);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  // The end for a program's standard error.
  int for_program() const { return programs_; }
  // Only programs that were started hold their end from here on, so that it closes with them.
  void leave_to_programs() {
    if (programs_ >= 0) ::close(programs_);
    programs_ = -1;
  }
  // All that was written so far; does not wait.
  const std::string& written() {
    for (pollfd ready{own_, POLLIN, 0};
         ::poll(&ready, 1, 0) > 0 && (ready.revents & POLLIN) != 0;) {
      char buffer[4096];
      const ssize_t n = ::read(own_, buffer, sizeof buffer);
      if (n <= 0) break;
      written_.append(buffer, static_cast<std::size_t>(n));
    }
    return written_;
  }

 private:
  int own_;
  int programs_ = -1;
  std::string written_;
};

// What a terminal shows in the end of what is written to it.
std::string shown(const std::string& written) {
  Strings rows(1);
  std::size_t row = 0, column = 0;
  for (std::size_t i = 0; i < written.size(); ++i) {
    if (written[i] == '\r') {
      column = 0;
    } else if (written[i] == '\n') {
      column = 0;
      if (++row == rows.size()) rows.emplace_back();
    } else if (written[i] == '\x1b') {
      const std::size_t end = written.find_first_of("AJKm", i);
      if (written[end] == 'A') --row;
      if (written[end] == 'J') rows.resize(row + 1);
      if (written[end] == 'J' || written[end] == 'K') rows[row].resize(column);
      i = end;
    } else {
      rows.at(row).resize(std::max(rows[row].size(), column), ' ');
      rows[row].replace(column++, 1, 1, written[i]);
    }
  }
  std::string text;
  for (const std::string& line : rows) text += line + "\n";
  return text;
}

std::size_t bars_in(const std::string& written) {
  static const std::regex bar(R"(\r\S+  [^\r\n]*snippets \d+)");
  return static_cast<std::size_t>(
      std::distance(std::sregex_iterator(written.begin(), written.end(), bar), {}));
}

TEST(Progress, OnATerminalIsABarThatLogLinesTakeThePlaceOf) {
  constexpr int kMostClips = 2000;  // until the bar's next time has come
  const Environment term("TERM", "xterm"), colour("NO_COLOR", nullptr);
  const Workplace here;
  const std::string clip = here.clip("clip.mkv", 32);
  Terminal terminal;
  Process program(here.arguments("run") + Strings{"-", "--format", "jsonl", "--no-cache"},
                  terminal.for_program());
  terminal.leave_to_programs();
  int clips = 0;
  for (; bars_in(terminal.written()) < 3 && clips < kMostClips; ++clips) {
    const std::string id = "clip" + std::to_string(clips);
    fs::create_symlink(clip, here.path(id + ".mkv"));
    program.write(here.path(id + ".mkv").string() + "\n");
    EXPECT_EQ(Json::parse(program.read_line()).at("id"), id);
    if (clips > 0) continue;
    program.write(here.broken("broken.mkv") + "\n");
    EXPECT_TRUE(Json::parse(program.read_line()).contains("error"));
  }
  EXPECT_GE(bars_in(terminal.written()), 3u) << terminal.written();
  program.close_input();
  EXPECT_EQ(program.read_line(), "");
  EXPECT_EQ(program.wait(), 1);

  const std::string written = terminal.written();
  EXPECT_NE(written.find(std::string(kEraseBelow) + "co2net: \x1b[1;31merror\x1b[0m: "),
            std::string::npos)
      << written;
  const std::string left = shown(written);
  EXPECT_NE(left.find("broken.mkv"), std::string::npos) << left;
  EXPECT_EQ(left.find("snippets"), std::string::npos) << "what is left of the bar:\n" << left;
}

// What a run of two clips writes to a terminal of that size, one of which cannot be read.
std::string run_on_terminal(const Workplace& here, unsigned short columns) {
  Terminal terminal(columns);
  const Strings inputs = {here.clip("first clip.mkv", 32), here.clip("second.mkv", 32, 2),
                          here.broken("broken.mkv"), here.broken("other.mkv")};
  Process program(here.arguments("run") + inputs + Strings{"--no-cache", "-o", here.path("out")},
                  terminal.for_program());
  terminal.leave_to_programs();
  EXPECT_EQ(program.read_line(), "");
  EXPECT_EQ(program.wait(), 1);
  return terminal.written();
}

TEST(Progress, OfSeveralVideosHasABarForAllOfThem) {
  const Environment term("TERM", "xterm"), colour("NO_COLOR", nullptr);
  const std::string written = run_on_terminal(Workplace(), 100);
  EXPECT_TRUE(std::regex_search(
      written, std::regex(R"(\r\nall         \[[^\r\n]*\]    0%  videos 0/4\x1b\[J\r\x1b\[A)")))
      << written;
  const std::string left = shown(written);
  EXPECT_EQ(left.find("videos 0/4"), std::string::npos) << left;
  EXPECT_NE(left.find("\nbroken  decode "), std::string::npos) << "the table of failures\n" << left;
}

TEST(Progress, IsCutToANarrowTerminal) {
  const Environment term("TERM", "xterm"), colour("NO_COLOR", "1");
  const std::string written = run_on_terminal(Workplace(), 24);
  EXPECT_EQ(written.find("\x1b[0m"), std::string::npos) << "NO_COLOR\n" << written;
  static const std::regex bar(R"(\r\n?((?:first|all)[^\r\n\x1b]*)\x1b)");
  int bars = 0;
  for (std::sregex_iterator found(written.begin(), written.end(), bar), end; found != end;
       ++found) {
    EXPECT_LT(found->str(1).size(), 24u) << found->str(1);
    ++bars;
  }
  EXPECT_GE(bars, 2) << written;
}

TEST(Progress, IsPlainOnATerminalThatIsDumb) {
  const Environment term("TERM", "dumb"), colour("NO_COLOR", nullptr);
  const std::string written = run_on_terminal(Workplace(), 100);
  EXPECT_EQ(written.find_first_of("\r\x1b"), std::string::npos) << written;
  EXPECT_NE(written.find("[1/4] first clip  snippets 0/2\n"), std::string::npos) << written;
}

TEST(Progress, IsNotShownOnATerminalWhereItIsOff) {
  const Workplace here;
  Terminal terminal;
  Process program(here.arguments("run") + Strings{here.clip("clip.mkv", 16), "--progress", "off"},
                  terminal.for_program());
  terminal.leave_to_programs();
  EXPECT_FALSE(program.read_line().empty());
  EXPECT_EQ(program.wait(), 0);
  EXPECT_EQ(bars_in(terminal.written()), 0u) << terminal.written();
}

TEST(Progress, IsNotShownWhereStandardErrorIsNoTerminal) {
  const Workplace here;
  const std::string clip = here.clip("clip.mkv", 16);
  const fs::path log = here.path("log");
  for (const Strings& how : {Strings{}, {"--progress", "off"}}) {
    const int file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    Process program(here.arguments("run") + Strings{clip, "--no-cache"} + how, file);
    ::close(file);
    EXPECT_EQ(Json::parse(program.read_line()).at("results").size(), 1u);
    EXPECT_EQ(program.wait(), 0);
    const std::string said = read_file(log);
    EXPECT_EQ(said.find_first_of("\r\x1b"), std::string::npos) << said;
    EXPECT_EQ(said.find("[1/1]"), std::string::npos) << said;
  }
}

TEST(Failures, AreATableInTheEndThatNamesTheRemedy) {
  const Workplace here;
  const std::string clip = here.clip("clip.mkv", 16);
  Strings broken;
  for (int i = 0; i < 23; ++i) broken.push_back(here.broken("broken" + std::to_string(i) + ".mkv"));
  const std::string out = here.path("out.json");
  const Outcome many = here.call("run", Strings{clip} + broken + Strings{"-o", out});
  EXPECT_EQ(many.code, 1);
  EXPECT_TRUE(std::regex_search(
      many.err, std::regex("\nvideo +stage +reason +remedy\nbroken0 +decode +\\S.*  \\S.*\n")))
      << many.err;
  EXPECT_TRUE(many.err.ends_with("\nand 3 more, in the errors of " + out + "\n")) << many.err;
  const Outcome one = here.call("run", {clip, broken[0]});
  EXPECT_FALSE(one.says("remedy")) << one.err;
  EXPECT_FALSE(here.call("run", {broken[0], broken[1], "--log-level", "off"}).says("remedy"));
}

// By id, what the results advise against each error.
std::map<std::string, std::string> remedies_in(const Outcome& outcome) {
  std::map<std::string, std::string> remedies;
  const Json results = outcome.json();
  for (const auto& [id, error] : results.at("errors").items()) {
    remedies[id] = advice_in(error.at("message").get<std::string>()).remedy;
  }
  return remedies;
}

TEST(Failures, HaveARemedyEach) {
  using Remedies = std::map<std::string, std::string>;
  const Workplace here;
  const std::string clip = here.clip("clip.mkv", 16);
  write_file(here.path("text.mkv"), "no video");
  write_file(here.path("empty.mkv"), "");
  shell("ffmpeg -v error -f lavfi -i sine=d=1 " + here.path("sound.wav").string());
  const Outcome unreadable =
      here.call("run", {here.path("none.mkv"), here.path("text.mkv"), here.path("empty.mkv"),
                        here.path("sound.wav"), "/dev/null"});
  EXPECT_EQ(remedies_in(unreadable),
            (Remedies{{"none", "is the name right?"},
                      {"text", "if it is a server's error, download the file again"},
                      {"empty", "download or copy it again"},
                      {"sound", "give a file that has pictures"},
                      {"null", "give a file or a pipe"}}))
      << unreadable.err;
  EXPECT_FALSE(std::regex_search(unreadable.err, std::regex("none.mkv: input: \\S*none.mkv")))
      << unreadable.err;
  EXPECT_EQ(remedies_in(here.call("run", {clip, "--max-pixels", "100"})),
            (Remedies{{"clip", "allow more with --max-pixels"}}));
  EXPECT_EQ(remedies_in(here.call("run", {clip, "--no-cache", "--timeout", "0.000001"})),
            (Remedies{{"clip", "raise --timeout to give it longer"}}));
  const std::string bytes = read_file(clip);
  write_file(here.path("partly.mkv"), bytes.substr(0, bytes.size() / 2));
  EXPECT_EQ(remedies_in(here.call("run", {here.path("partly.mkv"), "--strict"})),
            (Remedies{{"partly", "leave out --strict to take what could be decoded"}}));
}

// Commands that show progress, and what they count.
struct Counted {
  std::string command, unit;
};
class PlainProgress : public testing::TestWithParam<Counted> {};
INSTANTIATE_TEST_SUITE_P(Of, PlainProgress,
                         testing::Values(Counted{"run", "snippets"}, Counted{"extract", "snippets"},
                                         Counted{"flow", "frames"}),
                         [](const auto& test) { return test.param.command; });

TEST_P(PlainProgress, IsALineOnStandardErrorAndLeavesStandardOutputToResults) {
  const auto& [command, unit] = GetParam();
  const Workplace here;
  const std::string clip = here.clip("clip.mkv");
  const Strings line =
      (command == "flow" ? Strings{command} + cheap_flow() : here.arguments(command)) +
      Strings{clip, "--progress", "plain", "-o", here.path("out")};
  const Outcome outcome = co2net(line);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(
      std::regex_search(outcome.err, std::regex("(^|\n)\\[1/1\\] clip  " + unit + " \\d+/\\d+\n")))
      << outcome.err;
  EXPECT_EQ(outcome.err.find_first_of("\r\x1b"), std::string::npos) << outcome.err;
  EXPECT_EQ(outcome.out, "");
}

TEST(Progress, IsOfCommandsWithoutVideosToo) {
  const Workplace here;
  const std::string clip = here.clip("clip.mkv"), results = here.path("r.json"),
                    features = here.path("features"), truth = here.path("gt.json"),
                    packed = here.path("packed.npy");
  write_file(truth, R"({"database": {"clip": {"subset": "test", "annotations": [
      {"label": "Diving", "segment": [0, 4]}]}}})");
  ASSERT_EQ(here.call("run", {clip, "-o", results}).code, 0);
  ASSERT_EQ(here.call("extract", {clip, "-o", features}).code, 0);
  Json found = parse_json(read_file(results), results, ErrorKind::kInput);
  found["results"]["clip"][0]["label"] = "Diving";
  write_file(results, to_text(found));
  const Strings order = {"--annotations", truth};
  for (const auto& [arguments, line] : std::vector<std::pair<Strings, std::string>>{
           {Strings{"pack", features, "-o", packed} + order, "[1/1] clip  snippets 4/4\n"},
           {Strings{"unpack", packed, "-o", here.path("un")} + order, "[1/1] clip  snippets 4/4\n"},
           {{"convert", results, "-o", here.path("c.csv"), "--format", "csv"},
            "[1/1] r.json  bytes "},
           {{"eval", results, "--ground-truth", truth, "--report", here.path("page")},
            "[1] bounds of mAP  sets of videos 0/1000\n"},
           {{"eval", results, "--ground-truth", truth, "--final"},
            "[1] bounds  sets of videos 0/1000\n"},
           {{"cache", "verify", "--cache", here.cache()}, "[1] verify  entries 0/"}}) {
    const Outcome outcome = co2net(arguments + Strings{"--progress", "plain"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_TRUE(outcome.says(line)) << outcome.err;
    EXPECT_FALSE(co2net(arguments + Strings{"--progress", "off"}).says(line));
  }
}

TEST(Progress, RefusesAnotherWayToShowIt) {
  const Workplace here;
  const Outcome outcome = here.call("run", {here.clip("clip.mkv", 16), "--progress", "loud"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_TRUE(outcome.says("auto, plain, off")) << outcome.err;
}

}  // namespace
}  // namespace co2net::test
