#include "pipeline/formats/npy_objects.h"

#include <bit>
#include <cerrno>
#include <cstring>
#include <limits>
#include <string_view>

#include "pipeline/base/error.h"
#include "pipeline/formats/npy.h"

namespace co2net {
namespace {

// Opcodes of Python's pickle machine, named as in its module pickletools.
constexpr std::string_view kProto3("\x80\x03", 2);
constexpr char kGlobal = 'c', kReduce = 'R', kBuild = 'b', kStop = '.';
constexpr char kMark = '(', kTuple = 't', kTuple1 = '\x85', kTuple3 = '\x87';
constexpr char kEmptyList = ']', kAppends = 'e';
constexpr char kNone = 'N', kFalse = '\x89', kTrue = '\x88', kBinInt = 'J', kBinFloat = 'G';
constexpr char kBinUnicode = 'X', kBinBytes = 'B', kShortBinBytes = 'C';
constexpr std::string_view kLong1Of8("\x8a\x08", 2);

template <class T>
std::string little_endian(T value) {
  static_assert(std::endian::native == std::endian::little);
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

std::string global(const std::string& module_name, const std::string& name) {
  return kGlobal + module_name + "\n" + name + "\n";
}

std::string integer(std::int32_t value) { return kBinInt + little_endian(value); }
std::string integer(std::int64_t value) { return std::string(kLong1Of8) + little_endian(value); }

std::string real(double value) {
  std::string bytes = little_endian(value);
  return kBinFloat + std::string(bytes.rbegin(), bytes.rend());
}

std::string text(const std::string& value) {
  return kBinUnicode + little_endian(static_cast<std::uint32_t>(value.size())) + value;
}

template <class T>
std::string list(const std::vector<T>& items, std::string (*pickled)(const T&)) {
  std::string bytes{kEmptyList, kMark};
  for (const T& item : items) bytes += pickled(item);
  return bytes + kAppends;
}

std::string pair(const ObjectNpyWriter::Pair& value) {
  return std::string{kEmptyList, kMark} + real(value[0]) + real(value[1]) + kAppends;
}

// numpy.dtype(code, False, True) and its state; `flags` are those of numpy's descriptors.
std::string dtype(const std::string& code, const std::string& byte_order, std::int32_t flags) {
  std::string bytes = global("numpy", "dtype") + text(code) + kFalse + kTrue + kTuple3 + kReduce;
  bytes += kMark + integer(std::int32_t{3}) + text(byte_order) + kNone + kNone + kNone;
  bytes += integer(std::int32_t{-1}) + integer(std::int32_t{-1}) + integer(flags);
  return bytes + kTuple + kBuild;
}

// An ndarray up to its elements, which array_end() must follow.
std::string array_begin(const Shape& shape, const std::string& dtype_) {
  std::string bytes = global("numpy.core.multiarray", "_reconstruct") + global("numpy", "ndarray");
  bytes += integer(std::int32_t{0}) + kTuple1 + kShortBinBytes + '\1' + 'b' + kTuple3 + kReduce;
  bytes += kMark + integer(std::int32_t{1}) + kMark;
  for (const std::int64_t size : shape) bytes += integer(size);
  return bytes + kTuple + dtype_ + kFalse;
}

std::string array_end() { return {kTuple, kBuild}; }

}  // namespace

ObjectNpyWriter::ObjectNpyWriter(const std::filesystem::path& path, std::int64_t count)
    : name_(path.string()), file_(path, std::ios::binary), missing_(count) {
  constexpr std::int32_t kHoldsReferences = 63;
  write(npy_header("|O", {count}));
  write(kProto3);
  write(array_begin({count}, dtype("O8", "|", kHoldsReferences)) + kEmptyList + kMark);
}

void ObjectNpyWriter::write(std::string_view bytes) {
  if (!file_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()))) {
    throw Error(ErrorKind::kIo, "write " + name_ + ": " + std::strerror(errno));
  }
}

void ObjectNpyWriter::add(const Array& array) {
  const std::size_t size = array.values.size() * sizeof(float);
  if (size > std::numeric_limits<std::uint32_t>::max()) {
    throw Error(ErrorKind::kInput, name_ + ": an array of " + to_string(array.shape) +
                                       " is too large for a pickle of protocol 3");
  }
  write(array_begin(array.shape, dtype("f4", "<", 0)));
  write(kBinBytes + little_endian(static_cast<std::uint32_t>(size)));
  write({reinterpret_cast<const char*>(array.values.data()), size});
  write(array_end());
  --missing_;
}

void ObjectNpyWriter::add(const std::vector<std::string>& texts) {
  write(list(texts, text));
  --missing_;
}

void ObjectNpyWriter::add(const std::vector<Pair>& pairs) {
  write(list(pairs, pair));
  --missing_;
}

void ObjectNpyWriter::finish() {
  if (missing_ != 0) {
    throw Error(ErrorKind::kInternal, name_ + ": " + std::to_string(missing_) + " elements lack");
  }
  write(kAppends + array_end() + kStop);
  file_.close();
  if (!file_) throw Error(ErrorKind::kIo, "write " + name_ + ": " + std::strerror(errno));
}

}  // namespace co2net
