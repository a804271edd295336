#pragma once

#include <stdexcept>
#include <string>

namespace co2net {

// Who has to act: the caller of the program, the owner of an input, of the model, of the disk, or us.
enum class ErrorKind { kUsage, kInput, kModel, kIo, kInternal, kInterrupted };

// The one exception that this program throws. Context is added on the way out with within(), so
// that a message reads from the outside in: "decode a.mp4: frame 312: Invalid data found".
class Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& what) : std::runtime_error(what), kind_(kind) {}
  ErrorKind kind() const noexcept { return kind_; }
  Error within(const std::string& step) const { return {kind_, step + ": " + what()}; }

 private:
  ErrorKind kind_;
};

// The exception now being handled as an Error; what other libraries throw becomes kInternal.
// Call it only inside a catch block.
Error current_error();

}  // namespace co2net
