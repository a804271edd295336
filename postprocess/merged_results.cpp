#include "postprocess/merged_results.h"

#include <algorithm>
#include <utility>

#include "pipeline/base/error.h"
#include "pipeline/base/text.h"
#include "pipeline/formats/csv.h"
#include "postprocess/exporters.h"
#include "postprocess/predictions.h"

namespace co2net {
namespace {

using Strings = std::vector<std::string>;

// The members of a document that are objects by id.
const Strings kByVideo = {"errors", "final", "results", "videos"};
constexpr const char *kResults = "results", *kErrors = "errors", *kShard = "shard",
                     *kMadeBy = "made_by";

Error defect(const std::string& what) { return {ErrorKind::kInput, what}; }

std::string first_line(std::string_view text) {
  return std::string(text.substr(0, text.find('\n')));
}

bool is_json_line(std::string_view line) {
  const std::optional<Json> json = parse_json_if_valid(line);
  return json && json->is_object() && json->contains("id");
}

// Of several lines; the only one is told from a document, which may be large, once it is parsed.
bool are_lines(std::string_view text) {
  return text.find('\n') != std::string_view::npos && is_json_line(first_line(text));
}

std::optional<Shard> shard_from(const Json& document) {
  const auto note = document.find(kShard);
  if (note == document.end()) return std::nullopt;
  const Shard shard = {json_at<std::uint64_t>(*note, "index", ErrorKind::kInput),
                       json_at<std::uint64_t>(*note, "count", ErrorKind::kInput)};
  if (shard.index < shard.count && shard.count <= kMostShards) return shard;
  throw defect("'shard': there is no shard " + to_string(shard));
}

std::string row_text(const CsvRow& row) {
  if (row.fields.size() != 5) {
    throw defect("line " + std::to_string(row.line) + ": want 5 fields, got " +
                 std::to_string(row.fields.size()));
  }
  std::string text;
  for (const std::string& field : row.fields) {
    text += (text.empty() ? "" : ",") + csv_field(field);
  }
  return text + "\n";
}

std::string key_text(const std::string& key) { return to_text(Json(key)) + ":"; }

// In what two texts of a video differ: "videos.path a -> b", where JSON says it.
Strings differences(const std::map<std::string, std::string>& before,
                    const std::map<std::string, std::string>& after) {
  const auto as_json = [](const std::map<std::string, std::string>& texts) {
    Json json = Json::object();
    for (const auto& [key, text] : texts) {
      Json value = parse_json_if_valid(text).value_or(Json(text));
      if (key.empty() && value.is_object()) return value;
      json[key.empty() ? "rows" : key] = value;
    }
    return json;
  };
  constexpr std::size_t kShown = 4, kMostBytes = 120;
  Strings shown;
  for (const std::string& difference : json_differences(as_json(before), as_json(after))) {
    shown.push_back(shown.size() < kShown ? shortened(difference, kMostBytes) : "...");
    if (shown.size() > kShown) break;
  }
  return shown;
}

}  // namespace

void MergedResults::add(std::string_view bytes, const std::string& name) {
  const std::string text = as_text(bytes, name);
  const std::string_view content = trimmed(text);
  if (!content.empty()) parse_predictions(bytes, name);  // for its errors
  within(name, [&] {
    // A share without videos has no line either.
    if (content.empty() || are_lines(content)) return add_lines(content, name);
    content.starts_with('{') ? add_document(content, name) : add_rows(text, name);
  });
}

void MergedResults::expect_form(Form form, const std::string& name) {
  if (!form_) first_ = name;
  if (form_.value_or(form) != form) {
    const auto what = [](Form of) {
      return of == Form::kDocument ? "a JSON document" : of == Form::kLines ? "JSON lines" : "CSV";
    };
    throw defect(std::string("holds ") + what(form) + ", but " + first_ + " " + what(*form_) +
                 "; merge files of one format");
  }
  form_ = form;
}

void MergedResults::add_document(std::string_view text, const std::string& name) {
  Videos videos;
  const auto take = [&](const std::string& id, const Json& value) {
    videos[id].texts[kResults] = to_text(value);
  };
  Json header = parse_json_members(text, ErrorKind::kInput, kResults, take);
  if (header.contains("id") && !header.contains(kResults)) return add_lines(text, name);
  if (!header.contains(kResults) || !header.at(kResults).is_object()) {
    throw defect("no results: want {\"results\": {id: [...]}}, JSON lines with \"id\", or CSV");
  }
  expect_form(Form::kDocument, name);
  if (const std::optional<Shard> shard = shard_from(header)) {
    known_[shard->count].insert(shard->index);
  }
  header.erase(kShard);
  for (const std::string& member : kByVideo) {
    if (member == kResults || !header.contains(member)) continue;
    Json& by_video = header.at(member);
    if (!by_video.is_object()) throw defect("'" + member + "' is no object");
    for (const auto& [id, value] : by_video.items()) videos[id].texts[member] = to_text(value);
    by_video = Json::object();
  }
  expect_same_header(header);
  for (auto& [id, video] : videos) {
    video.failed = video.texts.contains(kErrors) && !video.texts.contains(kResults);
    video.part = name;
    add(id, std::move(video));
  }
}

void MergedResults::expect_same_header(const Json& header) {
  if (header_.is_null()) header_ = header;
  if (header == header_) return;
  throw defect("made otherwise than " + first_ + ": " + joined(json_differences(header_, header)) +
               "; merge results of one model, recipe, program and options");
}

void MergedResults::expect_same_making(const std::string& made_by) {
  if (made_by_.empty()) made_by_ = made_by;
  if (made_by == made_by_) return;
  throw defect("made_by " + made_by + ", but lines before by " + made_by_ +
               "; merge results of one model, recipe, program and options");
}

void MergedResults::add_lines(std::string_view text, const std::string& name) {
  expect_form(Form::kLines, name);
  int number = 0;
  for (const std::string& line : lines_of(text)) {
    ++number;
    if (trimmed(line).empty()) continue;
    within("line " + std::to_string(number), [&] {
      const Json json = parse_json(line, "JSON", ErrorKind::kInput);
      const bool failed = !json.value("error", Json()).is_null();
      if (json.contains(kMadeBy)) expect_same_making(to_text(json.at(kMadeBy)));
      add(json_at<std::string>(json, "id", ErrorKind::kInput),
          {.texts = {{"", line + "\n"}}, .failed = failed, .part = name});
    });
  }
}

void MergedResults::add_rows(std::string_view text, const std::string& name) {
  const std::vector<CsvRow> rows = parse_csv(text, "CSV");
  if (rows.empty() || row_text(rows.front()) != kCsvHeader) {
    throw defect("neither JSON nor CSV whose first line is " + first_line(kCsvHeader));
  }
  if (!text.ends_with('\n')) throw defect("its last line is broken off; make the file anew");
  expect_form(Form::kRows, name);
  Videos videos;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const std::string row = row_text(rows[i]);
    Video& video = videos[rows[i].fields[0]];
    video.texts[""] += row;
    video.part = name;
  }
  for (auto& [id, video] : videos) add(id, std::move(video));
}

void MergedResults::add(const std::string& id, Video video) {
  const auto [place, is_new] = videos_.try_emplace(id);
  Video& known = place->second;
  const bool gives_way = known.failed;
  if (is_new || gives_way) {
    known = std::move(video);
  } else if (!video.failed && video.texts != known.texts) {
    throw defect("video " + id + " is another than in " + known.part + ": " +
                 joined(differences(known.texts, video.texts)) +
                 "; leave out the part that does not count");
  }
}

Strings MergedResults::ids() const {
  Strings ids;
  for (const auto& [id, video] : videos_) ids.push_back(id);
  return ids;
}

Strings MergedResults::failed() const {
  Strings ids;
  for (const auto& [id, video] : videos_) {
    if (video.failed) ids.push_back(id);
  }
  return ids;
}

Strings MergedResults::missing_shards() const {
  Strings missing;
  for (const auto& [count, known] : known_) {
    if (known.size() == count) return {};
    for (std::uint64_t index = 0; index < count; ++index) {
      if (!known.contains(index)) missing.push_back(to_string(Shard{index, count}));
    }
  }
  return missing;
}

std::string MergedResults::text(const Strings& order) const {
  if (form_ == Form::kDocument) return document_text();
  std::string text(form_ == Form::kRows ? kCsvHeader : "");
  std::set<std::string_view> written;
  const auto write = [&](const std::string& id) {
    const auto video = videos_.find(id);
    if (video == videos_.end() || !written.insert(video->first).second) return;
    text += video->second.texts.at("");
  };
  for (const std::string& id : order) write(id);
  for (const auto& [id, video] : videos_) write(id);
  return text;
}

std::string MergedResults::document_text() const {
  std::string text;
  for (const auto& [key, value] : header_.items()) {
    text += (text.empty() ? "{" : ",") + key_text(key);
    if (std::ranges::count(kByVideo, key) > 0) {
      append_member(key, text);
    } else {
      text += to_text(value);
    }
  }
  return text + "}\n";
}

void MergedResults::append_member(const std::string& member, std::string& text) const {
  bool is_first = true;
  text += "{";
  for (const auto& [id, video] : videos_) {
    const auto found = video.texts.find(member);
    if (found == video.texts.end()) continue;
    text += (std::exchange(is_first, false) ? "" : ",") + key_text(id) + found->second;
  }
  text += "}";
}

}  // namespace co2net
