#include "pipeline/formats/pickle.h"

#include <bit>
#include <charconv>
#include <optional>
#include <unordered_map>
#include <utility>

#include "pipeline/base/error.h"
#include "pipeline/base/json.h"
#include "pipeline/base/text.h"

namespace co2net {
namespace {

using Items = PickleHeap::Items;
using Sequence = PythonValue::Sequence;
using Dict = PythonValue::Dict;

constexpr std::size_t kMaxOperations = 1 << 22;
constexpr std::size_t kMaxNodes = 1 << 20;
constexpr std::size_t kFreeCopies = 1 << 16;
constexpr std::size_t kMaxCopies = 16;
constexpr std::size_t kMaxOpaqueName = 200;
constexpr const char* kTruncated = "truncated; download or copy the file again";

// Runs opcodes on a stack, as Python's pickle module documents them (pickletools.py).
class Machine {
 public:
  Machine(std::string_view bytes, PickleHeap& heap) : bytes_(bytes), heap_(heap) {}

  PickleNode& run() {
    for (;;) {
      heap_.begin_operation(at_);
      const char opcode = take(1)[0];
      if (opcode == '.') break;
      execute(opcode);
    }
    PickleNode& result = pop();
    if (!stack_.empty() || !marks_.empty()) fail("values are left over at its end");
    return result;
  }

  std::size_t end() const { return at_; }

 private:
  void execute(char opcode);

  [[noreturn]] void fail(const std::string& why) const { heap_.fail(why); }

  // Reading.
  std::string_view take(std::uint64_t size) {
    if (bytes_.size() - at_ < size) fail(kTruncated);
    const std::string_view taken = bytes_.substr(at_, size);
    at_ += size;
    return taken;
  }
  std::string_view line() {
    const std::size_t end = bytes_.find('\n', at_);
    if (end == std::string_view::npos) fail(kTruncated);
    const std::string_view taken = take(end - at_);
    take(1);
    return taken;
  }
  std::uint64_t number(std::size_t size) {
    std::uint64_t value = 0;
    const std::string_view little_endian = take(size);
    for (std::size_t i = size; i-- > 0;) {
      value = value << 8 | static_cast<unsigned char>(little_endian[i]);
    }
    return value;
  }
  std::string_view sized(std::size_t size_bytes) { return take(number(size_bytes)); }
  // Python 2's BINSTRING has a signed size.
  std::string_view signed_sized() {
    const std::uint64_t size = number(4);
    if (size > 0x7fffffff) fail("negative size");
    return take(size);
  }
  double big_endian_double() {
    std::uint64_t bits = 0;
    for (const char byte : take(8)) bits = bits << 8 | static_cast<unsigned char>(byte);
    return std::bit_cast<double>(bits);
  }
  // Two's complement of any size.
  void push_long_integer(std::uint64_t size) {
    const std::string_view digits = take(size);
    if (size > 8) return push_node(heap_.make_opaque(kWideInteger));
    std::uint64_t value = size > 0 && (digits[size - 1] & 0x80) != 0 ? ~std::uint64_t{0} : 0;
    for (std::size_t i = size; i-- > 0;) {
      value = value << 8 | static_cast<unsigned char>(digits[i]);
    }
    push(static_cast<std::int64_t>(value));
  }
  // Nothing where it is beyond int64.
  std::optional<std::int64_t> decimal(std::string_view text) const {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (end != text.data() + text.size() || error == std::errc::invalid_argument) {
      fail("malformed integer");
    }
    if (error != std::errc()) return std::nullopt;
    return value;
  }
  std::uint64_t memo_index(std::string_view text) const {
    const auto index = decimal(text);
    if (!index) fail("malformed integer");
    return static_cast<std::uint64_t>(*index);
  }
  double real(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) fail("malformed number");
    return value;
  }
  std::uint32_t hexadecimal(std::string_view text, std::size_t at, std::size_t digits) {
    std::uint32_t value = 0;
    const std::string_view part = text.substr(at, digits);
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value, 16);
    if (part.size() != digits || error != std::errc() || end != part.data() + digits) {
      fail("malformed escape in a string");
    }
    return value;
  }
  std::string unescaped(std::string_view quoted);
  std::string raw_unicode(std::string_view text);

  // The stack.
  template <class Value>
  void push(Value&& value) {
    push_node(heap_.make(std::forward<Value>(value)));
  }
  void push_node(PickleNode& node) { stack_.push_back(&node); }
  PickleNode& top() {
    if (stack_.size() <= (marks_.empty() ? 0 : marks_.back())) fail("its stack is empty");
    return *stack_.back();
  }
  PickleNode& pop() {
    PickleNode& node = top();
    stack_.pop_back();
    return node;
  }
  Items pop_items(std::size_t count) {
    if (stack_.size() - (marks_.empty() ? 0 : marks_.back()) < count) fail("its stack is empty");
    Items items(stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
    stack_.resize(stack_.size() - count);
    return items;
  }
  Items pop_to_mark() {
    if (marks_.empty()) fail("it has no mark");
    Items items = pop_items(stack_.size() - marks_.back());
    marks_.pop_back();
    return items;
  }
  template <class Value>
  Value& top_as(const char* kind) {
    Value* value = std::get_if<Value>(&top().value);
    if (value == nullptr) heap_.fail_for(std::string("a ") + kind, top());
    return *value;
  }
  template <class Value>
  const Value& pop_as(const char* kind) {
    Value& value = top_as<Value>(kind);
    stack_.pop_back();
    return value;
  }

  void append(const Items& items) {
    if (is_opaque(top())) return;
    Items& to = top_as<Sequence>("list").items;
    to.insert(to.end(), items.begin(), items.end());
  }
  void set_items(const Items& items) {
    if (items.size() % 2 != 0) fail("a key without a value");
    if (is_opaque(top())) return;
    auto& to = top_as<Dict>("dictionary").items;
    for (std::size_t i = 0; i < items.size(); i += 2) to.emplace_back(items[i], items[i + 1]);
  }
  void push_dict(const Items& items) {
    push(Dict{});
    set_items(items);
  }

  void remember(std::uint64_t index) { memo_[index] = &top(); }
  void recall(std::uint64_t index) {
    const auto known = memo_.find(index);
    if (known == memo_.end()) fail("memo " + std::to_string(index) + " is not set");
    push_node(*known->second);
  }

  void call(const Items& arguments) { push_node(pickle_call(heap_, pop(), arguments)); }
  void call_with_keywords() {
    const Dict& keywords = pop_as<Dict>("dictionary");
    const Items& arguments = pop_as<Sequence>("tuple").items;
    if (!keywords.items.empty() && !is_opaque(top())) fail("keyword arguments are not supported");
    call(arguments);
  }
  // INST names the class after its arguments, OBJ puts it before them.
  void push_instance(std::string_view module, std::string_view name) {
    const Items arguments = pop_to_mark();
    push_node(pickle_call(heap_, pickle_global(heap_, module, name), arguments));
  }
  void push_object() {
    Items items = pop_to_mark();
    if (items.empty()) fail("a class expected");
    const auto& callable = static_cast<const PickleNode&>(*items.front());
    items.erase(items.begin());
    push_node(pickle_call(heap_, callable, items));
  }
  void push_stack_global() {
    const std::string_view name = pop_as<std::string_view>("name");
    const std::string_view module = pop_as<std::string_view>("module's name");
    push_node(pickle_global(heap_, module, name));
  }
  // A class by a number that only the program that pickled it knows.
  void push_extension(std::uint64_t code) {
    push_node(heap_.make_opaque("copyreg extension " + std::to_string(code)));
  }
  void build() {
    const PickleNode& state = pop();
    pickle_build(heap_, top(), state);
  }
  // "I01" is how protocol 0 writes True.
  void push_integer(std::string_view text) {
    if (text == "00" || text == "01") {
      push_node(text == "01" ? true_ : false_);
    } else {
      push_decimal(text);
    }
  }
  void push_decimal(std::string_view text) {
    if (const auto value = decimal(text)) {
      push(*value);
    } else {
      push_node(heap_.make_opaque(kWideInteger));
    }
  }

  std::string_view bytes_;
  PickleHeap& heap_;
  PickleNode& none_ = heap_.make(PythonValue::None{});
  PickleNode& true_ = heap_.make(true);
  PickleNode& false_ = heap_.make(false);
  std::size_t at_ = 0;
  std::vector<PickleNode*> stack_;
  std::vector<std::size_t> marks_;  // how high the stack was
  std::unordered_map<std::uint64_t, PickleNode*> memo_;
};

// A Python 2 string as repr() shows it.
std::string Machine::unescaped(std::string_view quoted) {
  if (quoted.size() < 2 || quoted.front() != quoted.back() ||
      (quoted.front() != '\'' && quoted.front() != '"')) {
    fail("a quoted string expected");
  }
  const std::string_view text = quoted.substr(1, quoted.size() - 2);
  constexpr std::string_view kEscapes = "\\'\"abfnrtv", kMeanings = "\\'\"\a\b\f\n\r\t\v";
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      result += text[i];
      continue;
    }
    if (++i == text.size()) fail("malformed escape in a string");
    if (const std::size_t known = kEscapes.find(text[i]); known != std::string_view::npos) {
      result += kMeanings[known];
    } else if (text[i] == 'x') {
      result += static_cast<char>(hexadecimal(text, i + 1, 2));
      i += 2;
    } else {
      fail("malformed escape in a string");
    }
  }
  return result;
}

// Python's raw-unicode-escape: Latin-1 but for \uXXXX and \UXXXXXXXX.
std::string Machine::raw_unicode(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (text[i] == '\\' && (next == 'u' || next == 'U')) {
      const std::size_t digits = next == 'u' ? 4 : 8;
      const std::uint32_t code = hexadecimal(text, i + 2, digits);
      if (code > 0x10ffff) fail("malformed escape in a string");
      append_utf8(result, code);
      i += 1 + digits;
    } else {
      append_utf8(result, static_cast<unsigned char>(text[i]));
    }
  }
  return result;
}

void Machine::execute(char opcode) {
  switch (static_cast<unsigned char>(opcode)) {
    // Framing.
    case 0x80:  // PROTO
      if (const auto protocol = number(1); protocol > 5) {
        fail("protocol " + std::to_string(protocol) + " is unknown; write it with one of 0 to 5");
      }
      return;
    case 0x95:  // FRAME
      if (number(8) > bytes_.size() - at_) fail(kTruncated);
      return;

    // The stack and the memo.
    case '(':
      return marks_.push_back(stack_.size());
    case '0':
      if (!marks_.empty() && marks_.back() == stack_.size()) {
        marks_.pop_back();
      } else {
        pop();
      }
      return;
    case '1':
      pop_to_mark();
      return;
    case '2':
      return push_node(top());
    case 'p':
      return remember(memo_index(line()));
    case 'q':
      return remember(number(1));
    case 'r':
      return remember(number(4));
    case 0x94:  // MEMOIZE
      return remember(memo_.size());
    case 'g':
      return recall(memo_index(line()));
    case 'h':
      return recall(number(1));
    case 'j':
      return recall(number(4));

    // Numbers.
    case 'N':
      return push_node(none_);
    case 0x88:  // NEWTRUE
      return push_node(true_);
    case 0x89:  // NEWFALSE
      return push_node(false_);
    case 'I':
      return push_integer(line());
    case 'J':
      return push(std::int64_t{static_cast<std::int32_t>(number(4))});
    case 'K':
      return push(static_cast<std::int64_t>(number(1)));
    case 'M':
      return push(static_cast<std::int64_t>(number(2)));
    case 'L': {
      std::string_view text = line();
      if (text.ends_with('L')) text.remove_suffix(1);
      return push_decimal(text);
    }
    case 0x8a:  // LONG1
      return push_long_integer(number(1));
    case 0x8b:  // LONG4
      return push_long_integer(number(4));
    case 'F':
      return push(real(line()));
    case 'G':
      return push(big_endian_double());

    // Text.
    case 'S':
      return push(heap_.keep(unescaped(line())));
    case 'V':
      return push(heap_.keep(raw_unicode(line())));
    case 'T':
      return push(signed_sized());
    case 'U':   // SHORT_BINSTRING
    case 'C':   // SHORT_BINBYTES
    case 0x8c:  // SHORT_BINUNICODE
      return push(sized(1));
    case 'B':  // BINBYTES
    case 'X':  // BINUNICODE
      return push(sized(4));
    case 0x8d:  // BINUNICODE8
    case 0x8e:  // BINBYTES8
    case 0x96:  // BYTEARRAY8
      return push(sized(8));

    // Containers.
    case ']':
    case ')':
    case 0x8f:  // EMPTY_SET
      return push(Sequence{});
    case 'l':
    case 't':
    case 0x91:  // FROZENSET
      return push(Sequence{pop_to_mark()});
    case 0x85:  // TUPLE1
      return push(Sequence{pop_items(1)});
    case 0x86:  // TUPLE2
      return push(Sequence{pop_items(2)});
    case 0x87:  // TUPLE3
      return push(Sequence{pop_items(3)});
    case 'a':
      return append(pop_items(1));
    case 'e':
    case 0x90:  // ADDITEMS
      return append(pop_to_mark());
    case '}':
      return push(Dict{});
    case 'd':
      return push_dict(pop_to_mark());
    case 's':
      return set_items(pop_items(2));
    case 'u':
      return set_items(pop_to_mark());

    // Objects.
    case 'c': {
      const std::string_view module = line();
      return push_node(pickle_global(heap_, module, line()));
    }
    case 0x93:  // STACK_GLOBAL
      return push_stack_global();
    case 'R':
    case 0x81:  // NEWOBJ
      return call(pop_as<Sequence>("tuple").items);
    case 0x92:  // NEWOBJ_EX
      return call_with_keywords();
    case 'i': {
      const std::string_view module = line();
      return push_instance(module, line());
    }
    case 'o':
      return push_object();
    case 'b':
      return build();
    case 'Q':
      return push_node(pickle_persistent(heap_, pop()));

    case 'P':
      return push_node(heap_.make_opaque("persistent object " + std::string(line())));
    case 0x82:  // EXT1
      return push_extension(number(1));
    case 0x83:  // EXT2
      return push_extension(number(2));
    case 0x84:  // EXT4
      return push_extension(number(4));
    case 0x97:  // NEXT_BUFFER, READONLY_BUFFER
    case 0x98:
      fail("its buffers are outside of it; pickle without buffer_callback");
    default:
      if (at_ == 1) {
        fail("not a pickle; give a .npy, .npz, .safetensors, pickle or torch checkpoint file");
      }
      fail("damaged: unknown opcode " + std::to_string(static_cast<unsigned char>(opcode)));
  }
}

}  // namespace

PickleNode& PickleHeap::load(std::string_view bytes, const std::string& name, std::size_t& end,
                             bool knows_scripts) {
  name_ = name;
  knows_scripts_ = knows_scripts;
  budget_ = kFreeCopies + kMaxCopies * bytes.size();
  Machine machine(bytes, *this);
  PickleNode& root = machine.run();
  end = machine.end();
  return root;
}

void PickleHeap::begin_operation(std::size_t position) {
  position_ = position;
  if (++operations_ > kMaxOperations) {
    fail("more than " + std::to_string(kMaxOperations) +
         " operations; keep numbers in arrays, not in lists");
  }
}

void PickleHeap::expect_room() const {
  if (nodes_.size() >= kMaxNodes) {
    fail("more than " + std::to_string(kMaxNodes) +
         " values; keep numbers in arrays, not in lists");
  }
}

PickleNode& PickleHeap::make_tensor(const PickledStorage& storage, Shape shape, Shape strides,
                                    std::int64_t offset) {
  PickleNode& node = make(PythonValue::None{});
  tensors_.push_back({&node, &storage, std::move(shape), std::move(strides), offset});
  return node;
}

void PickleHeap::charge(std::size_t bytes) {
  if (bytes > budget_) fail("repeats its parts too often");
  budget_ -= bytes;
}

// Names come from the file: without what moves a terminal's cursor, and not without end.
PickleNode& PickleHeap::make_opaque(std::string_view name) {
  const Json text(name.substr(0, kMaxOpaqueName));
  const std::string quoted = text.dump(-1, ' ', true, Json::error_handler_t::replace);
  charge(quoted.size());
  return make(PythonValue::Opaque{keep(quoted.substr(1, quoted.size() - 2))});
}

bool is_opaque(const PythonValue& value) {
  return std::holds_alternative<PythonValue::Opaque>(value.value);
}

std::string PickleHeap::place() const {
  return name_ + ": pickle byte " + std::to_string(position_);
}

void PickleHeap::fail(const std::string& why) const {
  throw Error(ErrorKind::kInput, place() + ": " + why);
}

void PickleHeap::fail_for(const std::string& wanted, const PythonValue& got) const {
  fail(wanted + " expected, got " + kind_of(got));
}

}  // namespace co2net
