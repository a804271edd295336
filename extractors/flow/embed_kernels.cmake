# cmake -D SOURCES=tvl1_gpu.cl;exact_rounding.cl -D OUTPUT=FILE.cpp -P embed_kernels.cmake: puts the
# second into the first, where that asks for it, and writes it as what tvl1_gpu.h declares.
cmake_minimum_required(VERSION 3.25)
list(GET SOURCES 0 source_file)
list(GET SOURCES 1 rounding_file)
file(READ "${source_file}" source)
file(READ "${rounding_file}" rounding)
string(REPLACE "//#include exact_rounding.cl" "${rounding}" source "${source}")
file(WRITE "${OUTPUT}" "#include \"extractors/flow/tvl1_gpu.h\"

namespace co2net {

const std::string_view kTvl1GpuSource = R\"co2net_source(${source})co2net_source\";

}  // namespace co2net
")
