#include "pipeline/base/version.h"

namespace co2net {

std::string_view version() { return CO2NET_VERSION; }

}  // namespace co2net
