#pragma once

#include <string_view>

namespace co2net {

// The page (HTML with its style and scripts, UTF-8) that shows a report's data, which lie in
// data/ beside it; made of the files in page/ when the program is built.
std::string_view report_page();

}  // namespace co2net
