#include <algorithm>
#include <cctype>

#include "pipeline/base/inputs.h"
#include "pipeline/base/percent_encoding.h"
#include "pipeline/datasets/annotation_formats.h"

namespace co2net {
namespace {

// Label Studio puts eight hexadecimal digits and a dash before the name of an uploaded file.
bool has_upload_prefix(std::string_view name) {
  constexpr std::size_t kDigits = 8;
  return name.size() > kDigits + 1 && name[kDigits] == '-' &&
         std::all_of(name.begin(), name.begin() + kDigits,
                     [](unsigned char c) { return std::isxdigit(c) != 0; });
}

}  // namespace

std::string id_of_media(std::string_view address) {
  constexpr std::string_view kLocalFile = "?d=";  // of Label Studio's local storage
  const bool is_uploaded = address.find("/upload/") != std::string_view::npos;
  if (const auto local = address.find(kLocalFile); local != std::string_view::npos) {
    address.remove_prefix(local + kLocalFile.size());
  }
  std::string name = percent_decoded(address.substr(0, address.find_first_of("?#")));
  name.erase(0, name.find_last_of("/\\") + 1);
  if (is_uploaded && has_upload_prefix(name)) name.erase(0, name.find('-') + 1);
  return id_of(name);
}

}  // namespace co2net
