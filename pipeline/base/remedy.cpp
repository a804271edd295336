#include "pipeline/base/remedy.h"

#include <algorithm>
#include <cerrno>

namespace co2net {
namespace {

constexpr std::string_view kSeparator = "; ";
constexpr std::string_view kAfterQuotes = " ,;:.)";

// What is quoted or in brackets at the end, such as a file's name, is one piece.
bool is_within_a_piece(std::string_view message, std::size_t at) {
  const std::string_view before = message.substr(0, at);
  bool is_quoted = false;
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i] != '\'') continue;
    const bool may_begin = i == 0 || before[i - 1] == ' ' || before[i - 1] == '(';
    const bool may_end = kAfterQuotes.find(message[i + 1]) != std::string_view::npos;
    is_quoted = is_quoted ? !may_end : may_begin;  // the rest are apostrophes
  }
  return is_quoted || std::ranges::count(before, '(') > std::ranges::count(before, ')');
}

}  // namespace

Advice advice_in(std::string_view message) {
  for (std::size_t at = message.rfind(kSeparator); at != std::string_view::npos && at > 0;
       at = message.rfind(kSeparator, at - 1)) {
    if (is_within_a_piece(message, at)) continue;
    return {std::string(message.substr(0, at)),
            std::string(message.substr(at + kSeparator.size()))};
  }
  return {std::string(message), ""};
}

const char* remedy_for_system(int error) {
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return "; make room, or name another place";
    case EACCES:
    case EPERM:
    case EROFS:
      return "; allow it, or name another place";
    case ENOENT:
    case ENOTDIR:
      return "; is the name right?";
    case EIO:
      return "; is the disk, or the network's, in order?";
    case ENAMETOOLONG:
      return "; give it a shorter name";
    case EMFILE:
      return "; allow more open files (ulimit -n)";
    default:
      return "";
  }
}

}  // namespace co2net
