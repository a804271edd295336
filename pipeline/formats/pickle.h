#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "pipeline/formats/python_file.h"
#include "pipeline/formats/raw_array.h"

// What PythonFile is made of: a machine for pickle's opcodes, and the few globals that it knows.

namespace co2net {

struct PickleGlobal;

// A torch storage as a pickle names it: the elements are elsewhere in the file, or in a torch
// stream within the pickle, which also says the rest.
struct PickledStorage {
  std::string dtype;
  std::string_view key;
  std::int64_t size = 0;   // elements of the whole storage
  std::int64_t first = 0;  // the part that this name stands for
  std::int64_t count = 0;
  std::string_view stream = {};
};

// A value with what only the reader needs to know of it.
struct PickleNode : PythonValue {
  struct UnbuiltArray {};  // an ndarray without its state
  struct ScriptClass {};
  struct ScriptObject {};
  std::variant<std::monostate, const PickleGlobal*, Dtype*, const PickledStorage*, UnbuiltArray,
               ScriptClass, ScriptObject>
      role;
};

// A tensor whose elements are to be found once the pickle has been read.
struct PickledTensor {
  PickleNode* node;
  const PickledStorage* storage;
  Shape shape;
  Shape strides;
  std::int64_t offset;
};

// Owns what the pickles of a file hold, and errs for them.
class PickleHeap {
 public:
  using Items = std::vector<const PythonValue*>;

  // Runs the pickle that `bytes` begin with; `end` is set to where it ends. `name` leads messages;
  // `knows_scripts`: TorchScript's classes are dictionaries. All pickles of a heap together may
  // have some 4 million operations and a million values, which is far more than real files have.
  PickleNode& load(std::string_view bytes, const std::string& name, std::size_t& end,
                   bool knows_scripts = false);

  template <class Value>
  PickleNode& make(Value&& value) {
    expect_room();
    return nodes_.emplace_back(PickleNode{{std::forward<Value>(value)}, {}});
  }
  std::string_view keep(std::string text) { return texts_.emplace_back(std::move(text)); }
  Dtype& keep(Dtype dtype) { return dtypes_.emplace_back(std::move(dtype)); }
  const PickledStorage& keep(PickledStorage storage) {
    return storages_.emplace_back(std::move(storage));
  }
  PickleNode& make_opaque(std::string_view name);
  void note_unknown_storage(std::string_view key, std::string_view type) {
    unknown_storages_.emplace(key, type);
  }
  PickleNode& make_tensor(const PickledStorage& storage, Shape shape, Shape strides,
                          std::int64_t offset);

  // Accounts for a copy of what the pickle says once: few bytes must not become many by repeating.
  void charge(std::size_t bytes);

  [[noreturn]] void fail(const std::string& why) const;
  // For a value that is not of the kind that its place wants, "a list".
  [[noreturn]] void fail_for(const std::string& wanted, const PythonValue& got) const;
  std::string place() const;  // for messages: the name and the opcode's byte
  void begin_operation(std::size_t position);

  bool knows_scripts() const { return knows_scripts_; }
  const std::vector<PickledTensor>& tensors() const { return tensors_; }
  // The classes of storages whose elements are of no known kind, by key.
  const std::map<std::string_view, std::string_view>& unknown_storages() const {
    return unknown_storages_;
  }

 private:
  void expect_room() const;

  std::string name_;
  bool knows_scripts_ = false;
  std::size_t position_ = 0;
  std::size_t operations_ = 0;
  std::size_t budget_ = 0;
  std::deque<PickleNode> nodes_;
  std::deque<std::string> texts_;
  std::deque<Dtype> dtypes_;
  std::deque<PickledStorage> storages_;
  std::vector<PickledTensor> tensors_;
  std::map<std::string_view, std::string_view> unknown_storages_;
};

bool is_opaque(const PythonValue& value);

// The name of an integer that a PythonValue cannot hold.
inline constexpr const char* kWideInteger = "an integer beyond int64";

// What the opcodes GLOBAL, REDUCE, NEWOBJ, BUILD and BINPERSID mean. What is made by an opaque
// value is one of its name.
PickleNode& pickle_global(PickleHeap& heap, std::string_view module, std::string_view name);
PickleNode& pickle_call(PickleHeap& heap, const PickleNode& callable,
                        const PickleHeap::Items& arguments);
void pickle_build(PickleHeap& heap, PickleNode& object, const PythonValue& state);
PickleNode& pickle_persistent(PickleHeap& heap, const PythonValue& id);

}  // namespace co2net
