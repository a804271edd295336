#include "pipeline/formats/script_code.h"

#include <algorithm>
#include <cctype>

#include "pipeline/formats/zip_archive.h"

namespace co2net {
namespace {

bool is_in_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

bool is_blank(char c) { return std::string_view(" \t\\\r\n").find(c) != std::string_view::npos; }

// Goes through code name by name; what is in quotes and comments is passed over.
class Names {
 public:
  explicit Names(std::string_view code) : rest_(code) {}

  // Moves to the next name, dots included; false at the end.
  bool next() {
    before_ = name_;
    follows_dot_ = false;
    while (!rest_.empty() && !is_in_name(rest_.front())) skip();
    name_.clear();
    for (bool goes_on = true; goes_on && !rest_.empty() && is_in_name(rest_.front());) {
      goes_on = take_part();
    }
    return !name_.empty();
  }

  const std::string& name() const { return name_; }
  const std::string& before() const { return before_; }  // the name before
  bool is_of_a_value() const { return follows_dot_; }    // "(x).name"
  bool is_called() const { return rest_.starts_with('('); }

 private:
  void skip() {
    const char c = rest_.front();
    if (!is_blank(c)) follows_dot_ = c == '.';
    if (c == '#') return drop(rest_.find('\n'));
    drop(1);
    if (c == '"' || c == '\'') skip_quoted(c);
  }

  void skip_quoted(char quote) {
    while (!rest_.empty() && rest_.front() != quote) drop(rest_.front() == '\\' ? 2 : 1);
    drop(1);
  }

  // A name without dots, what is blank after it, and a dot with what is blank after that. Whether
  // there was one.
  bool take_part() {
    const auto end = std::ranges::find_if_not(rest_, is_in_name);
    name_.append(rest_.begin(), end);
    drop(static_cast<std::size_t>(end - rest_.begin()));
    drop_blanks();
    if (!rest_.starts_with('.')) return false;
    name_ += '.';
    drop(1);
    drop_blanks();
    return true;
  }

  void drop_blanks() {
    while (!rest_.empty() && is_blank(rest_.front())) drop(1);
  }
  void drop(std::size_t count) { rest_.remove_prefix(std::min(count, rest_.size())); }

  std::string_view rest_;
  std::string name_, before_;
  bool follows_dot_ = false;
};

// Under which name a call is counted; empty for one of the module's own functions.
std::string call_of(const Names& at) {
  const std::string& name = at.name();
  const std::string root = name.substr(0, name.find('.'));
  if (!at.is_of_a_value() && (root == "torch" || root == "ops")) return name;
  if (!at.is_called() || at.before() == "def" || at.before() == "class") return "";
  if (at.is_of_a_value() || root != name) {
    return root == "__torch__" ? "" : "." + name.substr(name.rfind('.') + 1);
  }
  return root.starts_with('_') ? "" : root;
}

}  // namespace

void count_script_calls(std::string_view code, ScriptCalls& calls) {
  for (Names names(code); names.next();) {
    if (const std::string call = call_of(names); !call.empty()) ++calls[call];
  }
}

ScriptCalls script_calls(std::string_view archive, const std::string& name) {
  ZipArchive zip(archive, name);
  ScriptCalls calls;
  for (const ZipArchive::Entry& entry : zip.entries()) {
    const bool is_code = ("/" + entry.name).find("/code/") != std::string::npos;
    if (!is_code || !entry.name.ends_with(".py")) continue;
    count_script_calls(entry.deflated ? std::string_view(zip.inflate(entry)) : entry.data, calls);
  }
  return calls;
}

}  // namespace co2net
