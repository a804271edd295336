#include "pipeline/base/unmatched.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <unordered_map>
#include <utility>

#include "pipeline/base/suggestion.h"
#include "pipeline/base/text.h"

namespace co2net {
namespace {

using Strings = std::vector<std::string>;

constexpr const char* kSeparators = "_-./ ";
constexpr std::size_t kMostSeparators = 8;  // that are looked at from either end of a name

// A name with a prefix and an ending taken off, each with the separator that sets it off.
struct Cut {
  const std::string* name = nullptr;
  std::size_t prefix = 0, ending = 0;  // in bytes

  std::size_t size() const { return prefix + ending; }
  std::string core() const { return name->substr(prefix, name->size() - size()); }
};

struct Ends {
  bool prefix = false, ending = false;
};

std::vector<std::size_t> prefixes_of(const std::string& name) {
  std::vector<std::size_t> sizes;
  std::size_t at = 0;
  while (sizes.size() < kMostSeparators &&
         (at = name.find_first_of(kSeparators, at)) < name.size()) {
    sizes.push_back(++at);
  }
  return sizes;
}

std::vector<std::size_t> endings_of(const std::string& name) {
  std::vector<std::size_t> sizes;
  for (std::size_t at = name.size(); at > 0 && sizes.size() < kMostSeparators;) {
    at = name.find_last_of(kSeparators, at - 1);
    if (at == std::string::npos) break;
    sizes.push_back(name.size() - at);
  }
  return sizes;
}

// Every way to take something off the allowed ends, and none.
std::vector<Cut> cuts_of(const std::string& name, const Ends& allowed) {
  std::vector<std::size_t> prefixes, endings;
  if (allowed.prefix) prefixes = prefixes_of(name);
  if (allowed.ending) endings = endings_of(name);
  prefixes.push_back(0);
  endings.push_back(0);
  std::vector<Cut> cuts;
  for (const std::size_t prefix : prefixes) {
    for (const std::size_t ending : endings) {
      if (prefix + ending < name.size()) cuts.push_back({&name, prefix, ending});
    }
  }
  return cuts;
}

// Two names whose cores are the same but for the case of letters.
struct Pair {
  Cut one, other;
  std::size_t size() const { return one.size() + other.size(); }
};

// The pair that needs the least to be taken off, from the given ends of the one name and from the
// remaining ends of the other.
std::optional<Pair> nearest(const Strings& these, const Strings& those, const Ends& of_these) {
  std::unordered_map<std::string, Cut> by_core;
  for (const std::string& name : those) {
    for (const Cut& cut : cuts_of(name, {!of_these.prefix, !of_these.ending})) {
      const auto [known, is_new] = by_core.try_emplace(lower_case(cut.core()), cut);
      if (!is_new && cut.size() < known->second.size()) known->second = cut;
    }
  }
  std::optional<Pair> best;
  for (const std::string& name : these) {
    for (const Cut& cut : cuts_of(name, of_these)) {
      const auto found = by_core.find(lower_case(cut.core()));
      if (found == by_core.end()) continue;
      const Pair pair{cut, found->second};
      if (!best || pair.size() < best->size()) best = pair;
    }
  }
  return best;
}

std::optional<Pair> nearest(const Strings& these, const Strings& those) {
  std::optional<Pair> best;
  for (const Ends& of_these : {Ends{true, true}, Ends{true, false}, Ends{false, true}, Ends{}}) {
    const std::optional<Pair> pair = nearest(these, those, of_these);
    if (pair && (!best || pair->size() < best->size())) best = pair;
  }
  return best;
}

Strings differences(const Pair& pair) {
  Strings found;
  for (const Cut& cut : {pair.one, pair.other}) {
    const std::string& name = *cut.name;
    if (cut.prefix > 0) found.push_back("the prefix '" + name.substr(0, cut.prefix) + "'");
    if (cut.ending > 0) {
      found.push_back("the ending '" + name.substr(name.size() - cut.ending) + "'");
    }
  }
  if (pair.one.core() != pair.other.core()) found.emplace_back("the case of letters");
  return found;
}

}  // namespace

std::string not_among(const std::string& whole, const std::string& name, const Strings& videos) {
  const std::string nearest = suggestion(name, videos);
  return whole + " has no video '" + name + "', but " + counted("videos", videos) +
         (nearest.empty() ? "; name one of them" : nearest);
}

Error nothing_matches(const NamesOf& these, const NamesOf& those, ErrorKind kind) {
  std::string message = "nothing matches: " + counted(these.what, these.names) + ", " +
                        counted(those.what, those.names) + ", and no name is the same";
  if (const std::optional<Pair> pair = nearest(these.names, those.names)) {
    message += ": '" + *pair->one.name + "' and '" + *pair->other.name + "' differ in " +
               joined(differences(*pair)) + " alone; name them alike";
  }
  return {kind, message};
}

}  // namespace co2net
