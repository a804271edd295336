#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "pipeline/base/files.h"
#include "pipeline/base/json.h"

namespace co2net::test {

namespace fs = std::filesystem;
using Strings = std::vector<std::string>;

Strings operator+(Strings left, const Strings& right);

// What a call of the program said.
struct Outcome {
  int code = -1;
  std::string out;
  std::string err;

  Json json() const { return parse_json(out, "standard output", ErrorKind::kInput); }
  bool says(const std::string& words) const { return err.find(words) != std::string::npos; }
};

// The program in this process, with `input` on its standard input.
Outcome co2net(const Strings& arguments, const std::string& input = "");

// The files in a folder and those below it, sorted; of one suffix, if it is given.
std::vector<fs::path> files_below(const fs::path& folder, const std::string& suffix = "");

// What a line of shell prints on both outputs, as `out`, and its exit code.
Outcome shell(const std::string& line);

// The program as a process of its own, with pipes to its standard input and output. One that hangs
// is killed, so that no wait for it is endless.
class Process {
 public:
  explicit Process(const Strings& arguments, int standard_error = STDERR_FILENO);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process();

  void write(const std::string& text);
  void close_input();
  std::string read_line();  // waits for one
  void send(int signal);
  int wait();  // the exit code, or -signal
  // Waits for what the process does; that it ends before is a failure.
  void wait_until(const std::function<bool()>& is_done);
  void wait_for(const fs::path& path);  // a file or folder that it makes

 private:
  pid_t pid_ = -1;
  int input_ = -1;
  int output_ = -1;
};

// THUMOS14's classes, beside which the paper has figures.
extern const Strings kThumos14Classes;

// Draws a video of moving patterns, 160 x 120 at 5 fps; another seed gives other patterns. It is
// lossless in an .mkv and MPEG-4 in an .mp4.
void draw_clip(const fs::path& path, int frames, int seed = 1);
inline constexpr int kSnippets = 4;
inline constexpr int kFrames = 16 * kSnippets;

// Settings that make a recipe's flow nearly free.
Strings cheap_flow();

// A folder for one test, with a small untrained model whose recipe has 5 fps and cheap flow, and
// a cache of its own.
class Workplace {
 public:
  Workplace();

  fs::path path(const std::string& name) const { return dir_.path() / name; }
  fs::path cache() const { return path("cache"); }
  fs::path model() const { return path("model"); }
  int feature_size() const;  // 2D of the model
  // A clip of that name, drawn with a seed.
  std::string clip(const std::string& name, int frames = kFrames, int seed = 1) const;
  // A file of that name that is no video.
  std::string broken(const std::string& name) const;

  // The program with this model and cache, which `arguments` follow.
  Outcome call(const std::string& command, const Strings& arguments,
               const std::string& input = "") const;
  Strings arguments(const std::string& command) const;
  // 'co2net cache ACTION' on this cache.
  Outcome cache_call(const Strings& action) const;
  // Entries of a stage in the cache.
  std::int64_t entries(const std::string& stage) const;

 private:
  TempDir dir_;
};

}  // namespace co2net::test
