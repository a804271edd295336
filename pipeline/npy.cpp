#include "pipeline/npy.h"

#include <zip.h>

#include <algorithm>
#include <bit>
#include <cctype>
#include <cstring>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "pipeline/error.h"
#include "pipeline/files.h"

namespace co2net {
namespace {

constexpr std::string_view kMagic("\x93NUMPY", 6);

[[noreturn]] void bad(const std::string& name, const std::string& why) {
  throw Error(ErrorKind::kInput, name + ": " + why);
}

struct Header {
  std::string descr;  // such as "<f4"
  bool fortran_order = false;
  Shape shape;
};

// Reads the header's Python dictionary: {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
class HeaderParser {
 public:
  HeaderParser(std::string_view text, const std::string& name) : text_(text), name_(name) {}

  Header parse() {
    Header header;
    bool has_descr = false, has_order = false, has_shape = false;
    expect('{');
    while (!accept('}')) {
      const std::string key = quoted();
      expect(':');
      if (key == "descr") {
        header.descr = quoted();
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
    if (at_ < text_.size() && text_[at_] == '[') bad(name_, "structured dtypes are not supported");
    const char quote = at_ < text_.size() ? text_[at_] : '\0';
    if (quote != '\'' && quote != '"') bad(name_, "malformed .npy header: string expected");
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) bad(name_, "malformed .npy header: unterminated string");
    const std::string value(text_.substr(at_ + 1, end - at_ - 1));
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

float half_to_float(std::uint16_t half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000u) << 16;
  const std::uint32_t exponent = (half >> 10) & 0x1fu;
  const std::uint32_t mantissa = half & 0x3ffu;
  if (exponent == 0) {
    const float magnitude = static_cast<float>(mantissa) * 0x1p-24f;
    return sign != 0 ? -magnitude : magnitude;
  }
  const std::uint32_t wide_exponent = exponent == 31 ? 255 : exponent + 112;
  return std::bit_cast<float>(sign | (wide_exponent << 23) | (mantissa << 13));
}

struct Half {
  std::uint16_t bits;
  explicit operator float() const { return half_to_float(bits); }
};

template <class T>
std::vector<float> convert(std::string_view data, bool swap) {
  std::vector<float> values(data.size() / sizeof(T));
  for (std::size_t i = 0; i < values.size(); ++i) {
    char raw[sizeof(T)];
    std::memcpy(raw, data.data() + i * sizeof(T), sizeof(T));
    if (swap) std::reverse(raw, raw + sizeof(T));
    values[i] = static_cast<float>(std::bit_cast<T>(raw));
  }
  return values;
}

struct Dtype {
  std::string_view code;
  std::size_t size;
  std::vector<float> (*convert)(std::string_view data, bool swap);
};

template <class T>
constexpr Dtype dtype(std::string_view code) {
  return {code, sizeof(T), convert<T>};
}

constexpr Dtype kDtypes[] = {
    dtype<Half>("f2"),          dtype<float>("f4"),         dtype<double>("f8"),
    dtype<std::int8_t>("i1"),   dtype<std::int16_t>("i2"),  dtype<std::int32_t>("i4"),
    dtype<std::int64_t>("i8"),  dtype<std::uint8_t>("u1"),  dtype<std::uint16_t>("u2"),
    dtype<std::uint32_t>("u4"), dtype<std::uint64_t>("u8"), dtype<std::uint8_t>("b1"),
};

const Dtype& dtype_of(const std::string& descr, const std::string& name) {
  for (const Dtype& known : kDtypes) {
    if (descr.size() == 3 && descr.substr(1) == known.code) return known;
  }
  if (descr.find('O') != std::string::npos) {
    bad(name, "holds Python objects; only numeric arrays are read");
  }
  bad(name, "dtype '" + descr + "' is not supported");
}

std::vector<float> to_c_order(const std::vector<float>& fortran, const Shape& shape) {
  std::vector<float> values(fortran.size());
  Shape index(shape.size(), 0);
  for (float& value : values) {
    std::int64_t at = 0;
    for (std::size_t axis = shape.size(); axis-- > 0;) at = at * shape[axis] + index[axis];
    value = fortran[static_cast<std::size_t>(at)];
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      if (++index[axis] < shape[axis]) break;
      index[axis] = 0;
    }
  }
  return values;
}

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

struct CloseZipFile {
  void operator()(zip_file_t* file) const noexcept { zip_fclose(file); }
};

struct FreeZipSource {
  void operator()(zip_source_t* source) const noexcept { zip_source_free(source); }
};
using ZipSourcePtr = std::unique_ptr<zip_source_t, FreeZipSource>;

std::string read_entry(zip_t* archive, std::uint64_t index, std::uint64_t size,
                       const std::string& name) {
  const std::unique_ptr<zip_file_t, CloseZipFile> file(zip_fopen_index(archive, index, 0));
  if (!file) bad(name, zip_strerror(archive));
  // The declared size may lie: grow with what is really there.
  std::string bytes;
  char buffer[1 << 16];
  for (;;) {
    const zip_int64_t n = zip_fread(file.get(), buffer, sizeof buffer);
    if (n < 0) bad(name, "damaged zip entry");
    if (n == 0) break;
    bytes.append(buffer, static_cast<std::size_t>(n));
    if (bytes.size() > size) bad(name, "zip entry longer than declared");
  }
  if (bytes.size() != size) bad(name, "zip entry shorter than declared");
  return bytes;
}

}  // namespace

Array parse_npy(std::string_view bytes, const std::string& name) {
  if (bytes.size() < 10 || !bytes.starts_with(kMagic)) bad(name, "not a .npy file");
  const int major = static_cast<unsigned char>(bytes[6]);
  if (major < 1 || major > 3) bad(name, ".npy version " + std::to_string(major) + " is unknown");
  const std::size_t length_size = major == 1 ? 2 : 4;
  const std::size_t header_at = 8 + length_size;
  if (bytes.size() < header_at) bad(name, "truncated .npy header");
  const std::size_t header_size = little_endian(bytes.substr(8, length_size));
  if (bytes.size() - header_at < header_size) bad(name, "truncated .npy header");
  const Header header = HeaderParser(bytes.substr(header_at, header_size), name).parse();

  const Dtype& dtype = dtype_of(header.descr, name);
  const std::string_view data = bytes.substr(header_at + header_size);
  const auto count = static_cast<std::size_t>(element_count(header.shape));
  if (count > data.size() / dtype.size || count * dtype.size != data.size()) {
    bad(name, "shape " + to_string(header.shape) + " needs " + std::to_string(count) + " x " +
                  std::to_string(dtype.size) + " bytes, the file has " +
                  std::to_string(data.size()));
  }
  std::vector<float> values = dtype.convert(data, header.descr[0] == '>');
  if (header.fortran_order) values = to_c_order(values, header.shape);
  return {header.shape, std::move(values)};
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
  ZipSourcePtr source(zip_source_buffer_create(bytes.data(), bytes.size(), 0, nullptr));
  if (!source) bad(name, "out of memory");
  const ZipPtr archive(zip_open_from_source(source.get(), ZIP_RDONLY | ZIP_CHECKCONS, nullptr));
  if (!archive) bad(name, "not a .npz file");
  source.release();  // the archive owns it now

  Arrays arrays;
  const zip_int64_t count = zip_get_num_entries(archive.get(), 0);
  for (zip_int64_t i = 0; i < count; ++i) {
    zip_stat_t stat;
    if (zip_stat_index(archive.get(), i, 0, &stat) != 0 || (stat.valid & ZIP_STAT_NAME) == 0 ||
        (stat.valid & ZIP_STAT_SIZE) == 0) {
      bad(name, "damaged zip directory");
    }
    std::string key = stat.name;
    if (!key.ends_with(".npy")) bad(name, "entry '" + key + "' is not a .npy file");
    const std::string entry = name + ":" + key;
    key.resize(key.size() - 4);
    arrays[key] = parse_npy(read_entry(archive.get(), i, stat.size, entry), entry);
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
  archive.release();

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
