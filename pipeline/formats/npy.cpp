#include "pipeline/formats/npy.h"

#include <zip.h>

#include <bit>
#include <cctype>
#include <cstring>
#include <memory>
#include <utility>

#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/foreign_file.h"
#include "pipeline/formats/zip_archive.h"

namespace co2net {
namespace {

constexpr std::string_view kMagic("\x93NUMPY", 6);

[[noreturn]] void bad(const std::string& name, const std::string& why) {
  throw Error(ErrorKind::kInput, name + ": " + why);
}

// Reads the header's Python dictionary: {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
class HeaderParser {
 public:
  HeaderParser(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  NpyHeader parse() {
    NpyHeader header;
    bool has_descr = false, has_order = false, has_shape = false;
    expect('{');
    while (!accept('}')) {
      const std::string key = quoted();
      expect(':');
      if (key == "descr") {
        header.dtype = parse_dtype(quoted(), name_);
        has_descr = true;
      } else if (key == "fortran_order") {
        header.fortran_order = boolean();
        has_order = true;
      } else if (key == "shape") {
        header.shape = shape();
        has_shape = true;
      } else {
        bad(name_, "unknown .npy header key '" + key + "'");
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    if (!has_descr || !has_order || !has_shape) bad(name_, "incomplete .npy header");
    return header;
  }

 private:
  void skip_space() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }
  bool accept(char c) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) bad(name_, std::string("malformed .npy header: '") + c + "' expected");
  }
  std::string quoted() {
    skip_space();
    if (at_ < text_.size() && text_[at_] == '[') {
      const std::string_view fields = text_.substr(at_, text_.rfind(']') + 1 - at_);
      bad(name_, "structured dtype " + std::string(fields) + " is not supported");
    }
    const char quote = at_ < text_.size() ? text_[at_] : '\0';
    if (quote != '\'' && quote != '"') bad(name_, "malformed .npy header: string expected");
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) bad(name_, "malformed .npy header: unterminated string");
    std::string value(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return value;
  }
  bool boolean() {
    skip_space();
    for (const auto& [word, value] : {std::pair{"True", true}, std::pair{"False", false}}) {
      if (text_.substr(at_).starts_with(word)) {
        at_ += std::strlen(word);
        return value;
      }
    }
    bad(name_, "malformed .npy header: True or False expected");
  }
  Shape shape() {
    Shape sizes;
    expect('(');
    while (!accept(')')) {
      sizes.push_back(integer());
      accept('L');  // Python 2 wrote long integers so
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return sizes;
  }
  std::int64_t integer() {
    skip_space();
    std::size_t digits = 0;
    std::int64_t value = 0;
    while (at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_]))) {
      if (++digits > 18) bad(name_, "malformed .npy header: size out of range");
      value = value * 10 + (text_[at_++] - '0');
    }
    if (digits == 0) bad(name_, "malformed .npy header: size expected");
    return value;
  }

  std::string_view text_;
  const std::string& name_;
  std::size_t at_ = 0;
};

std::uint32_t little_endian(std::string_view bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) {
    value = value << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return value;
}

struct DiscardZip {
  void operator()(zip_t* archive) const noexcept { zip_discard(archive); }
};
using ZipPtr = std::unique_ptr<zip_t, DiscardZip>;

struct FreeZipSource {
  void operator()(zip_source_t* source) const noexcept { zip_source_free(source); }
};
using ZipSourcePtr = std::unique_ptr<zip_source_t, FreeZipSource>;

}  // namespace

bool is_npy(std::string_view bytes) { return bytes.starts_with(kMagic); }

NpyHeader parse_npy_header(std::string_view bytes, const std::string& name) {
  if (!is_npy(bytes))
    bad(name, foreign_to_binary(bytes, name)
                  .value_or("not a .npy file; download or copy the file again"));
  constexpr const char* kTruncated = "truncated .npy header; download or copy the file again";
  if (bytes.size() < kMagic.size() + 2) bad(name, kTruncated);
  const int major = static_cast<unsigned char>(bytes[6]);
  if (major < 1 || major > 3) bad(name, ".npy version " + std::to_string(major) + " is unknown");
  const std::size_t length_size = major == 1 ? 2 : 4;
  const std::size_t header_at = 8 + length_size;
  if (bytes.size() < header_at) bad(name, kTruncated);
  const std::size_t header_size = little_endian(bytes.substr(8, length_size));
  if (bytes.size() - header_at < header_size) bad(name, kTruncated);
  NpyHeader header = HeaderParser(bytes.substr(header_at, header_size), name).parse();
  header.size = header_at + header_size;
  return header;
}

Array parse_npy(std::string_view bytes, const std::string& name) {
  const NpyHeader header = parse_npy_header(bytes, name);
  if (header.dtype.code == "O") bad(name, "holds Python objects; save it as an array of numbers");
  return to_float32(
      dense_view(header.dtype, header.shape, header.fortran_order, bytes.substr(header.size), name),
      name);
}

std::string npy_header(const std::string& descr, const Shape& shape) {
  std::string sizes = "(";
  for (const std::int64_t size : shape) sizes += std::to_string(size) + ", ";
  if (shape.size() > 1) sizes.resize(sizes.size() - 2);
  if (shape.size() == 1) sizes.pop_back();
  std::string header =
      "{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + sizes + "), }";
  // The data starts at a multiple of 64 bytes, and a line feed ends the header.
  header.append(63 - (kMagic.size() + 4 + header.size()) % 64, ' ');
  header += '\n';
  return std::string(kMagic) +
         std::string{'\1', '\0', static_cast<char>(header.size() & 0xff),
                     static_cast<char>(header.size() >> 8)} +
         header;
}

std::string format_npy(const Array& array) {
  static_assert(std::endian::native == std::endian::little);
  std::string bytes = npy_header("<f4", array.shape);
  bytes.append(reinterpret_cast<const char*>(array.values.data()),
               array.values.size() * sizeof(float));
  return bytes;
}

Array read_npy(const std::filesystem::path& path) {
  return parse_npy(read_file(path), path.string());
}

Arrays parse_npz(std::string_view bytes, const std::string& name) {
  ZipArchive archive(bytes, name);
  Arrays arrays;
  for (const ZipArchive::Entry& entry : archive.entries()) {
    const std::string entry_name = name + ":" + entry.name;
    if (!entry.name.ends_with(".npy")) bad(entry_name, "not a .npy file");
    const std::string key = entry.name.substr(0, entry.name.size() - 4);
    if (entry.deflated) {
      arrays[key] = parse_npy(archive.inflate(entry), entry_name);
    } else {
      archive.check(entry);
      arrays[key] = parse_npy(entry.data, entry_name);
    }
  }
  return arrays;
}

std::string format_npz(const Arrays& arrays) {
  std::map<std::string, std::string> files;
  for (const auto& [key, array] : arrays) files[key + ".npy"] = format_npy(array);

  const auto check = [](bool ok) {
    if (!ok) throw Error(ErrorKind::kInternal, "cannot write a .npz archive");
  };
  ZipSourcePtr source(zip_source_buffer_create(nullptr, 0, 0, nullptr));
  check(source != nullptr);
  ZipPtr archive(zip_open_from_source(source.get(), ZIP_TRUNCATE, nullptr));
  check(archive != nullptr);
  zip_source_keep(source.get());
  for (const auto& [key, bytes] : files) {
    zip_source_t* entry = zip_source_buffer(archive.get(), bytes.data(), bytes.size(), 0);
    check(entry != nullptr);
    const zip_int64_t index = zip_file_add(archive.get(), key.c_str(), entry, ZIP_FL_ENC_UTF_8);
    if (index < 0) zip_source_free(entry);
    check(index >= 0);
    check(zip_set_file_compression(archive.get(), index, ZIP_CM_STORE, 0) == 0);
    constexpr zip_uint16_t kFirstDosDate = 1 << 5 | 1;  // 1980-01-01, the format's epoch
    check(zip_file_set_dostime(archive.get(), index, 0, kFirstDosDate, 0) == 0);
  }
  check(zip_close(archive.get()) == 0);
  static_cast<void>(archive.release());

  check(zip_source_open(source.get()) == 0);
  check(zip_source_seek(source.get(), 0, SEEK_END) == 0);
  std::string bytes(static_cast<std::size_t>(zip_source_tell(source.get())), '\0');
  check(zip_source_seek(source.get(), 0, SEEK_SET) == 0);
  check(zip_source_read(source.get(), bytes.data(), bytes.size()) ==
        static_cast<zip_int64_t>(bytes.size()));
  zip_source_close(source.get());
  return bytes;
}

Arrays read_npz(const std::filesystem::path& path) {
  return parse_npz(read_file(path), path.string());
}

}  // namespace co2net
