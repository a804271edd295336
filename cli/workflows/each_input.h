#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/workflows/observer.h"
#include "pipeline/base/inputs.h"
#include "pipeline/base/json.h"
#include "postprocess/exporters.h"

namespace co2net {

class DiskCache;

// The inputs to work on, one after the other.
struct InputSource {
  std::function<std::optional<Input>()> next;  // nothing at the end
  bool waits = false;     // for others to name the next, such as who writes on standard input
  std::size_t count = 0;  // of them all; 0 where it is not known
};
InputSource source_of(std::vector<Input> inputs);

// How inputs are gone through.
struct EachInput {
  bool fail_fast = false;       // stop at the first that fails
  int at_once = 1;              // so many are worked on at the same time
  std::string what = "videos";  // as which they are told to who hears how far it is
  // By whose locks the inputs are divided with the other processes that go through the same ones;
  // null: all are this process's.
  DiskCache* shared = nullptr;
  std::optional<std::chrono::duration<double>> patience = {};  // with them; none: without end
};

// What remains to be done about an input once it is worked on, in the order of the inputs.
using Delivery = std::function<void()>;

// Runs `work` on each input, on several threads if `how` says so, and then, in their order and one
// at a time, what it returned. What is thrown about one input is logged, handed to `on_error` and
// does not touch the others; after fail_fast stopped, the inputs that were not tried are handed
// there too, in the stage "not tried", but for those that a source that waits would name. An error
// that would meet every input (model, disk, interruption) goes on to the caller. Returns how many
// inputs failed.
//
// Shared inputs (cli/workflows/input_queue.h) that another process works on are passed over and
// come again in the end: each process goes through all of them, and finds in the cache what others
// computed.
int for_each_input(
    const InputSource& inputs, const EachInput& how, const Observer& observer,
    const std::function<Delivery(const Input&)>& work,
    const std::function<void(const VideoError&)>& on_error = [](const VideoError&) {});

// The same for work that is done at once, one input after the other.
int for_each_input(
    const InputSource& inputs, bool fail_fast, const Observer& observer,
    const std::function<void(const Input&)>& work,
    const std::function<void(const VideoError&)>& on_error = [](const VideoError&) {});

// Under which explain remembers what was computed for an input.
std::string subject_of(const Input& input);

// Throws Error(kInput) if the video whose facts these are decoded only in part.
void expect_whole(const Json& video);

}  // namespace co2net
