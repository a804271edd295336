#include "tests/e2e/program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <sstream>

#include "cli/cli.h"
#include "extractors/video/video_writer.h"
#include "pipeline/datasets/bundle.h"
#include "pipeline/stages/disk_cache.h"
#include "pipeline/stages/recipe.h"

namespace co2net::test {

const Strings kThumos14Classes = {
    "BaseballPitch",  "BasketballDunk", "Billiards",    "CleanAndJerk", "CliffDiving",
    "CricketBowling", "CricketShot",    "Diving",       "FrisbeeCatch", "GolfSwing",
    "HammerThrow",    "HighJump",       "JavelinThrow", "LongJump",     "PoleVault",
    "Shotput",        "SoccerPenalty",  "TennisSwing",  "ThrowDiscus",  "VolleyballSpiking"};
namespace {

constexpr unsigned kLongestLife_s = 600;  // of a process that is tested

const Strings kCheapFlow = {"flow.scales=1", "flow.warps=1", "flow.outer_iterations=1",
                            "flow.inner_iterations=2"};

void make_model(const fs::path& directory) {
  fs::copy(CO2NET_TEST_BUNDLE, directory);
  Bundle bundle = load_bundle(directory, {});
  bundle.recipe = with_setting(bundle.recipe, "fps=5");
  for (const std::string& setting : kCheapFlow) {
    bundle.recipe = with_setting(bundle.recipe, setting);
  }
  save_bundle(bundle);
}

}  // namespace

Strings operator+(Strings left, const Strings& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

Outcome co2net(const Strings& arguments, const std::string& input) {
  std::istringstream in(input);
  std::ostringstream out, err;
  Outcome outcome;
  outcome.code = run_cli(full_program(), arguments, {in, out, err});
  outcome.out = out.str();
  outcome.err = err.str();
  return outcome;
}

std::vector<fs::path> files_below(const fs::path& folder, const std::string& suffix) {
  std::vector<fs::path> files;
  for (const auto& file : fs::recursive_directory_iterator(folder)) {
    const bool is_wanted = suffix.empty() || file.path().extension() == suffix;
    if (is_wanted && file.is_regular_file()) files.push_back(file.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

Outcome shell(const std::string& line) {
  Outcome outcome;
  FILE* pipe = ::popen(("{ " + line + "; } 2>&1").c_str(), "r");
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) {
    outcome.out += static_cast<char>(c);
  }
  const int status = ::pclose(pipe);
  outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  return outcome;
}

Process::Process(const Strings& arguments, int standard_error) {
  std::array<int, 2> to_child{}, from_child{};
  EXPECT_EQ(::pipe2(to_child.data(), O_CLOEXEC), 0);
  EXPECT_EQ(::pipe2(from_child.data(), O_CLOEXEC), 0);
  Strings words = Strings{CO2NET_PROGRAM} + arguments;
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ == 0) {
    ::dup2(to_child[0], STDIN_FILENO);
    ::dup2(from_child[1], STDOUT_FILENO);
    if (standard_error != STDERR_FILENO) ::dup2(standard_error, STDERR_FILENO);
    ::alarm(kLongestLife_s);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  ::close(to_child[0]);
  ::close(from_child[1]);
  input_ = to_child[1];
  output_ = from_child[0];
}

Process::~Process() {
  if (pid_ > 0) {
    send(SIGKILL);
    wait();
  }
  close_input();
  ::close(output_);
}

void Process::write(const std::string& text) {
  EXPECT_EQ(::write(input_, text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

void Process::close_input() {
  if (input_ >= 0) ::close(input_);
  input_ = -1;
}

std::string Process::read_line() {
  std::string line;
  char c = 0;
  while (::read(output_, &c, 1) == 1 && c != '\n') line += c;
  return line;
}

void Process::send(int signal) { EXPECT_EQ(::kill(pid_, signal), 0); }

int Process::wait() {
  int status = 0;
  EXPECT_EQ(::waitpid(pid_, &status, 0), pid_);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void Process::wait_until(const std::function<bool()>& is_done) {
  while (!is_done()) {
    siginfo_t ended{};
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOHANG | WNOWAIT), 0);
    if (ended.si_pid == pid_) {
      ASSERT_TRUE(is_done()) << "the program ended before";
      return;
    }
    ::poll(nullptr, 0, /*milliseconds=*/1);
  }
}

void Process::wait_for(const fs::path& path) {
  SCOPED_TRACE(path);
  wait_until([&] { return fs::exists(path); });
}

void draw_clip(const fs::path& path, int frames, int seed) {
  constexpr int kWidth = 160, kHeight = 120;
  VideoWriterOptions options{.width = kWidth, .height = kHeight, .fps = "5"};
  if (path.extension() == ".mp4") {
    options.encoder = "mpeg4";
    options.pixel_format = "yuv420p";
  }
  VideoWriter writer(path, options);
  std::vector<std::uint8_t> pixels(kWidth * kHeight * 3);
  for (int frame = 0; frame < frames; ++frame) {
    for (std::size_t i = 0; i < pixels.size(); ++i) {
      const int x = static_cast<int>(i / 3 % kWidth), y = static_cast<int>(i / 3 / kWidth);
      const int moved = x + frame * (1 + (frame / 16 + seed) % 5);
      const int wave = (moved * seed + y * 3) & 127;
      pixels[i] = static_cast<std::uint8_t>(64 + wave + static_cast<int>(i % 3) * 20);
    }
    writer.write(pixels.data(), kWidth * 3);
  }
  writer.finish();
}

Strings cheap_flow() {
  Strings arguments;
  for (const std::string& setting : kCheapFlow) {
    arguments = arguments + Strings{"--recipe-set", setting};
  }
  return arguments;
}

Workplace::Workplace() { make_model(model()); }

int Workplace::feature_size() const { return load_bundle(model(), {}).feature_size; }

std::string Workplace::clip(const std::string& name, int frames, int seed) const {
  fs::create_directories(path(name).parent_path());
  draw_clip(path(name), frames, seed);
  return path(name);
}

std::string Workplace::broken(const std::string& name) const {
  write_file(path(name), "this is no video");
  return path(name);
}

Strings Workplace::arguments(const std::string& command) const {
  return {command, "--model", model(), "--cache", cache()};
}

Outcome Workplace::call(const std::string& command, const Strings& arguments_,
                        const std::string& input) const {
  return co2net(arguments(command) + arguments_, input);
}

Outcome Workplace::cache_call(const Strings& action) const {
  return co2net(Strings{"cache", "--cache", cache()} + action);
}

std::int64_t Workplace::entries(const std::string& stage) const {
  const auto usage = DiskCache(cache()).usage_by_stage();
  const auto found = usage.find(stage);
  return found == usage.end() ? 0 : found->second.entries;
}

}  // namespace co2net::test
