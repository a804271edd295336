#include "postprocess/predictions.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/text.h"
#include "pipeline/formats/csv.h"

namespace co2net {
namespace {

Error defect(const std::string& what) { return {ErrorKind::kInput, what}; }

double number_from(const std::string& text) {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || !std::isfinite(value)) {
    throw defect("'" + text + "' is not a number");
  }
  return value;
}

double number_from(const Json& json) {
  if (json.is_string()) return number_from(json.get_ref<const std::string&>());
  if (!json.is_number()) throw defect("neither a number nor text");
  return json.get<double>();
}

// object[key], or null where there is none.
const Json& member(const Json& object, const std::string& key) {
  static const Json kNull;
  const auto found = object.find(key);
  return found == object.end() ? kNull : *found;
}

double number_at(const Json& item, const std::string& key) {
  const Json& value = member(item, key);
  if (value.is_null()) throw defect("'" + key + "' is missing");
  return within("'" + key + "'", [&] { return number_from(value); });
}

std::pair<double, double> times_from(const Json& item) {
  const Json& times = member(item, "segment");
  if (times.is_null()) throw defect("'segment' is missing");
  if (!times.is_array() || times.size() != 2) throw defect("'segment' is not [start, end]");
  return within("'segment'",
                [&] { return std::pair(number_from(times[0]), number_from(times[1])); });
}

Segment checked(const Segment& segment) {
  if (segment.end_s < segment.start_s) {
    throw defect("ends before it starts: " + Json(segment.start_s).dump() + " to " +
                 Json(segment.end_s).dump() + " s");
  }
  return segment;
}

Segment segment_from(const Json& item) {
  const auto [start_s, end_s] = times_from(item);
  return checked({json_at<std::string>(item, "label", ErrorKind::kInput), number_at(item, "score"),
                  start_s, end_s});
}

std::vector<Segment> segments_from(const Json& items) {
  if (!items.is_array()) throw defect("not a list of segments");
  std::vector<Segment> segments;
  for (const Json& item : items) {
    try {
      segments.push_back(segment_from(item));
    } catch (const Error& e) {
      throw e.within("segment " + std::to_string(segments.size()));
    }
  }
  return segments;
}

// Nothing where a results file does not say it.
std::optional<double> snippet_rate(const Json& document, const std::string& id) {
  const Json& fps = member(member(member(document, "videos"), id), "fps");
  const Json& stride = member(member(document, "recipe"), "stride");
  if (!fps.is_number() || !stride.is_number()) return std::nullopt;
  const double rate = fps.get<double>() / stride.get<double>();
  if (!(rate > 0) || !std::isfinite(rate)) throw defect("'fps' / 'stride' is no snippet rate");
  return rate;
}

// Nothing where the object, by id or of one video, does not have it.
std::optional<std::vector<Segment>> final_from(const Json& object, const std::string& key) {
  const Json& items = member(object, key);
  if (items.is_null()) return std::nullopt;
  return within("final segments", [&] { return segments_from(items); });
}

// Nothing where the facts of a video do not say it.
std::optional<double> duration_from(const Json& facts) {
  const Json& duration = member(facts, "duration");
  if (!duration.is_number() || !(duration.get<double>() >= 0)) return std::nullopt;
  return duration.get<double>();
}

// "decode: no frame could be decoded", of {"stage", "message"}; something in any case.
std::string error_from(const Json& error) {
  const Json &stage = member(error, "stage"), &message = member(error, "message");
  if (!message.is_string()) return "failed";
  return (stage.is_string() ? stage.get<std::string>() + ": " : "") + message.get<std::string>();
}

// Empty where the facts of a video do not say that something is missing.
std::string incomplete_from(const Json& facts) {
  const Json& decode = member(facts, "decode");
  if (member(decode, "complete") != Json(false)) return "";
  const Json& reason = member(decode, "first_error");
  return reason.is_string() ? reason.get<std::string>() : "something is missing";
}

void take_facts(const Json& facts, VideoPredictions& video) {
  video.facts = facts;
  video.duration_s = duration_from(facts);
  video.incomplete = incomplete_from(facts);
}

void add_line(const Json& line, Predictions& predictions) {
  VideoPredictions& video = predictions.emplace_back();
  video.id = json_at<std::string>(line, "id", ErrorKind::kInput);
  if (const Json& error = member(line, "error"); !error.is_null()) {
    video.error = error_from(error);
    return;
  }
  video.segments = segments_from(json_at<Json>(line, "segments", ErrorKind::kInput));
  video.final_segments = final_from(line, "final");
  take_facts(member(line, "video"), video);
}

// Videos that failed are named apart from those that have results.
void add_failed(const Json& errors, Predictions& predictions) {
  if (!errors.is_object()) return;
  std::unordered_set<std::string> known;
  for (const VideoPredictions& video : predictions) known.insert(video.id);
  for (const auto& [id, error] : errors.items()) {
    if (known.contains(id)) continue;
    predictions.emplace_back().id = id;
    predictions.back().error = error_from(error);
  }
}

// A results file, or a single line of JSON lines.
Predictions from_document(std::string_view text) {
  Predictions predictions;
  const auto take = [&](const std::string& id, const Json& items) {
    within("results of '" + id + "'",
           [&] { predictions.push_back({.id = id, .segments = segments_from(items)}); });
  };
  const Json document = parse_json_members(text, ErrorKind::kInput, "results", take);
  if (document.contains("id")) {
    within("line 1", [&] { add_line(document, predictions); });
    return predictions;
  }
  if (!member(document, "results").is_object()) {
    throw defect("no predictions: want {\"results\": {id: [...]}}, JSON lines with \"id\", or CSV");
  }
  for (VideoPredictions& video : predictions) {
    within("results of '" + video.id + "'", [&] {
      const std::optional<double> rate = snippet_rate(document, video.id);
      video.snippets_per_second = rate.value_or(kSnippetsPerSecond);
      video.rate_is_assumed = !rate;
      video.final_segments = final_from(member(document, "final"), video.id);
      take_facts(member(member(document, "videos"), video.id), video);
    });
  }
  add_failed(member(document, "errors"), predictions);
  return predictions;
}

// Takes the next line, without its end.
std::string_view next_line(std::string_view& text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(text.size(), line.size() + 1));
  return line;
}

Predictions from_lines(std::string_view text) {
  Predictions predictions;
  std::unordered_set<std::string> ids;
  for (int number = 1; !text.empty(); ++number) {
    const std::string_view line = next_line(text);
    if (trimmed(line).empty()) continue;
    const std::string place = "line " + std::to_string(number);
    const Json json = parse_json(line, place, ErrorKind::kInput);
    within(place, [&] {
      add_line(json, predictions);
      const std::string& id = predictions.back().id;
      if (!ids.insert(id).second) throw defect("'" + id + "' comes a second time");
    });
  }
  return predictions;
}

bool is_json_line(std::string_view line) {
  const std::optional<Json> json = parse_json_if_valid(line);
  return json && json->contains("id");
}

Predictions from_json(std::string_view text) {
  std::string_view rest = text;
  const std::string_view first = next_line(rest);
  const bool are_lines = !trimmed(rest).empty() && is_json_line(first);
  return are_lines ? from_lines(text) : from_document(text);
}

Segment segment_from(const std::vector<std::string>& fields) {
  if (fields.size() != 5) {
    throw defect("want 5 fields, got " + std::to_string(fields.size()));
  }
  return checked(
      {fields[1], number_from(fields[2]), number_from(fields[3]), number_from(fields[4])});
}

// The rows after the header.
Predictions from_rows(const std::vector<CsvRow>& rows) {
  Predictions predictions;
  std::unordered_map<std::string, std::size_t> places;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const Segment segment = within("line " + std::to_string(rows[i].line),
                                   [&] { return segment_from(rows[i].fields); });
    const std::string& id = rows[i].fields[0];
    const auto [at, is_new] = places.emplace(id, predictions.size());
    if (is_new) predictions.push_back({id, {}});
    predictions[at->second].segments.push_back(segment);
  }
  return predictions;
}

Predictions from_csv(std::string_view text) {
  const std::vector<std::string> header = parse_csv(kCsvHeader, "header").front().fields;
  const std::vector<CsvRow> rows = parse_csv(text, "CSV");
  if (rows.empty() || rows.front().fields != header) {
    throw defect("neither JSON nor CSV whose first line is " + joined(header));
  }
  return from_rows(rows);
}

}  // namespace

Predictions parse_predictions(std::string_view bytes, const std::string& name) {
  const std::string text = as_text(bytes, name);
  const std::string_view content = trimmed(text);
  const bool is_json = content.starts_with('{') || content.starts_with('[');
  try {
    return is_json ? from_json(text) : from_csv(text);
  } catch (const Error& e) {
    throw e.within(name);
  }
}

Predictions read_predictions(const std::filesystem::path& path) {
  return parse_predictions(read_file(path), path.string());
}

}  // namespace co2net
