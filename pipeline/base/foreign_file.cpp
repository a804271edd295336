#include "pipeline/base/foreign_file.h"

#include <algorithm>
#include <fstream>
#include <initializer_list>

#include "pipeline/base/json.h"
#include "pipeline/base/text.h"

namespace co2net {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kSpaces = " \t\r\n\f\v";

constexpr const char* kLfsPointer =
    "a Git LFS pointer, not the file itself; run 'git lfs pull' in its repository";
constexpr const char* kWebPage =
    "a web page, not the file itself (a warning, a login or an error); download the file again";
constexpr const char* kXml =
    "XML, not the file itself (a server's error?); download the file again";
constexpr const char* kTar = "a tar archive; unpack it with 'tar -xf'";
constexpr const char* kOnnx =
    "an ONNX network; networks are read from PyTorch's checkpoints and .safetensors";
constexpr const char* kTensorFlow =
    "a file of TensorFlow; networks are read from PyTorch's checkpoints and .safetensors";
constexpr const char* kHdf5 =
    "an HDF5 file, of Keras, h5py or MATLAB; networks are read from PyTorch's checkpoints and "
    ".safetensors, features from .npy";
constexpr const char* kImage = "an image, not the file itself";
constexpr const char* kMatlab = "MATLAB's; features are read from .npy, annotations from text";

struct Signature {
  std::string_view bytes;
  const char* kind;
  std::size_t at = 0;
};

constexpr Signature kSignatures[] = {
    {"version https://git-lfs.github.com/spec/", kLfsPointer},
    {"version https://hawser.github.com/spec/", kLfsPointer},
    {"/annex/objects/", "a git-annex pointer, not the file itself; run 'git annex get' on it"},
    {"outs:\n- md5: ", "a DVC pointer, not the file itself; run 'dvc pull' in its repository"},
    {"\x1f\x8b", "compressed; unpack it with 'gunzip'"},
    {"\x1f\x9d", "compressed; unpack it with 'gunzip'"},
    {"1AY&SY", "compressed; unpack it with 'bunzip2'", 4},
    {"\xfd"
     "7zXZ\0"sv,
     "compressed; unpack it with 'unxz'"},
    {"\x28\xb5\x2f\xfd", "compressed; unpack it with 'unzstd'"},
    {"\x04\x22\x4d\x18", "compressed; unpack it with 'unlz4'"},
    {"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it with '7z x'"},
    {"Rar!\x1a\x07", "a RAR archive; unpack it with 'unrar x'"},
    {"ustar", kTar, 257},
    {"\x89HDF\r\n\x1a\n", kHdf5},
    {"MATLAB 5.0 MAT-file", kMatlab},
    {"model_checkpoint_path:", kTensorFlow},
    {"\0\0TFL3"sv, kTensorFlow, 2},
    {"GGUF", "a network of llama.cpp, which is not read"},
    {"\x89PNG\r\n", kImage},
    {"\xff\xd8\xff", kImage},
    {"%PDF-", "a PDF document, not the file itself"},
    {"\xff\xfe", "text in UTF-16; save it as UTF-8"},
    {"\xfe\xff", "text in UTF-16; save it as UTF-8"},
};

// "HTTP/1.1 404 Not Found"
bool is_http_answer(std::string_view bytes) {
  const std::string_view status = bytes.substr(0, bytes.find_first_of("\r\n"));
  const std::size_t blank = status.find(' ');
  if (!status.starts_with("HTTP/") || blank == std::string_view::npos) return false;
  const std::string_view code = status.substr(blank + 1, 3);
  return code.size() == 3 && code.find_first_not_of("0123456789") == std::string_view::npos;
}

// What the program reads in another place than a text's.
constexpr Signature kBinaries[] = {
    {"PK\3\4", "a zip archive (of torch, numpy or others), not text"},
    {"\x93NUMPY", "an array of numpy, not text"},
    {"\x80\2", "a pickle, not text"},
    {"\x80\3", "a pickle, not text"},
    {"\x80\4", "a pickle, not text"},
    {"\x80\5", "a pickle, not text"},
    {"ftyp", "a video, not text", 4},
    {"\x1a\x45\xdf\xa3", "a video, not text"},
    {"RIFF", "a video or sound, not text"},
};

template <std::size_t N>
const char* kind_among(const Signature (&signatures)[N], std::string_view bytes) {
  for (const Signature& signature : signatures) {
    if (bytes.size() > signature.at && bytes.substr(signature.at).starts_with(signature.bytes)) {
      return signature.kind;
    }
  }
  return nullptr;
}

std::string_view after_spaces(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(kSpaces), text.size()));
}

bool starts_with_any(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::any_of(words.begin(), words.end(),
                     [&](std::string_view word) { return text.starts_with(word); });
}

// What is before the first element: declarations and comments, in any order.
struct Prologue {
  bool has_declaration = false;  // "<?xml ...?>"
  bool has_comment = false;
};

Prologue take_prologue(std::string_view& text) {
  Prologue found;
  for (;;) {
    const bool is_comment = text.starts_with("<!--");
    if (!is_comment && !text.starts_with("<?xml")) return found;
    (is_comment ? found.has_comment : found.has_declaration) = true;
    const std::string_view closing = is_comment ? "-->" : "?>";
    const std::size_t end = text.find(closing);
    text = end == std::string_view::npos ? "" : after_spaces(text.substr(end + closing.size()));
  }
}

const char* markup_kind(std::string_view bytes) {
  constexpr std::size_t kLongestWord = 16;
  std::string_view text = after_spaces(without_byte_order_mark(bytes));
  const Prologue prologue = take_prologue(text);
  const std::string first = lower_case(text.substr(0, kLongestWord));
  if (starts_with_any(first, {"<!doctype html",
                              "<html",
                              "<head",
                              "<body",
                              "<title",
                              "<meta",
                              "<link",
                              "<base",
                              "<script",
                              "<noscript",
                              "<style",
                              "<div",
                              "<center",
                              "<table",
                              "<form",
                              "<iframe",
                              "<frameset",
                              "<img",
                              "<pre>",
                              "<span",
                              "<h1",
                              "<h2",
                              "<h3",
                              "<p>",
                              "<p "})) {
    return kWebPage;
  }
  if (prologue.has_declaration || starts_with_any(first, {"<!doctype", "<error"})) return kXml;
  return prologue.has_comment ? kWebPage : nullptr;
}

// Parts of a checkpoint: its index ends with LevelDB's mark, its data are numbers alone.
bool is_tensorflow_checkpoint(std::string_view bytes, const std::string& name) {
  const std::size_t data = name.rfind(".data-");
  return bytes.ends_with("\x57\xfb\x80\x8b\x24\x75\x47\xdb") ||
         (data != std::string::npos && name.find("-of-", data) != std::string::npos);
}

// ONNX's and TensorFlow's saved ones begin with their version, field 1; ONNX's has been more than 1
// since its first release. TensorFlow's frozen ones begin with a node.
const char* protobuf_kind(std::string_view bytes) {
  constexpr unsigned char kMostOnnx = 32;
  constexpr std::size_t kFirstNode = 512;
  const std::string_view beginning = bytes.substr(0, kFirstNode);
  for (const std::string_view operation : {"\x12\x0bPlaceholder"sv,
                                           "\x12\x05"
                                           "Const"sv}) {
    if (bytes.starts_with('\n') && beginning.find(operation) != std::string_view::npos) {
      return kTensorFlow;
    }
  }
  if (bytes.size() < 3 || bytes[0] != '\x08') return nullptr;
  const auto version = static_cast<unsigned char>(bytes[1]);
  if (version == 1 && bytes[2] == '\x12') return kTensorFlow;
  const bool is_onnx_field = "\x12\x1a\x22\x32\x3a\x42"sv.find(bytes[2]) != std::string_view::npos;
  return version > 1 && version <= kMostOnnx && is_onnx_field ? kOnnx : nullptr;
}

bool is_zero(std::string_view bytes) {
  constexpr std::size_t kEnough = 512;
  return bytes.size() >= kEnough &&
         bytes.substr(0, kEnough).find_first_not_of('\0') == std::string_view::npos;
}

bool is_text(std::string_view line) {
  return is_utf8(line) && std::none_of(line.begin(), line.end(), [](unsigned char c) {
           return (c < 0x20 && c != '\t') || c == 0x7f;
         });
}

// Pickles of protocol 0 are text, too, but not of words on their first line.
std::optional<std::string> text_kind(std::string_view bytes) {
  constexpr std::size_t kMost = 60;
  const std::string_view text = after_spaces(without_byte_order_mark(bytes));
  const std::string_view line = text.substr(0, text.find_first_of("\r\n"));
  const std::string begin = shortened(line, kMost);
  if (!starts_with_any(begin, {"{", "["}) && begin.find(' ') == std::string::npos) return {};
  if (!is_text(begin)) return {};
  return "text, which begins with " + to_text(begin) +
         "; if it is a server's error, download the file again";
}

}  // namespace

std::optional<std::string> foreign_kind(std::string_view bytes) {
  const std::string_view text = after_spaces(without_byte_order_mark(bytes));
  for (const std::string_view beginning : {bytes, text}) {
    if (const char* kind = kind_among(kSignatures, beginning)) return kind;
  }
  if (is_http_answer(bytes))
    return "a web server's answer with its header; download the file again";
  if (const char* kind = markup_kind(bytes)) return kind;
  return std::nullopt;
}

// UTF-32's mark in little-endian order begins with UTF-16's.
std::optional<std::string> foreign_to_text(std::string_view bytes) {
  if (bytes.starts_with("\xff\xfe\0\0"sv) || bytes.starts_with("\0\0\xfe\xff"sv)) {
    return "text in UTF-32; save it as UTF-8";
  }
  if (auto kind = foreign_kind(bytes)) return kind;
  if (bytes.find('\0') == std::string_view::npos) return std::nullopt;
  if (const char* kind = kind_among(kBinaries, bytes)) return kind;
  if (const char* kind = protobuf_kind(bytes)) return kind;
  return "text in UTF-16 without a mark, or no text at all, since it has NUL bytes; save it as "
         "UTF-8";
}

std::optional<std::string> foreign_to_binary(std::string_view bytes, const std::string& name) {
  if (bytes.empty()) return "empty; download or copy it again";
  if (auto kind = foreign_kind(bytes)) return kind;
  if (is_tensorflow_checkpoint(bytes, name)) return kTensorFlow;
  if (const char* kind = protobuf_kind(bytes)) return kind;
  if (is_zero(bytes)) return "filled with zeros, a download that broke off; download it again";
  return text_kind(bytes);
}

std::optional<std::string> foreign_to_binary(const std::filesystem::path& file) {
  constexpr std::size_t kEnough = 1 << 16;
  std::error_code unreachable;
  if (!std::filesystem::is_regular_file(file, unreachable)) return std::nullopt;
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return std::nullopt;
  std::string beginning(kEnough, '\0');
  stream.read(beginning.data(), kEnough);
  beginning.resize(static_cast<std::size_t>(stream.gcount()));
  return foreign_to_binary(beginning, file.string());
}

}  // namespace co2net
