#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "cli/workflows/each_input.h"
#include "pipeline/base/file_lock.h"

namespace co2net {

// An input to work on. While the claim lives, it is no other process's.
struct ClaimedInput {
  Input input;
  std::shared_ptr<const FileLock> claim = nullptr;
};

// Hands out the inputs of a source, which must outlive it, in rounds. Shared ones (EachInput) are
// claimed, each by a lock named by its path and id: one that another process works on is passed
// over and comes in the next round, by when its result is there, or else who worked on it is gone.
// A process that is stopped holds its claims: after `patience`, where there is any, in which nobody
// got anything done, they are passed over themselves.
class InputQueue {
 public:
  InputQueue(const InputSource& source, DiskCache* shared,
             std::optional<std::chrono::duration<double>> patience = {})
      : source_(source), shared_(shared), patience_(patience) {}

  // Nothing at the end of the round. Errors: as the source, and DiskCache::try_lock().
  std::optional<ClaimedInput> next();
  // Whether there is another round, of what was passed over. After one in which everything was, it
  // waits a while. Throws Error(kInterrupted).
  bool begin_round();
  // All that was not handed out, but for what a source that waits would name.
  std::vector<Input> take_rest();

 private:
  std::optional<Input> from_source_or_round();
  bool has_lost_patience() const;
  void wait();

  const InputSource& source_;
  DiskCache* shared_;
  const std::optional<std::chrono::duration<double>> patience_;
  std::deque<Input> round_;  // after the first, which is the source's
  std::vector<Input> passed_over_;
  bool is_first_round_ = true, has_handed_out_ = false, told_ = false;
  std::chrono::milliseconds pause_{100}, waited_{0};
};

}  // namespace co2net
