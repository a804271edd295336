# cmake -D SOURCE=DIR -D OUTPUT=FILE.cpp -P write_commit.cmake: writes what cli/commit.h declares.
# The file is only touched where its content changes, so that nothing is built in vain. A folder
# that merely lies in someone else's repository is outside git.
cmake_minimum_required(VERSION 3.25)
set(commit "unknown")
if(EXISTS "${SOURCE}/.git")
  execute_process(
    COMMAND git --no-optional-locks describe --always --dirty --abbrev=12 --exclude=*
    WORKING_DIRECTORY "${SOURCE}" OUTPUT_VARIABLE described RESULT_VARIABLE failed
    OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(NOT failed AND described MATCHES "^[0-9a-f]+(-dirty)?$")
    set(commit "${described}")
  endif()
endif()
file(CONFIGURE OUTPUT "${OUTPUT}" @ONLY CONTENT "#include \"cli/commit.h\"

namespace co2net {

std::string_view commit() { return \"@commit@\"; }

}  // namespace co2net
")
