#include "postprocess/predictions.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/text.h"
#include "pipeline/formats/csv.h"

namespace co2net {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

Error defect(const std::string& what) { return {ErrorKind::kInput, what}; }

std::pair<double, double> times_from(const Json& item) {
  const auto times = json_at<std::vector<double>>(item, "segment", ErrorKind::kInput);
  if (times.size() != 2) throw defect("'segment' is not [start, end]");
  return {times[0], times[1]};
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
  return checked({json_at<std::string>(item, "label", ErrorKind::kInput),
                  json_at<double>(item, "score", ErrorKind::kInput), start_s, end_s});
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

// object[key], or null where there is none.
const Json& member(const Json& object, const std::string& key) {
  static const Json kNull;
  const auto found = object.find(key);
  return found == object.end() ? kNull : *found;
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

Predictions from_results(const Json& document) {
  const Json& results = member(document, "results");
  if (!results.is_object()) {
    throw defect("no predictions: want {\"results\": {id: [...]}}, JSON lines with \"id\", or CSV");
  }
  Predictions predictions;
  for (const auto& [id, items] : results.items()) {
    try {
      const std::optional<double> rate = snippet_rate(document, id);
      predictions[id] = {segments_from(items), rate.value_or(kSnippetsPerSecond), !rate};
    } catch (const Error& e) {
      throw e.within("results of '" + id + "'");
    }
  }
  return predictions;
}

void add_line(const Json& line, Predictions& predictions) {
  const auto id = json_at<std::string>(line, "id", ErrorKind::kInput);
  const bool failed = line.contains("error");
  VideoPredictions video;
  if (!failed) video.segments = segments_from(json_at<Json>(line, "segments", ErrorKind::kInput));
  if (!predictions.emplace(id, std::move(video)).second) {
    throw defect("'" + id + "' comes a second time");
  }
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(kSpace) == std::string_view::npos;
}

// Takes the next line, without its end.
std::string_view next_line(std::string_view& text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(text.size(), line.size() + 1));
  return line;
}

Predictions from_lines(std::string_view text) {
  Predictions predictions;
  for (int number = 1; !text.empty(); ++number) {
    const std::string_view line = next_line(text);
    if (is_blank(line)) continue;
    const std::string place = "line " + std::to_string(number);
    const Json json = parse_json(line, place, ErrorKind::kInput);
    try {
      add_line(json, predictions);
    } catch (const Error& e) {
      throw e.within(place);
    }
  }
  return predictions;
}

// Files of one line may be either; they are parsed once.
Predictions from_json(std::string_view text) {
  std::string_view rest = text;
  const Json first = Json::parse(next_line(rest), nullptr, false);
  if (first.is_object() && first.contains("id")) return from_lines(text);
  if (!first.is_discarded() && is_blank(rest)) return from_results(first);
  return from_results(parse_json(text, "results", ErrorKind::kInput));
}

double number_from(const std::string& field) {
  double value = 0;
  const char* end = field.data() + field.size();
  const auto [stop, error] = std::from_chars(field.data(), end, value);
  if (error != std::errc() || stop != end || !std::isfinite(value)) {
    throw defect("'" + field + "' is not a number");
  }
  return value;
}

void add_row(const std::vector<std::string>& fields, Predictions& predictions) {
  if (fields.size() != 5) {
    throw defect("want 5 fields, got " + std::to_string(fields.size()));
  }
  predictions[fields[0]].segments.push_back(
      checked({fields[1], number_from(fields[2]), number_from(fields[3]), number_from(fields[4])}));
}

// The rows after the header.
Predictions from_rows(const std::vector<CsvRow>& rows) {
  Predictions predictions;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    try {
      add_row(rows[i].fields, predictions);
    } catch (const Error& e) {
      throw e.within("line " + std::to_string(rows[i].line));
    }
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

Predictions parse_predictions(std::string_view given, const std::string& name) {
  const std::string_view text = without_byte_order_mark(given);
  const std::size_t start = text.find_first_not_of(kSpace);
  const bool is_json =
      start != std::string_view::npos && (text[start] == '{' || text[start] == '[');
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
