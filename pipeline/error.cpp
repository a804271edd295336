#include "pipeline/error.h"

#include <exception>
#include <new>

namespace co2net {

Error current_error() {
  try {
    throw;
  } catch (const Error& e) {
    return e;
  } catch (const std::bad_alloc&) {
    return {ErrorKind::kInternal, "out of memory"};
  } catch (const std::exception& e) {
    return {ErrorKind::kInternal, e.what()};
  }
}

}  // namespace co2net
