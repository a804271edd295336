#include "cli/workflows/each_input.h"

#include <spdlog/spdlog.h>

#include <filesystem>
#include <utility>

#include "pipeline/base/error.h"
#include "pipeline/base/interrupt.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

bool concerns_every_input(ErrorKind kind) {
  return kind == ErrorKind::kModel || kind == ErrorKind::kIo || kind == ErrorKind::kInterrupted;
}

}  // namespace

InputSource source_of(std::vector<Input> inputs) {
  return [inputs = std::move(inputs), next = std::size_t{0}]() mutable -> std::optional<Input> {
    if (next == inputs.size()) return std::nullopt;
    return inputs[next++];
  };
}

int for_each_input(const InputSource& next, bool fail_fast, const Observer& observer,
                   const std::function<void(const Input&)>& work,
                   const std::function<void(const VideoError&)>& on_error) {
  int failed = 0;
  while (const std::optional<Input> input = next()) {
    throw_if_interrupted();
    observer.on_start(input->id);
    spdlog::info("{}", input->path.string());
    try {
      work(*input);
      observer.on_end();
    } catch (...) {
      observer.on_end();
      const Error error = current_error();
      if (concerns_every_input(error.kind())) throw Error(error);
      const std::string stage = error.stage().empty() ? "input" : error.stage();
      spdlog::error("{}: {}: {}", input->path.string(), stage, error.what());
      on_error({input->id, stage, error.what()});
      ++failed;
      if (fail_fast) break;
    }
  }
  return failed;
}

std::string subject_of(const Input& input) {
  return fs::absolute(input.path).lexically_normal().string();
}

void expect_whole(const Json& video) {
  if (!video.contains("decode")) return;
  const Json& decode = video.at("decode");
  if (decode.at("complete").get<bool>()) return;
  throw Error(ErrorKind::kInput,
              "decoded only in part: " + decode.at("first_error").get<std::string>() +
                  " (leave out --strict to take what could be decoded)")
      .in_stage("decode");
}

}  // namespace co2net
