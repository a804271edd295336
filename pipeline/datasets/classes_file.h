#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace co2net {

// A network's classes, in its order: a text file with a label a line, where spaces around it and
// blank lines do not count; or the classes of annotations in any form that read_annotations()
// takes, of which a W-TALC folder or its classlist.npy has the order of the authors' networks. The
// content tells which.
// Errors: Error(kIo); Error(kInput) for a label that is there twice or not UTF-8, or no label at
// all; as read_text() and read_annotations().
std::vector<std::string> read_classes(const std::filesystem::path& path);

}  // namespace co2net
