#include "pipeline/datasets/classes_file.h"

#include <set>

#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/text.h"
#include "pipeline/datasets/annotation_formats.h"
#include "pipeline/formats/npy.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

using Strings = std::vector<std::string>;

Strings labels_in(const std::string& text) {
  Strings labels;
  for (const std::string& line : lines_of(text)) {
    const std::string_view label = trimmed(line);
    if (!label.empty()) labels.emplace_back(label);
  }
  return labels;
}

Strings read_labels(const fs::path& path) {
  if (fs::exists(path / kWtalcClassesFile)) return read_wtalc_classes(path / kWtalcClassesFile);
  if (fs::is_directory(path)) return read_annotations(path).classes;
  const std::string content = read_file(path);
  if (is_npy(content)) return read_wtalc_classes(path);
  const std::string text = as_text(content, path.string());
  const bool are_listed = !trimmed(text).starts_with('{') && !are_annotations(text);
  return are_listed ? labels_in(text) : read_annotations(path).classes;
}

}  // namespace

Strings read_classes(const fs::path& path) {
  Strings classes = read_labels(path);
  const auto refuse = [&](const std::string& why) {
    throw Error(ErrorKind::kInput, path.string() + ": " + why);
  };
  if (classes.empty()) refuse("holds no labels; want one a line");
  std::set<std::string> known;
  for (const std::string& label : classes) {
    if (!is_utf8(label)) {
      refuse("label " + std::to_string(known.size() + 1) + " is not UTF-8; save it as UTF-8");
    }
    if (!known.insert(label).second) refuse("the label '" + label + "' is there twice");
  }
  return classes;
}

}  // namespace co2net
