#include "pipeline/formats/python_file.h"

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "pipeline/base/error.h"
#include "pipeline/base/foreign_file.h"
#include "pipeline/base/mapped_file.h"
#include "pipeline/base/text.h"
#include "pipeline/formats/npy.h"
#include "pipeline/formats/pickle.h"
#include "pipeline/formats/safetensors.h"
#include "pipeline/formats/zip_archive.h"

namespace co2net {
namespace {

[[noreturn]] void bad(const std::string& name, const std::string& why) {
  throw Error(ErrorKind::kInput, name + ": " + why);
}

// A storage's bytes in the file, and how they are written.
struct StoredElements {
  std::string_view bytes;
  bool big_endian = false;
};

using FindStorage = std::function<StoredElements(const PickledStorage& storage)>;
using Tensors = std::span<const PickledTensor>;

std::uint64_t byte_count(const PickledStorage& storage) {
  return static_cast<std::uint64_t>(storage.size) * item_size(storage.dtype);
}

// The tensor of those elements of a storage.
void resolve(const PickledTensor& tensor, const PickledStorage& storage,
             const StoredElements& stored, const std::string& name) {
  const std::size_t item = item_size(storage.dtype);
  const std::string_view part = stored.bytes.substr(static_cast<std::size_t>(storage.first) * item,
                                                    static_cast<std::size_t>(storage.count) * item);
  tensor.node->value =
      strided_view({storage.dtype, stored.big_endian}, tensor.shape, tensor.strides, tensor.offset,
                   part, name + ": storage " + std::string(storage.key));
}

void resolve_tensors(Tensors tensors, const std::string& name, const FindStorage& find) {
  for (const PickledTensor& tensor : tensors) {
    resolve(tensor, *tensor.storage, find(*tensor.storage), name);
  }
}

// torch's stream of before 2020 starts with a pickle of this number; protocols differ in what is
// around it.
std::optional<std::size_t> end_of_torch_magic(std::string_view bytes) {
  constexpr std::size_t kMostBefore = 11;
  for (const std::string_view magic : {std::string_view("\x8a\nl\xfc\x9c\x46\xf9 j\xa8P\x19.", 13),
                                       std::string_view("L119547037146038801333356L\n.")}) {
    const std::size_t at = bytes.substr(0, kMostBefore + magic.size()).find(magic);
    if (at != std::string_view::npos) return at + magic.size();
  }
  return std::nullopt;
}

using DeclaredStorages = std::map<std::string_view, const PickledStorage*>;
using Storages = std::map<std::string_view, StoredElements>;

DeclaredStorages declared_storages(Tensors tensors, const std::string& name) {
  DeclaredStorages declared;
  for (const PickledTensor& tensor : tensors) {
    const auto [known, is_new] = declared.try_emplace(tensor.storage->key, tensor.storage);
    if (!is_new && byte_count(*known->second) != byte_count(*tensor.storage)) {
      bad(name, "storage " + std::string(tensor.storage->key) + " is declared with two sizes");
    }
  }
  return declared;
}

// Whether the stream's storage is big-endian: its number of elements, which comes first, tells. (So
// far torch has written little-endian on every machine, whatever its note on the system says.)
bool is_big_endian(std::string_view count, std::int64_t expected, const std::string& name) {
  std::string big;
  for (int shift = 56; shift >= 0; shift -= 8) big += static_cast<char>(expected >> shift);
  if (std::equal(count.rbegin(), count.rend(), big.begin())) return false;
  if (count == big) return true;
  bad(name, "has another number of elements than declared");
}

// The storages that end torch's stream: in the order of `keys`, each its number of elements in 8
// bytes, and they. `tensors`: those of the stream.
Storages stream_storages(std::string_view bytes, const PickleHeap::Items& keys, Tensors tensors,
                         const PickleHeap& heap, const std::string& name) {
  constexpr std::size_t kCountSize = 8;
  const DeclaredStorages declared = declared_storages(tensors, name);
  Storages stored;
  for (const PythonValue* value : keys) {
    const auto* key = std::get_if<std::string_view>(&value->value);
    const auto known = key == nullptr ? declared.end() : declared.find(*key);
    if (known == declared.end()) {
      const auto unknown = heap.unknown_storages().find(key == nullptr ? "" : *key);
      bad(name, unknown == heap.unknown_storages().end()
                    ? "damaged: its list of storages has an unknown one"
                    : "has elements of a " + std::string(unknown->second) +
                          ", which is not read, and what follows them cannot be found");
    }
    const std::string storage_name = name + ": storage " + std::string(*key);
    const std::uint64_t size = byte_count(*known->second);
    if (bytes.size() < kCountSize || bytes.size() - kCountSize < size) {
      bad(storage_name, "truncated; download or copy the file again");
    }
    stored[*key] = {bytes.substr(kCountSize, size),
                    is_big_endian(bytes.substr(0, kCountSize), known->second->size, storage_name)};
    bytes.remove_prefix(kCountSize + size);
  }
  if (!bytes.empty()) bad(name, std::to_string(bytes.size()) + " bytes follow its end");
  return stored;
}

// What an archive is that holds neither arrays alone nor a torch checkpoint.
std::string other_archive(const ZipArchive& archive) {
  std::vector<std::string> names;
  for (const ZipArchive::Entry& entry : archive.entries()) names.push_back(entry.name);
  if (archive.find("model.weights.h5") != nullptr) {
    return "a Keras model; networks are read from PyTorch's checkpoints and .safetensors";
  }
  return "a zip archive of other files: " + counted("entries", names) +
         "; neither a .npz nor a torch checkpoint; unpack it with 'unzip'";
}

}  // namespace

struct PythonFile::Content {
  std::string name;
  std::string owned;
  std::unique_ptr<MappedFile> mapped;
  std::string_view bytes;
  std::string format;
  PickleHeap heap;
  std::deque<std::string> inflated;
  const PythonValue* root = nullptr;

  void open();
  void read();
  PickleNode& load_whole(std::string_view pickle, const std::string& pickle_name);
  PickleNode& read_npy(std::string_view npy, const std::string& npy_name);
  void read_zip();
  std::string_view content_of(ZipArchive& archive, const ZipArchive::Entry& entry, bool checked);
  PickleNode& read_npz(ZipArchive& archive);
  PickleNode& read_safetensors();
  PickleNode& read_torch_zip(ZipArchive& archive, const std::string& folder);

  struct TorchStream {
    PickleNode& object;
    Storages storages;
    StoredElements find(const PickledStorage& storage, const std::string& name) const;
  };
  TorchStream read_torch_stream(std::string_view stream, const std::string& stream_name);
  void resolve_streams(std::size_t first_tensor, const std::string& pickle_name);
  Tensors tensors_from(std::size_t first) const { return Tensors(heap.tensors()).subspan(first); }
};

void PythonFile::Content::open() {
  naming_foreign(bytes, name, [&] { read(); });
}

void PythonFile::Content::read() {
  if (bytes.starts_with("PK")) {
    read_zip();
  } else if (is_npy(bytes)) {
    format = "npy";
    root = &read_npy(bytes, name);
  } else if (is_safetensors(bytes)) {
    format = "safetensors";
    root = &read_safetensors();
  } else if (end_of_torch_magic(bytes)) {
    format = "torch (legacy)";
    const TorchStream stream = read_torch_stream(bytes, name);
    resolve_tensors(heap.tensors(), name,
                    [&](const PickledStorage& storage) { return stream.find(storage, name); });
    root = &stream.object;
  } else {
    format = "pickle";
    root = &load_whole(bytes, name);
  }
}

PickleNode& PythonFile::Content::load_whole(std::string_view pickle,
                                            const std::string& pickle_name) {
  const std::size_t first_tensor = heap.tensors().size();
  std::size_t end = 0;
  PickleNode& value = heap.load(pickle, pickle_name, end);
  if (end != pickle.size()) {
    bad(pickle_name, std::to_string(pickle.size() - end) + " bytes follow the pickle");
  }
  resolve_streams(first_tensor, pickle_name);
  return value;
}

PickleNode& PythonFile::Content::read_npy(std::string_view npy, const std::string& npy_name) {
  const NpyHeader header = parse_npy_header(npy, npy_name);
  const std::string_view data = npy.substr(header.size);
  if (header.dtype.code != "O") {
    return heap.make(dense_view(header.dtype, header.shape, header.fortran_order, data, npy_name));
  }
  PickleNode& value = load_whole(data, npy_name);
  const auto* array = std::get_if<PythonValue::ObjectArray>(&value.value);
  if (array == nullptr || array->shape != header.shape) {
    bad(npy_name, "its pickle is not an object array of shape " + to_string(header.shape));
  }
  return value;
}

// In place where it is stored.
std::string_view PythonFile::Content::content_of(ZipArchive& archive,
                                                 const ZipArchive::Entry& entry, bool checked) {
  if (entry.deflated) return inflated.emplace_back(archive.inflate(entry));
  if (checked) archive.check(entry);
  return entry.data;
}

void PythonFile::Content::read_zip() {
  ZipArchive archive(bytes, name);
  for (const ZipArchive::Entry& entry : archive.entries()) {
    const std::size_t folder_end = entry.name.find('/');
    const std::size_t folder_size = folder_end == std::string::npos ? 0 : folder_end + 1;
    if (entry.name.substr(folder_size) == "data.pkl") {
      root = &read_torch_zip(archive, entry.name.substr(0, folder_size));
      return;
    }
  }
  format = "npz";
  root = &read_npz(archive);
}

PickleNode& PythonFile::Content::read_npz(ZipArchive& archive) {
  PythonValue::Dict arrays;
  for (const ZipArchive::Entry& entry : archive.entries()) {
    const std::string entry_name = name + ":" + entry.name;
    if (!entry.name.ends_with(".npy")) bad(name, other_archive(archive));
    const std::string key = entry.name.substr(0, entry.name.size() - 4);
    const std::string_view npy = content_of(archive, entry, true);
    arrays.items.emplace_back(&heap.make(heap.keep(key)), &read_npy(npy, entry_name));
  }
  return heap.make(std::move(arrays));
}

PickleNode& PythonFile::Content::read_safetensors() {
  SafeTensors content = parse_safetensors(bytes, name);
  PythonValue::Dict tensors, metadata;
  for (const auto& [key, text] : content.metadata) {
    metadata.items.emplace_back(&heap.make(heap.keep(key)), &heap.make(heap.keep(text)));
  }
  if (!metadata.items.empty()) {
    tensors.items.emplace_back(&heap.make(kSafetensorsMetadata), &heap.make(std::move(metadata)));
  }
  for (const auto& [key, array] : content.tensors) {
    tensors.items.emplace_back(&heap.make(heap.keep(key)), &heap.make(array));
  }
  return heap.make(std::move(tensors));
}

// torch.load does not check the checksums either, which torch.save may leave out.
PickleNode& PythonFile::Content::read_torch_zip(ZipArchive& archive, const std::string& folder) {
  const bool is_script = archive.find(folder + "constants.pkl") != nullptr;
  format = is_script ? "torchscript" : "torch";
  const auto* order = archive.find(folder + "byteorder");
  const bool big_endian = order != nullptr && content_of(archive, *order, false) == "big";
  const std::string pickle_name = folder + "data.pkl";
  std::size_t end = 0;
  PickleNode& object =
      heap.load(content_of(archive, *archive.find(pickle_name), false),
                name + (is_script ? ": TorchScript module: " : ":") + pickle_name, end, is_script);

  std::map<std::string_view, std::string_view> records;
  resolve_tensors(heap.tensors(), name, [&](const PickledStorage& storage) -> StoredElements {
    const auto [record, is_new] = records.try_emplace(storage.key);
    if (is_new) {
      const std::string record_name = folder + "data/" + std::string(storage.key);
      const auto* entry = archive.find(record_name);
      if (entry == nullptr) bad(name, "lacks " + record_name);
      record->second = content_of(archive, *entry, false);
    }
    if (record->second.size() < byte_count(storage)) {
      bad(name, "storage " + std::string(storage.key) + " has " +
                    std::to_string(record->second.size()) + " bytes, " +
                    std::to_string(byte_count(storage)) + " are declared");
    }
    return {record->second, big_endian};
  });
  return object;
}

StoredElements PythonFile::Content::TorchStream::find(const PickledStorage& storage,
                                                      const std::string& stream_name) const {
  const auto known = storages.find(storage.key);
  if (known == storages.end()) bad(stream_name, "lacks storage " + std::string(storage.key));
  return known->second;
}

// After the magic number: pickles of the protocol's version, of the writer's system, of the object
// and of the storages' keys; then the storages.
PythonFile::Content::TorchStream PythonFile::Content::read_torch_stream(
    std::string_view stream, const std::string& stream_name) {
  const auto magic_end = end_of_torch_magic(stream);
  if (!magic_end) bad(stream_name, "a torch storage in another form than a stream");
  std::size_t at = *magic_end;
  const auto load_next = [&]() -> PickleNode& {
    std::size_t size = 0;
    PickleNode& value = heap.load(stream.substr(at), stream_name, size);
    at += size;
    return value;
  };
  const auto* version = std::get_if<std::int64_t>(&load_next().value);
  if (version == nullptr || *version != 1001) {
    bad(stream_name, "a torch checkpoint of an unknown protocol; 1001 is read");
  }
  load_next();
  const std::size_t first_tensor = heap.tensors().size();
  PickleNode& object = load_next();
  const auto* keys = std::get_if<PythonValue::Sequence>(&load_next().value);
  if (keys == nullptr) bad(stream_name, "damaged: its list of storages is missing");
  return {object, stream_storages(stream.substr(at), keys->items, tensors_from(first_tensor), heap,
                                  stream_name)};
}

// The tensors of a pickle, each with a storage in a stream of its own.
void PythonFile::Content::resolve_streams(std::size_t first_tensor,
                                          const std::string& pickle_name) {
  struct Found {
    const PickledStorage& storage;
    StoredElements stored;
  };
  std::map<const char*, Found> by_stream;
  // A copy, since the pickles of each stream add their own to the heap's.
  const Tensors own = tensors_from(first_tensor);
  for (const PickledTensor& tensor : std::vector(own.begin(), own.end())) {
    const std::string_view bytes_of_stream = tensor.storage->stream;
    if (bytes_of_stream.empty()) bad(pickle_name, "a tensor's elements are outside of the pickle");
    auto known = by_stream.find(bytes_of_stream.data());
    if (known == by_stream.end()) {
      const TorchStream stream = read_torch_stream(bytes_of_stream, pickle_name);
      const auto* const* storage = std::get_if<const PickledStorage*>(&stream.object.role);
      if (storage == nullptr) bad(pickle_name, "a tensor of what is no torch storage");
      known = by_stream
                  .emplace(bytes_of_stream.data(),
                           Found{**storage, stream.find(**storage, pickle_name)})
                  .first;
    }
    resolve(tensor, known->second.storage, known->second.stored, pickle_name);
  }
}

const PythonValue* PythonValue::Dict::find(std::string_view key) const {
  for (auto item = items.rbegin(); item != items.rend(); ++item) {
    const auto* text = std::get_if<std::string_view>(&item->first->value);
    if (text != nullptr && *text == key) return item->second;
  }
  return nullptr;
}

std::string kind_of(const PythonValue& value) {
  static constexpr const char* kKinds[] = {"None",         "a truth value", "an integer",
                                           "a number",     "text",          "a list",
                                           "a dictionary", "an array",      "an array of objects"};
  const auto* opaque = std::get_if<PythonValue::Opaque>(&value.value);
  return opaque == nullptr ? kKinds[value.value.index()]
                           : std::string(opaque->name) + ", which is not read";
}

PythonFile::PythonFile(const std::filesystem::path& path) : content_(std::make_unique<Content>()) {
  content_->name = path.string();
  content_->mapped = std::make_unique<MappedFile>(path);
  content_->bytes = content_->mapped->bytes();
  try {
    content_->open();
  } catch (const Error&) {
    expect_unchanged();  // which tells more
    throw;
  }
  expect_unchanged();
}

PythonFile::PythonFile(std::string bytes, const std::string& name)
    : content_(std::make_unique<Content>()) {
  content_->name = name;
  content_->owned = std::move(bytes);
  content_->bytes = content_->owned;
  content_->open();
}

PythonFile::PythonFile(PythonFile&&) noexcept = default;
PythonFile& PythonFile::operator=(PythonFile&&) noexcept = default;
PythonFile::~PythonFile() = default;

void PythonFile::release(std::string_view bytes) const {
  if (content_->mapped) content_->mapped->release(bytes);
}

void PythonFile::expect_unchanged() const {
  if (content_->mapped) content_->mapped->expect_unchanged();
}

const PythonValue& PythonFile::root() const { return *content_->root; }
std::string_view PythonFile::bytes() const { return content_->bytes; }
const std::string& PythonFile::format() const { return content_->format; }

}  // namespace co2net
