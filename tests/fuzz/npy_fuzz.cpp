#include "pipeline/formats/npy.h"

#include "tests/fuzz/fuzzer.h"
#include "tests/fuzz/python_files.h"

void co2net::read(std::string_view bytes) {
  try_input([&] { parse_npy(bytes, "input"); });
  if (!is_npy(bytes)) return;  // another fuzzer's
  read_python_file(bytes, [](const RawArray& array) {
    fault_if(array.dtype == "i8" && has_large_number(array));
  });
}
