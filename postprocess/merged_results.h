#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/base/json.h"
#include "pipeline/base/shard.h"

namespace co2net {

// Results of several processes that shared the inputs out, as one would have written them: parts
// are JSON documents, JSON lines or CSV, all of them the same. What is kept in memory is text,
// about the size of the result, and of one part at a time what it takes to read it.
class MergedResults {
 public:
  // Takes in a part; `name` leads messages. A video that several parts have must be the same in
  // all, and counts once; one that failed gives way to one that did not, or to a later failure.
  // Errors: Error(kInput) naming the parts and what differs: the form, the model, the recipe, the
  // program's version, the options (of lines, that any of these do), or a video; as
  // parse_predictions(); CSV without the end of its last line. CSV does not tell what made it.
  void add(std::string_view bytes, const std::string& name);

  bool has(const std::string& id) const { return videos_.contains(id); }
  std::vector<std::string> ids() const;     // sorted, those that failed included
  std::vector<std::string> failed() const;  // sorted
  bool tells_failures() const { return form_ != Form::kRows; }
  // The shards ("3/16") that the parts, by what they say of themselves, lack: none where they are
  // all of one number, whatever the other parts are.
  std::vector<std::string> missing_shards() const;

  // The bytes of one process's results. Lines and rows are in that order, then those of other ids,
  // by id; a document always is by id.
  std::string text(const std::vector<std::string>& order = {}) const;

 private:
  enum class Form { kDocument, kLines, kRows };
  struct Video {
    std::map<std::string, std::string> texts;  // by the document's member; "" of lines and rows
    bool failed = false;
    std::string part;  // it is from
  };
  using Videos = std::map<std::string, Video>;

  void expect_form(Form form, const std::string& name);
  void add_document(std::string_view text, const std::string& name);
  void add_lines(std::string_view text, const std::string& name);
  void add_rows(std::string_view text, const std::string& name);
  void expect_same_header(const Json& header);
  void expect_same_making(const std::string& made_by);
  void add(const std::string& id, Video video);
  std::string document_text() const;
  void append_member(const std::string& member, std::string& text) const;

  std::optional<Form> form_;
  std::string first_;    // the first part's name
  Json header_;          // of a document: what it has beside the videos
  std::string made_by_;  // of lines
  std::map<std::uint64_t, std::set<std::uint64_t>> known_;  // shards, by their number
  Videos videos_;
};

}  // namespace co2net
