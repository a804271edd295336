#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace co2net {

// What 'co2net help TOPIC' tells, a screen each. Names, defaults and lists are taken from the
// tables that the program works by.
struct HelpTopic {
  std::string_view name;
  std::string_view summary;
  std::string (*text)();
};
const std::vector<HelpTopic>& help_topics();
// Null where there is none of that name.
const HelpTopic* help_topic(std::string_view name);

}  // namespace co2net
