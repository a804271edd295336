#include "pipeline/base/error.h"

#include <algorithm>
#include <exception>
#include <filesystem>
#include <new>
#include <string>

#include "pipeline/base/remedy.h"

namespace co2net {
namespace {

// libtorch adds where in its code, and at which addresses, it threw: which differs from machine to
// machine.
std::string without_backtrace(const std::string& what) {
  return what.substr(0, std::min(what.find("\nException raised from "), what.find("\nframe #0")));
}

}  // namespace

Error current_error() {
  try {
    throw;
  } catch (const Error& e) {
    return e;
  } catch (const std::filesystem::filesystem_error& e) {
    const bool is_of_the_input = e.code() == std::errc::filename_too_long;
    return {is_of_the_input ? ErrorKind::kInput : ErrorKind::kIo,
            "reach " + e.path1().string() + ": " + e.code().message() +
                remedy_for_system(e.code().value())};
  } catch (const std::bad_alloc&) {
    return {ErrorKind::kInternal, "out of memory"};
  } catch (const std::exception& e) {
    return {ErrorKind::kInternal, without_backtrace(e.what())};
  }
}

}  // namespace co2net
