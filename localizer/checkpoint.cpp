#include "localizer/checkpoint.h"

#include <caffe2/serialize/inline_container.h>
#include <torch/csrc/jit/serialization/pickler.h>
#include <torch/torch.h>

#include <cstring>
#include <optional>

#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/formats/python_file.h"

namespace co2net {
namespace {

[[noreturn]] void refuse(const std::string& why) { throw Error(ErrorKind::kModel, why); }

std::optional<torch::Dtype> torch_dtype(const std::string& code) {
  constexpr std::pair<std::string_view, torch::Dtype> kDtypes[] = {
      {"f2", torch::kFloat16},   {"f4", torch::kFloat32}, {"f8", torch::kFloat64},
      {"bf2", torch::kBFloat16}, {"i1", torch::kInt8},    {"i2", torch::kInt16},
      {"i4", torch::kInt32},     {"i8", torch::kInt64},   {"u1", torch::kUInt8},
      {"b1", torch::kBool}};
  for (const auto& [known, dtype] : kDtypes) {
    if (known == code) return dtype;
  }
  return std::nullopt;
}

// What tensors of a file may hold together: strides and shared storages can promise far more than
// the file has, of which real ones make little use.
class Budget {
 public:
  explicit Budget(std::uint64_t file_size) : left_(kFreeBytes + kMaxRepeats * file_size) {}

  void take(const RawArray& array, const std::string& name) {
    const std::size_t item = item_size(array.dtype);
    const auto count = static_cast<std::uint64_t>(element_count(array.shape, name));
    if (count > left_ / item) refuse(name + ": the file repeats its numbers too often");
    left_ -= count * item;
  }

 private:
  static constexpr std::uint64_t kFreeBytes = 1 << 20;
  static constexpr std::uint64_t kMaxRepeats = 4;
  std::uint64_t left_;
};

torch::Tensor to_tensor(const RawArray& array, const std::string& name) {
  const auto dtype = torch_dtype(array.dtype);
  if (!dtype) refuse(name + ": dtype " + array.dtype + " is not supported");
  const std::string bytes = to_dense(array, name);
  // A byte that is neither 0 nor 1 is true, too.
  torch::Tensor tensor = torch::empty(array.shape, *dtype == torch::kBool ? torch::kUInt8 : *dtype);
  if (!bytes.empty()) std::memcpy(tensor.data_ptr(), bytes.data(), bytes.size());
  return tensor.to(*dtype);
}

using RawArrays = std::map<std::string, RawArray>;

RawArrays arrays_of(const PythonValue& checkpoint) {
  const auto* dictionary = std::get_if<PythonValue::Dict>(&checkpoint.value);
  if (dictionary == nullptr) refuse("not a dictionary of tensors");
  RawArrays arrays;
  for (const auto& [key, value] : dictionary->items) {
    const auto* text = std::get_if<std::string_view>(&key->value);
    if (text == nullptr) refuse("a tensor's name is not a string");
    const std::string name(*text);
    const auto* array = std::get_if<RawArray>(&value->value);
    if (array == nullptr) refuse(name + " is not a tensor but " + kind_of(*value));
    arrays[name] = *array;
  }
  return arrays;
}

Tensors tensors_of(const RawArrays& arrays, Budget budget) {
  Tensors tensors;
  for (const auto& [name, array] : arrays) {
    budget.take(array, name);
    tensors[name] = to_tensor(array, name);
  }
  return tensors;
}

// What `read` makes of a checkpoint's arrays; the path leads errors.
template <class Read>
auto from_checkpoint(const std::filesystem::path& path, Read read) {
  std::optional<PythonFile> file;
  try {
    file.emplace(path);
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::kInput) throw;
    refuse(e.what());  // which names the path
  }
  try {
    auto result = read(arrays_of(file->root()));
    file->expect_unchanged();
    return result;
  } catch (const Error& e) {
    throw Error(ErrorKind::kModel, path.string() + ": " + e.what());
  }
}

}  // namespace

Tensors read_checkpoint(const std::filesystem::path& path) {
  return from_checkpoint(path, [&](const RawArrays& arrays) {
    return tensors_of(arrays, Budget(std::filesystem::file_size(path)));
  });
}

Shapes checkpoint_shapes(const std::filesystem::path& path) {
  return from_checkpoint(path, [](const RawArrays& arrays) {
    Shapes shapes;
    for (const auto& [name, array] : arrays) shapes[name] = array.shape;
    return shapes;
  });
}

void write_checkpoint(const std::filesystem::path& path, const Tensors& tensors) {
  c10::Dict<std::string, torch::Tensor> dictionary;
  for (const auto& [name, tensor] : tensors) dictionary.insert(name, tensor);

  // torch::pickle_save would add type tags, which torch.load(weights_only=True) refuses.
  std::string pickle;
  const auto append = [&](const char* data, std::size_t size) { pickle.append(data, size); };
  torch::jit::Pickler pickler(append, nullptr, nullptr, nullptr, nullptr, /*tag_aggregates=*/false);
  pickler.protocol();
  pickler.pushIValue(dictionary);
  pickler.stop();

  std::string bytes;
  caffe2::serialize::PyTorchStreamWriter archive([&](const void* data, std::size_t size) {
    bytes.append(static_cast<const char*>(data), size);
    return size;
  });
  archive.writeRecord("data.pkl", pickle.data(), pickle.size());
  for (std::size_t i = 0; i < pickler.tensorData().size(); ++i) {
    const auto data = torch::jit::getWriteableTensorData(pickler.tensorData()[i]);
    archive.writeRecord("data/" + std::to_string(i), data.data(), data.sizeInBytes());
  }
  archive.writeEndOfFile();
  write_file(path, bytes);
}

}  // namespace co2net
