#include "localizer/checkpoint.h"

#include <caffe2/serialize/inline_container.h>
#include <torch/csrc/jit/serialization/pickler.h>
#include <torch/csrc/jit/serialization/unpickler.h>
#include <torch/torch.h>

#include <cstdint>
#include <sstream>
#include <utility>

#include "pipeline/error.h"
#include "pipeline/files.h"

namespace co2net {
namespace {

// Bytes that the archive holds for a tensor, by where they are in memory: torch itself trusts the
// sizes that the pickle declares.
using RecordSizes = std::map<const void*, std::size_t>;

[[noreturn]] void refuse(const std::string& why) { throw Error(ErrorKind::kModel, why); }

torch::IValue unpickle(const std::string& bytes, RecordSizes& record_sizes) {
  std::istringstream file(bytes);
  caffe2::serialize::PyTorchStreamReader archive(&file);
  const auto read_record = [&](const std::string& name) {
    auto [data, size] = archive.getRecord("data/" + name);
    record_sizes[data.get()] = size;
    return std::move(data);
  };
  const auto [pickle_data, pickle_size] = archive.getRecord("data.pkl");
  std::istringstream pickle({static_cast<const char*>(pickle_data.get()), pickle_size});
  const auto read = [&pickle](char* to, std::size_t count) {
    pickle.read(to, static_cast<std::streamsize>(count));
    return static_cast<std::size_t>(pickle.gcount());
  };
  torch::jit::Unpickler unpickler(read, nullptr, nullptr, read_record, at::Device(at::kCPU));
  return unpickler.parse_ivalue();
}

bool is_sound(const torch::Tensor& tensor, const RecordSizes& record_sizes) {
  if (!tensor.defined() || tensor.layout() != torch::kStrided || !tensor.is_floating_point() ||
      !tensor.is_contiguous()) {
    return false;
  }
  const auto record = record_sizes.find(tensor.storage().data());
  if (record == record_sizes.end()) return false;
  const auto capacity = static_cast<std::int64_t>(record->second / tensor.element_size());
  return tensor.storage_offset() >= 0 && tensor.numel() <= capacity &&
         tensor.storage_offset() <= capacity - tensor.numel();
}

Tensors parse(const std::string& bytes) {
  RecordSizes record_sizes;
  torch::IValue checkpoint;
  try {
    checkpoint = unpickle(bytes, record_sizes);
  } catch (const std::exception&) {
    refuse("damaged, or not a dictionary of tensors that torch.save or this program wrote");
  }
  if (!checkpoint.isGenericDict()) refuse("not a dictionary of tensors");
  Tensors tensors;
  for (const auto& entry : checkpoint.toGenericDict()) {
    if (!entry.key().isString()) refuse("a tensor's name is not a string");
    const std::string name = entry.key().toStringRef();
    if (!entry.value().isTensor() || !is_sound(entry.value().toTensor(), record_sizes)) {
      refuse(name + " is not a whole, dense tensor of floating-point numbers");
    }
    tensors[name] = entry.value().toTensor();
  }
  return tensors;
}

}  // namespace

Tensors read_checkpoint(const std::filesystem::path& path) {
  try {
    return parse(read_file(path));
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::kModel) throw;
    throw e.within(path.string());
  }
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
