// Does to the folder that it is given what the program does to a disk: results in a cache, a file
// and a folder that replace older ones. Its version of these is told by a letter.
//
//     co2net_use_disk FOLDER LETTER

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>

#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/stages/stage.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

const std::string kBytes(20'000, 'x');

// A file, and bytes that are made of it.
Chain chain() {
  Chain stages(2);
  stages[0].name = "frames";
  stages[0].key = KeyBuilder("frames", 1).build();
  stages[0].file_suffix = ".mkv";
  stages[0].compute = [](const std::vector<Entry>&, const fs::path& path) {
    std::ofstream file(path, std::ios::binary);
    if (!file.write(kBytes.data(), static_cast<std::streamsize>(kBytes.size())).flush()) {
      throw Error(ErrorKind::kIo, "write the frames");
    }
    return Entry{{{"size", kBytes.size()}}, {}, {}};
  };
  stages[1].name = "features";
  stages[1].inputs = {0};
  stages[1].key = KeyBuilder("features", 1).add("frames", stages[0].key).build();
  stages[1].compute = [](const std::vector<Entry>& inputs, const fs::path&) {
    return Entry{Json::object(), read_file(inputs[0].file) + "y", {}};
  };
  return stages;
}

void use_disk(const fs::path& folder, const std::string& letter) {
  DiskCache cache(folder / "cache");
  const ChainResult result = run_chain(chain(), &cache, "subject");
  if (result.entry.bytes != kBytes + "y") throw Error(ErrorKind::kInternal, "a wrong result");
  if (!cache.verify().empty()) throw Error(ErrorKind::kInternal, "an entry that was damaged");
  write_file(folder / "file", letter + result.entry.bytes);
  write_folder_with(folder / "folder", [&](const fs::path& temporary) {
    for (const char* name : {"a", "b"}) write_file(temporary / name, letter + kBytes);
  });
}

}  // namespace
}  // namespace co2net

int main(int, char** arguments) {
  spdlog::set_default_logger(spdlog::stderr_logger_mt("use_disk"));
  spdlog::set_level(spdlog::level::warn);
  try {
    co2net::use_disk(arguments[1], arguments[2]);
    return 0;
  } catch (const co2net::Error& e) {
    std::cerr << e.what() << "\n";
    return e.kind() == co2net::ErrorKind::kIo ? 3 : 1;
  }
}
