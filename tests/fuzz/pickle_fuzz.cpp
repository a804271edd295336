#include "pipeline/formats/npy.h"
#include "pipeline/formats/safetensors.h"
#include "tests/fuzz/fuzzer.h"
#include "tests/fuzz/python_files.h"

void co2net::read(std::string_view bytes) {
  if (bytes.starts_with("PK") || is_npy(bytes) || is_safetensors(bytes)) return;  // others'
  try_input([&] { read_parameters(bytes); });
  read_python_file(bytes, [](const RawArray& array) { fault_if(has_large_number(array)); });
}
