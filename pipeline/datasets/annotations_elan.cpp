#include <charconv>
#include <pugixml.hpp>
#include <unordered_map>

#include "pipeline/base/error.h"
#include "pipeline/base/inputs.h"
#include "pipeline/base/text.h"
#include "pipeline/datasets/annotation_formats.h"

namespace co2net {
namespace {

[[noreturn]] void bad(const std::string& why) { throw Error(ErrorKind::kInput, why); }

using TimesById = std::unordered_map<std::string, double>;  // in seconds

double seconds_of(std::string_view milliseconds) {
  std::int64_t value = 0;
  const char* end = milliseconds.data() + milliseconds.size();
  const auto [stop, error] = std::from_chars(milliseconds.data(), end, value);
  if (error != std::errc() || stop != end) {
    bad("'" + std::string(milliseconds) + "' is no whole number of milliseconds");
  }
  return static_cast<double>(value) / 1000;
}

// Slots without a time lie somewhere between their neighbours.
TimesById times_of(const pugi::xml_node& document) {
  TimesById times;
  for (const pugi::xml_node& slot : document.child("TIME_ORDER").children("TIME_SLOT")) {
    const pugi::xml_attribute value = slot.attribute("TIME_VALUE");
    const std::string id = slot.attribute("TIME_SLOT_ID").value();
    if (value) times[id] = within("time slot " + id, [&] { return seconds_of(value.value()); });
  }
  return times;
}

// The document may name the video; else it is the one that is called as its file is.
std::string id_of_document(const pugi::xml_node& document, const std::string& file) {
  const pugi::xml_node header = document.child("HEADER");
  const auto property = header.find_child_by_attribute("PROPERTY", "NAME", kElanId);
  if (property) return property.child_value();
  const std::string url = header.child("MEDIA_DESCRIPTOR").attribute("MEDIA_URL").value();
  return url.empty() ? id_of(file) : id_of_media(url);
}

class Tiers {
 public:
  explicit Tiers(const pugi::xml_node& document) : times_(times_of(document)) {
    for (const pugi::xml_node& tier : document.children("TIER")) {
      const std::string id = tier.attribute("TIER_ID").value();
      expect_short(id);
      add(tier, id);
    }
  }

  std::vector<AnnotatedSegment> segments;
  std::set<std::string> not_kept;

 private:
  void add(const pugi::xml_node& tier, const std::string& id) {
    for (const pugi::xml_node& annotation : tier.children("ANNOTATION")) {
      const pugi::xml_node aligned = annotation.child("ALIGNABLE_ANNOTATION");
      const auto start = times_.find(aligned.attribute("TIME_SLOT_REF1").value());
      const auto end = times_.find(aligned.attribute("TIME_SLOT_REF2").value());
      if (!aligned || start == times_.end() || end == times_.end()) {
        not_kept.insert("annotations without times of tier " + id);
        continue;
      }
      const std::string value(trimmed(aligned.child_value("ANNOTATION_VALUE")));
      segments.push_back({value.empty() ? id : value, start->second, end->second});
    }
  }

  const TimesById times_;
};

}  // namespace

Annotations parse_elan(std::string_view bytes, const std::string& name) {
  return within(name, [&] {
    // It knows no entities but XML's own and reads no other file, whatever the document asks for.
    pugi::xml_document file;
    const pugi::xml_parse_result parsed = file.load_buffer(bytes.data(), bytes.size());
    if (!parsed) {
      bad(std::string("not XML: ") + parsed.description() + " at byte " +
          std::to_string(parsed.offset));
    }
    const pugi::xml_node document = file.child("ANNOTATION_DOCUMENT");
    if (!document) bad("XML, but no ANNOTATION_DOCUMENT as ELAN writes it");
    Tiers tiers(document);
    Annotations annotations;
    annotations.videos.push_back({.id = id_of_document(document, name),
                                  .subset = kSubsetOfTags,
                                  .labels = {},
                                  .segments = std::move(tiers.segments)});
    annotations.not_kept = std::move(tiers.not_kept);
    set_labels_of_segments(annotations);
    return annotations;
  });
}

}  // namespace co2net
