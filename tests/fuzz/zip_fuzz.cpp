#include "pipeline/formats/zip_archive.h"

#include "pipeline/formats/script_code.h"
#include "tests/fuzz/fuzzer.h"
#include "tests/fuzz/python_files.h"

void co2net::read(std::string_view bytes) {
  try_input([&] {
    ZipArchive archive(bytes, "input");
    for (const ZipArchive::Entry& entry : archive.entries()) {
      try_input([&] { archive.check(entry); });
      try_input([&] { archive.inflate(entry); });
    }
  });
  if (!bytes.starts_with("PK")) return;  // another fuzzer's
  try_input([&] { read_parameters(bytes); });
  try_input([&] { script_calls(bytes, "input"); });
  read_python_file(bytes, [](const RawArray& array) { fault_if(has_large_number(array)); });
}
