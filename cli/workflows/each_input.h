#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/workflows/observer.h"
#include "pipeline/base/inputs.h"
#include "pipeline/base/json.h"
#include "postprocess/exporters.h"

namespace co2net {

// The next input to work on; nothing at the end.
using InputSource = std::function<std::optional<Input>()>;
InputSource source_of(std::vector<Input> inputs);

// Runs `work` on each input in turn. What it throws about one input is logged, handed to `on_error`
// and does not touch the others, unless `fail_fast`; an error that would meet every input (model,
// disk, interruption) goes on to the caller. Returns how many inputs failed.
int for_each_input(
    const InputSource& next, bool fail_fast, const Observer& observer,
    const std::function<void(const Input&)>& work,
    const std::function<void(const VideoError&)>& on_error = [](const VideoError&) {});

// Under which explain remembers what was computed for an input.
std::string subject_of(const Input& input);

// Throws Error(kInput) if the video whose facts these are decoded only in part.
void expect_whole(const Json& video);

}  // namespace co2net
