#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "pipeline/formats/raw_array.h"

namespace co2net {

// A value of a Python pickle, owned by its PythonFile. Values may be shared and may even contain
// themselves, so walks over them need a bound.
struct PythonValue {
  struct None {};
  struct Sequence {  // a list, tuple or set
    std::vector<const PythonValue*> items;
  };
  struct Dict {
    std::vector<std::pair<const PythonValue*, const PythonValue*>> items;  // in the file's order
    const PythonValue* find(std::string_view key) const;                   // null if absent
  };
  struct ObjectArray {  // numpy's dtype "O", in C order
    Shape shape;
    std::vector<const PythonValue*> items;
  };
  struct Opaque {           // a class or function that is not known here, or what it makes
    std::string_view name;  // "argparse.Namespace", in printable ASCII
  };

  // Text is str or bytes: Python 2 does not tell them apart.
  std::variant<None, bool, std::int64_t, double, std::string_view, Sequence, Dict, RawArray,
               ObjectArray, Opaque>
      value;
};

// A value's kind for messages: "text", "a list", "argparse.Namespace, which is not read".
std::string kind_of(const PythonValue& value);

// A file of Python data: a pickle (protocols 0 to 5), a torch checkpoint (the stream of before 2020
// or the zip archive), a .npy, a .npz or a .safetensors (both a Dict from names to arrays). The
// format is told by the content. Nothing in it is executed: the reader knows containers, text,
// numbers, numpy's arrays and scalars, and torch's tensors. What is of another class is Opaque, and
// an error that names it where an array or tensor is made of it. The file is mapped, so that arrays
// cost no memory until they are used. Errors: Error(kIo) if it cannot be read, Error(kInput) naming
// the file and the defect, or what it is instead (pipeline/base/foreign_file.h); sizes are checked
// against the file before memory is taken.
class PythonFile {
 public:
  explicit PythonFile(const std::filesystem::path& path);
  // The same for a file's content in memory; `name` leads messages.
  PythonFile(std::string bytes, const std::string& name);
  PythonFile(PythonFile&&) noexcept;
  PythonFile& operator=(PythonFile&&) noexcept;
  ~PythonFile();

  const PythonValue& root() const;
  std::string_view bytes() const;  // of the whole file
  // Gives the memory of an array's bytes back to the system, if they are mapped; they are read from
  // the file anew where they are used again. Safe while others use them.
  void release(std::string_view bytes) const;
  // Throws Error(kInput) if somebody wrote into the file since it was opened: to be called after
  // what its arrays hold was taken.
  void expect_unchanged() const;
  const std::string& format() const;  // "pickle", "torch", "torch (legacy)", "torchscript",
                                      // "npy", "npz", "safetensors"

 private:
  struct Content;
  std::unique_ptr<Content> content_;
};

}  // namespace co2net
