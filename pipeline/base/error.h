#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace co2net {

// Who has to act: the caller of the program, the owner of an input, of the model, of the disk, or
// us. kInterrupted: the user stopped the program. kRetry: what failed asks for less from now on,
// and the same is to be tried again.
enum class ErrorKind { kUsage, kInput, kModel, kIo, kInternal, kInterrupted, kRetry };

// The one exception that this program throws. Context is added on the way out, so that a message
// reads from the outside in: "a.mp4: frame 312: Invalid data found when processing input".
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& what) : std::runtime_error(what), kind_(kind) {}
  ErrorKind kind() const noexcept { return kind_; }
  // The stage that failed ("decode", "flow", ...), empty if none was named.
  const std::string& stage() const noexcept { return stage_; }

  Error within(const std::string& step) const { return {kind_, step + ": " + what(), stage_}; }
  // Names the stage unless an inner one is named already.
  Error in_stage(const std::string& stage) const {
    return {kind_, what(), stage_.empty() ? stage : stage_};
  }

 private:
  Error(ErrorKind kind, const std::string& what, std::string stage)
      : std::runtime_error(what), kind_(kind), stage_(std::move(stage)) {}

  ErrorKind kind_;
  std::string stage_;
};

// The exception now being handled as an Error; a file system's becomes kIo, what other libraries
// throw kInternal.
// Call it only inside a catch block.
Error current_error();

// Runs `work`; an Error leaves as one that names `place` first.
template <class Work>
auto within(const std::string& place, Work&& work) {
  try {
    return work();
  } catch (const Error& e) {
    throw e.within(place);
  }
}

// Runs `work`; an exception leaves as an Error that names `stage`.
template <class Work>
auto in_stage(const char* stage, Work&& work) {
  try {
    return work();
  } catch (...) {
    throw current_error().in_stage(stage);
  }
}

}  // namespace co2net
