#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>

#include "pipeline/base/error.h"
#include "pipeline/formats/pickle.h"

namespace co2net {

struct PickleGlobal {
  std::string_view module;
  std::string_view name;
  // Null for classes and constants, which only other calls' arguments refer to.
  PickleNode& (*call)(PickleHeap& heap, const PickleHeap::Items& arguments) = nullptr;
  // The elements that a torch storage class or dtype stands for.
  std::string_view elements = {};
};

namespace {

using Items = PickleHeap::Items;
using Sequence = PythonValue::Sequence;
using Dict = PythonValue::Dict;
using None = PythonValue::None;
using Opaque = PythonValue::Opaque;

// Arguments.

const PythonValue& argument(PickleHeap& heap, const Items& arguments, std::size_t index) {
  if (index >= arguments.size()) heap.fail("a call lacks arguments");
  return *arguments[index];
}

template <class Value>
const Value& expect(PickleHeap& heap, const PythonValue& value, const char* kind) {
  const Value* expected = std::get_if<Value>(&value.value);
  if (expected == nullptr) heap.fail_for(kind, value);
  return *expected;
}

std::int64_t integer(PickleHeap& heap, const PythonValue& value) {
  return expect<std::int64_t>(heap, value, "an integer");
}

std::string_view text(PickleHeap& heap, const PythonValue& value) {
  return expect<std::string_view>(heap, value, "text");
}

const Items& items(PickleHeap& heap, const PythonValue& value) {
  return expect<Sequence>(heap, value, "a sequence").items;
}

bool is_true(PickleHeap& heap, const PythonValue& value) {
  if (const bool* truth = std::get_if<bool>(&value.value)) return *truth;
  return expect<std::int64_t>(heap, value, "True or False") != 0;
}

bool is_none(const PythonValue& value) { return std::holds_alternative<None>(value.value); }

Shape shape(PickleHeap& heap, const PythonValue& value) {
  const Items& sizes = items(heap, value);
  heap.charge(sizes.size() * sizeof(std::int64_t));
  Shape result;
  for (const PythonValue* size : sizes) result.push_back(integer(heap, *size));
  return result;
}

template <class Role>
const Role& role(PickleHeap& heap, const PythonValue& value, const char* kind) {
  // All values of a heap are its nodes.
  const Role* expected = std::get_if<Role>(&static_cast<const PickleNode&>(value).role);
  if (expected == nullptr) heap.fail_for(kind, value);
  return *expected;
}

const Dtype& dtype(PickleHeap& heap, const PythonValue& value) {
  return *role<Dtype*>(heap, value, "a numpy dtype");
}

PickleNode& copy_of(PickleHeap& heap, const Items& from) {
  heap.charge(from.size() * sizeof(from[0]));
  return heap.make(Sequence{from});
}

// Python's own.

// What Python 3 pickles bytes as under protocols 0 to 2: their Latin-1 text, to be encoded again.
std::string latin1(PickleHeap& heap, std::string_view utf8) {
  heap.charge(utf8.size());
  std::string result;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto byte = static_cast<unsigned char>(utf8[i]);
    if (byte < 0x80) {
      result += utf8[i];
    } else if ((byte == 0xc2 || byte == 0xc3) && i + 1 < utf8.size()) {
      result += static_cast<char>((byte & 3) << 6 | (utf8[++i] & 0x3f));
    } else {
      heap.fail("text that is not Latin-1 where bytes are expected");
    }
  }
  return result;
}

PickleNode& encode(PickleHeap& heap, const Items& arguments) {
  const PythonValue& from = argument(heap, arguments, 0);
  const std::string_view encoding = text(heap, argument(heap, arguments, 1));
  if (encoding == "latin1" || encoding == "latin-1") {
    return heap.make(heap.keep(latin1(heap, text(heap, from))));
  }
  if (encoding == "utf-8" || encoding == "utf8" || encoding == "ascii") {
    return heap.make(text(heap, from));
  }
  heap.fail("encoding " + std::string(encoding) + " is not supported");
}

PickleNode& make_bytes(PickleHeap& heap, const Items& arguments) {
  if (arguments.empty()) return heap.make(std::string_view());
  if (arguments.size() > 1) return encode(heap, arguments);
  return heap.make(text(heap, *arguments[0]));
}

PickleNode& make_sequence(PickleHeap& heap, const Items& arguments) {
  return copy_of(heap, arguments.empty() ? arguments : items(heap, *arguments[0]));
}

// Without arguments, or of a list of pairs.
PickleNode& make_dict(PickleHeap& heap, const Items& arguments) {
  Dict dict;
  if (!arguments.empty()) {
    const Items& pairs = items(heap, *arguments[0]);
    heap.charge(pairs.size() * sizeof(dict.items[0]));
    for (const PythonValue* pair : pairs) {
      const Items& parts = items(heap, *pair);
      if (parts.size() != 2) heap.fail("a pair expected");
      dict.items.emplace_back(parts[0], parts[1]);
    }
  }
  return heap.make(std::move(dict));
}

// Its argument makes what a key that is asked for lacks; the items follow.
PickleNode& make_default_dict(PickleHeap& heap, const Items& arguments) {
  if (arguments.size() > 1) heap.fail("collections.defaultdict of more than its factory");
  return heap.make(Dict{});
}

// The argument itself, where a global only marks it.
PickleNode& first_argument(PickleHeap& heap, const Items& arguments) {
  const PythonValue& value = argument(heap, arguments, 0);
  return const_cast<PickleNode&>(static_cast<const PickleNode&>(value));
}

// numpy.

PickleNode& make_unbuilt_array(PickleHeap& heap, const Items& arguments) {
  const PythonValue& subclass = argument(heap, arguments, 0);
  if (const auto* opaque = std::get_if<Opaque>(&subclass.value)) return heap.make(*opaque);
  const auto* type = role<const PickleGlobal*>(heap, subclass, "numpy.ndarray");
  if (type->name != "ndarray") heap.fail("numpy.ndarray expected");
  PickleNode& array = heap.make(None{});
  array.role = PickleNode::UnbuiltArray{};
  return array;
}

// Dates, structures and what later numpys have are opaque, and so are the arrays of them.
PickleNode& make_dtype(PickleHeap& heap, const Items& arguments) {
  const PythonValue& type = argument(heap, arguments, 0);
  if (const auto* opaque = std::get_if<Opaque>(&type.value)) return heap.make(*opaque);
  const std::string_view name = text(heap, type);
  if (!is_supported_dtype(name)) return heap.make_opaque("numpy's dtype " + std::string(name));
  PickleNode& node = heap.make(name);
  node.role = &heap.keep(parse_dtype(name, heap.place()));
  return node;
}

// (version, byte order, subdtype, names, fields, item size, alignment, flags)
void build_dtype(PickleHeap& heap, Dtype& dtype, const PythonValue& state) {
  const Items& parts = items(heap, state);
  const std::string_view order = text(heap, argument(heap, parts, 1));
  if (order != "<" && order != ">" && order != "|" && order != "=") {
    heap.fail("byte order '" + std::string(order) + "' is unknown");
  }
  dtype.big_endian = order == ">";
  if (!is_none(argument(heap, parts, 2)) || !is_none(argument(heap, parts, 3))) {
    heap.fail("structured dtypes are not supported");
  }
  const bool is_text = dtype.code.starts_with('S') || dtype.code.starts_with('U');
  if (!is_text) return;
  const std::int64_t size = integer(heap, argument(heap, parts, 5));
  if (size < 0) return;  // the code says it
  const std::int64_t characters = dtype.code[0] == 'U' ? size / 4 : size;
  dtype = {parse_dtype(dtype.code[0] + std::to_string(characters), heap.place()).code,
           dtype.big_endian};
}

PythonValue::ObjectArray make_objects(PickleHeap& heap, const Shape& sizes, const Items& objects) {
  if (element_count(sizes, heap.place()) != static_cast<std::int64_t>(objects.size())) {
    heap.fail("an object array of shape " + to_string(sizes) + " with " +
              std::to_string(objects.size()) + " elements");
  }
  heap.charge(objects.size() * sizeof(objects[0]));
  return {sizes, objects};
}

// (version, shape, dtype, Fortran order, elements); very old files have no version.
void build_array(PickleHeap& heap, PickleNode& array, const PythonValue& state) {
  const Items& parts = items(heap, state);
  const std::size_t first = parts.size() == 4 ? 0 : 1;
  const PythonValue& elements_type = argument(heap, parts, first + 1);
  if (const auto* opaque = std::get_if<Opaque>(&elements_type.value)) {
    array.value = *opaque;
    array.role = std::monostate();
    return;
  }
  const Shape sizes = shape(heap, argument(heap, parts, first));
  const Dtype& type = dtype(heap, elements_type);
  const bool fortran_order = is_true(heap, argument(heap, parts, first + 2));
  const PythonValue& elements = argument(heap, parts, first + 3);
  if (type.code == "O") {
    array.value = make_objects(heap, sizes, items(heap, elements));
  } else {
    array.value = dense_view(type, sizes, fortran_order, text(heap, elements), heap.place());
  }
  array.role = std::monostate();
}

// (elements, dtype, shape, order[, axes]): C, F, or K, where `shape` is that of the elements in C
// order and `axes` says which of its axes each of the array's is.
PickleNode& array_from_buffer(PickleHeap& heap, const Items& arguments) {
  const std::string_view order = text(heap, argument(heap, arguments, 3));
  if (order != "C" && order != "F" && order != "K") {
    heap.fail("an array of order '" + std::string(order) + "'; save it in the order C");
  }
  const PythonValue& elements_type = argument(heap, arguments, 1);
  if (const auto* opaque = std::get_if<Opaque>(&elements_type.value)) return heap.make(*opaque);
  const Dtype& type = dtype(heap, elements_type);
  if (type.code == "O") heap.fail("Python objects in an array's buffer");
  const RawArray array = dense_view(type, shape(heap, argument(heap, arguments, 2)), order == "F",
                                    text(heap, argument(heap, arguments, 0)), heap.place());
  if (order != "K") return heap.make(array);
  return heap.make(transposed(array, shape(heap, argument(heap, arguments, 4)), heap.place()));
}

// A number's bytes, in this machine's byte order, as a Python integer.
template <class Narrow>
PickleNode& make_integer(PickleHeap& heap, const std::string& bytes) {
  Narrow value = 0;
  std::memcpy(&value, bytes.data(), sizeof value);
  if (!std::in_range<std::int64_t>(value)) return heap.make_opaque(kWideInteger);
  return heap.make(static_cast<std::int64_t>(value));
}

PickleNode& make_integer(PickleHeap& heap, std::string_view code, const std::string& bytes) {
  if (code == "i1") return make_integer<std::int8_t>(heap, bytes);
  if (code == "i2") return make_integer<std::int16_t>(heap, bytes);
  if (code == "i4") return make_integer<std::int32_t>(heap, bytes);
  if (code == "i8") return make_integer<std::int64_t>(heap, bytes);
  if (code == "u1") return make_integer<std::uint8_t>(heap, bytes);
  if (code == "u2") return make_integer<std::uint16_t>(heap, bytes);
  if (code == "u4") return make_integer<std::uint32_t>(heap, bytes);
  return make_integer<std::uint64_t>(heap, bytes);
}

// numpy's scalars become Python's.
PickleNode& make_scalar(PickleHeap& heap, const Items& arguments) {
  const PythonValue& of = argument(heap, arguments, 0);
  if (const auto* opaque = std::get_if<Opaque>(&of.value)) return heap.make(*opaque);
  const Dtype& type = dtype(heap, of);
  if (type.code == "O") heap.fail("a scalar of dtype object");
  const std::string_view bytes = text(heap, argument(heap, arguments, 1));
  const RawArray array = dense_view(type, {}, false, bytes, heap.place());
  if (type.code[0] == 'S' || type.code[0] == 'U') {
    heap.charge(bytes.size());
    return heap.make(heap.keep(to_texts(array, heap.place()).at(0)));
  }
  if (type.code[0] == 'i' || type.code[0] == 'u') {
    return make_integer(heap, type.code, to_dense(array, heap.place()));
  }
  if (type.code == "b1") return heap.make(bytes[0] != 0);
  if (type.code == "f8") {
    double value = 0;
    std::memcpy(&value, to_dense(array, heap.place()).data(), sizeof value);
    return heap.make(value);
  }
  if (type.code == "f4" || type.code == "f2") {
    return heap.make(double{to_float32(array, heap.place()).values[0]});
  }
  return heap.make_opaque("a numpy scalar of dtype " + type.code);
}

// torch.

// As a tensor is pickled by Python's own pickle.
PickleNode& storage_in_stream(PickleHeap& heap, const Items& arguments) {
  PickledStorage storage;
  storage.stream = text(heap, argument(heap, arguments, 0));
  PickleNode& node = heap.make_opaque("a torch storage");
  node.role = &std::as_const(heap.keep(std::move(storage)));
  return node;
}

PickleNode& rebuild_tensor(PickleHeap& heap, const Items& arguments) {
  const auto* storage =
      role<const PickledStorage*>(heap, argument(heap, arguments, 0), "a torch storage");
  return heap.make_tensor(*storage, shape(heap, argument(heap, arguments, 2)),
                          shape(heap, argument(heap, arguments, 3)),
                          integer(heap, argument(heap, arguments, 1)));
}

// The last argument says whether the tensor is a conjugate or negated view.
void expect_no_metadata(PickleHeap& heap, const Items& arguments, std::size_t index) {
  if (index >= arguments.size() || is_none(*arguments[index])) return;
  if (!expect<Dict>(heap, *arguments[index], "a dictionary").items.empty()) {
    heap.fail("a tensor with lazy conjugation or negation is not supported");
  }
}

PickleNode& rebuild_tensor_v2(PickleHeap& heap, const Items& arguments) {
  expect_no_metadata(heap, arguments, 6);
  return rebuild_tensor(heap, arguments);
}

// The storage is of bytes, and the dtype is an argument.
PickleNode& rebuild_tensor_v3(PickleHeap& heap, const Items& arguments) {
  expect_no_metadata(heap, arguments, 7);
  const auto* bytes =
      role<const PickledStorage*>(heap, argument(heap, arguments, 0), "a torch storage");
  const auto* type = role<const PickleGlobal*>(heap, argument(heap, arguments, 6), "a torch dtype");
  if (type->elements.empty()) heap.fail("a torch dtype expected");
  if (!bytes->stream.empty())
    heap.fail("a pickled tensor of this dtype is not read; use torch.save");
  const auto per = static_cast<std::int64_t>(item_size(type->elements));
  const auto held = static_cast<std::int64_t>(item_size(bytes->dtype));
  PickledStorage storage = *bytes;
  storage.dtype = type->elements;
  storage.size = storage.size * held / per;
  storage.first = storage.first * held / per;
  storage.count = storage.count * held / per;
  const PickledStorage& kept = heap.keep(std::move(storage));
  return heap.make_tensor(kept, shape(heap, argument(heap, arguments, 2)),
                          shape(heap, argument(heap, arguments, 3)),
                          integer(heap, argument(heap, arguments, 1)));
}

// copyreg._reconstructor(class, base, content), an object under protocols 0 and 1, and
// getattr(class, name), a member of an enum.
PickleNode& make_object(PickleHeap& heap, const Items& arguments) {
  const auto* type = std::get_if<Opaque>(&argument(heap, arguments, 0).value);
  return type != nullptr ? heap.make(*type) : heap.make_opaque("an object of a known class");
}

// It stands where the bytes of an array interrupt the pickle.
PickleNode& refuse_joblib(PickleHeap& heap, const Items&) {
  heap.fail("joblib wrote an array into the pickle, which is not read; save it as .npy or .npz");
}

PickleNode& make_device(PickleHeap& heap, const Items& arguments) {
  return heap.make(text(heap, argument(heap, arguments, 0)));
}

// Modules that Python or numpy renamed are here under one of their names.
constexpr PickleGlobal kGlobals[] = {
    {"builtins", "bytearray", make_bytes},
    {"builtins", "bytes", make_bytes},
    {"builtins", "dict", make_dict},
    {"builtins", "frozenset", make_sequence},
    {"builtins", "getattr", make_object},
    {"builtins", "list", make_sequence},
    {"builtins", "set", make_sequence},
    {"builtins", "tuple", make_sequence},
    {"_codecs", "encode", encode},
    {"collections", "OrderedDict", make_dict},
    {"collections", "defaultdict", make_default_dict},
    {"copyreg", "_reconstructor", make_object},
    {"joblib.numpy_pickle", "NumpyArrayWrapper", refuse_joblib},

    {"numpy", "ndarray"},
    {"numpy", "dtype", make_dtype},
    {"numpy.core.multiarray", "_reconstruct", make_unbuilt_array},
    {"numpy.core.multiarray", "scalar", make_scalar},
    {"numpy.core.numeric", "_frombuffer", array_from_buffer},

    {"torch", "BFloat16Storage", nullptr, "bf2"},
    {"torch", "BoolStorage", nullptr, "b1"},
    {"torch", "ByteStorage", nullptr, "u1"},
    {"torch", "CharStorage", nullptr, "i1"},
    {"torch", "ComplexDoubleStorage", nullptr, "c16"},
    {"torch", "ComplexFloatStorage", nullptr, "c8"},
    {"torch", "DoubleStorage", nullptr, "f8"},
    {"torch", "FloatStorage", nullptr, "f4"},
    {"torch", "HalfStorage", nullptr, "f2"},
    {"torch", "IntStorage", nullptr, "i4"},
    {"torch", "LongStorage", nullptr, "i8"},
    {"torch", "ShortStorage", nullptr, "i2"},
    {"torch.storage", "UntypedStorage", nullptr, "u1"},
    {"torch", "bfloat16", nullptr, "bf2"},
    {"torch", "bool", nullptr, "b1"},
    {"torch", "complex128", nullptr, "c16"},
    {"torch", "complex64", nullptr, "c8"},
    {"torch", "float16", nullptr, "f2"},
    {"torch", "float32", nullptr, "f4"},
    {"torch", "float64", nullptr, "f8"},
    {"torch", "int16", nullptr, "i2"},
    {"torch", "int32", nullptr, "i4"},
    {"torch", "int64", nullptr, "i8"},
    {"torch", "int8", nullptr, "i1"},
    {"torch", "uint16", nullptr, "u2"},
    {"torch", "uint32", nullptr, "u4"},
    {"torch", "uint64", nullptr, "u8"},
    {"torch", "uint8", nullptr, "u1"},
    {"torch.storage", "_load_from_bytes", storage_in_stream},
    {"torch", "Size", make_sequence},
    {"torch", "device", make_device},
    {"torch._utils", "_rebuild_parameter", first_argument},
    {"torch._utils", "_rebuild_parameter_with_state", first_argument},
    {"torch._utils", "_rebuild_tensor", rebuild_tensor},
    {"torch._utils", "_rebuild_tensor_v2", rebuild_tensor_v2},
    {"torch._utils", "_rebuild_tensor_v3", rebuild_tensor_v3},
    {"torch.jit._pickle", "build_boollist", first_argument},
    {"torch.jit._pickle", "build_doublelist", first_argument},
    {"torch.jit._pickle", "build_intlist", first_argument},
    {"torch.jit._pickle", "build_tensorlist", first_argument},
    {"torch.jit._pickle", "restore_type_tag", first_argument},
};

std::string present_name(std::string_view module) {
  if (module == "__builtin__") return "builtins";
  if (module == "copy_reg") return "copyreg";
  constexpr std::string_view kNumpy2 = "numpy._core.";
  if (module.starts_with(kNumpy2)) {
    return "numpy.core." + std::string(module.substr(kNumpy2.size()));
  }
  return std::string(module);
}

// What a tuple begins with, if that is text.
std::string_view first_text(const PythonValue& value) {
  const auto* tuple = std::get_if<Sequence>(&value.value);
  if (tuple == nullptr || tuple->items.empty()) return {};
  const auto* first = std::get_if<std::string_view>(&tuple->items.front()->value);
  return first == nullptr ? std::string_view() : *first;
}

std::string full_name(std::string_view module, std::string_view name) {
  return std::string(module) + "." + std::string(name);
}

}  // namespace

PickleNode& pickle_global(PickleHeap& heap, std::string_view module, std::string_view name) {
  if (heap.knows_scripts() && module.starts_with("__torch__")) {
    PickleNode& node = heap.make(name);
    node.role = PickleNode::ScriptClass{};
    return node;
  }
  const std::string known_module = present_name(module);
  for (const PickleGlobal& global : kGlobals) {
    if (global.module != known_module || global.name != name) continue;
    PickleNode& node = heap.make(heap.keep(full_name(global.module, global.name)));
    node.role = &global;
    return node;
  }
  return heap.make_opaque(full_name(known_module, name));
}

PickleNode& pickle_call(PickleHeap& heap, const PickleNode& callable, const Items& arguments) {
  if (const auto* opaque = std::get_if<Opaque>(&callable.value)) return heap.make(*opaque);
  if (std::holds_alternative<PickleNode::ScriptClass>(callable.role)) {
    PickleNode& object = heap.make(Dict{});
    object.role = PickleNode::ScriptObject{};
    return object;
  }
  const auto* global = role<const PickleGlobal*>(heap, callable, "a callable");
  if (global->call == nullptr) {
    heap.fail("makes a " + full_name(global->module, global->name) + ", which is not supported");
  }
  return global->call(heap, arguments);
}

void pickle_build(PickleHeap& heap, PickleNode& object, const PythonValue& state) {
  if (std::holds_alternative<PickleNode::UnbuiltArray>(object.role)) {
    build_array(heap, object, state);
  } else if (Dtype* const* dtype = std::get_if<Dtype*>(&object.role)) {
    build_dtype(heap, **dtype, state);
  } else if (std::holds_alternative<PickleNode::ScriptObject>(object.role)) {
    const Dict& attributes = expect<Dict>(heap, state, "a dictionary");
    heap.charge(attributes.items.size() * sizeof(attributes.items[0]));
    object.value = Dict(attributes);
  } else if (!std::holds_alternative<Dict>(object.value) && !is_opaque(object)) {
    heap.fail("an object with a state that is not supported");
  }
  // A dictionary's attributes, such as a state dictionary's _metadata, are not its content.
}

// ("storage", storage class, key, device, size[, view]), where a view is (key, first, size); or
// ("module", class, its source), as torch wrote whole networks before 2020.
PickleNode& pickle_persistent(PickleHeap& heap, const PythonValue& id) {
  const std::string_view kind = first_text(id);
  if (kind != "storage" && kind != "module") return heap.make_opaque("persistent object");
  const Items& parts = items(heap, id);
  if (const auto* opaque = std::get_if<Opaque>(&argument(heap, parts, 1).value)) {
    if (kind == "storage") {
      heap.note_unknown_storage(text(heap, argument(heap, parts, 2)), opaque->name);
    }
    return heap.make(*opaque);
  }
  if (kind == "module") return heap.make_opaque("persistent module");
  const auto* type =
      role<const PickleGlobal*>(heap, argument(heap, parts, 1), "a torch storage class");
  if (type->elements.empty()) heap.fail("a torch storage class expected");
  PickledStorage storage;
  storage.dtype = type->elements;
  storage.key = text(heap, argument(heap, parts, 2));
  storage.size = storage.count = integer(heap, argument(heap, parts, 4));
  if (parts.size() > 5 && !is_none(*parts[5])) {
    const Items& view = items(heap, *parts[5]);
    storage.first = integer(heap, argument(heap, view, 1));
    storage.count = integer(heap, argument(heap, view, 2));
  }
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / 32;
  if (storage.size < 0 || storage.size > kMost || storage.first < 0 || storage.count < 0 ||
      storage.first > storage.size || storage.count > storage.size - storage.first) {
    heap.fail("a torch storage of a size that cannot be");
  }
  const PickledStorage& kept = heap.keep(std::move(storage));
  PickleNode& node = heap.make_tensor(kept, {kept.count}, {1}, 0);
  node.role = &kept;
  return node;
}

}  // namespace co2net
