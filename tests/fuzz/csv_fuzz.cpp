#include "pipeline/formats/csv.h"

#include "tests/fuzz/fuzzer.h"

void co2net::read(std::string_view bytes) {
  for (const CsvRow& row : parse_csv(bytes, "input")) {
    const std::string& last = row.fields.back();
    fault_if(row.line > 2 && row.fields.size() == 3 && last.find('\n') < last.find('"') &&
             last.find('"') != std::string::npos);
  }
}
