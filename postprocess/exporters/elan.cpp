#include <algorithm>
#include <map>
#include <pugixml.hpp>
#include <queue>
#include <set>
#include <sstream>

#include "pipeline/base/percent_encoding.h"
#include "pipeline/datasets/annotation_formats.h"
#include "postprocess/exporters/formats.h"

namespace co2net {
namespace {

// Times are counted in milliseconds.
struct Aligned {
  std::string label;
  std::int64_t start, end;
  std::string start_slot = {}, end_slot = {};
};

struct Tier {
  std::string id;
  std::vector<Aligned> annotations;
};

// Segments of one class, by their starts, in as few tiers as keep them apart.
std::vector<std::vector<Aligned>> kept_apart(const std::vector<Aligned>& segments) {
  std::vector<std::vector<Aligned>> tiers;
  using End = std::pair<std::int64_t, std::size_t>;  // of a tier
  std::priority_queue<End, std::vector<End>, std::greater<>> ends;
  for (const Aligned& segment : segments) {
    std::size_t tier = tiers.size();
    if (!ends.empty() && ends.top().first <= segment.start) {
      tier = ends.top().second;
      ends.pop();
    } else {
      tiers.emplace_back();
    }
    tiers[tier].push_back(segment);
    ends.emplace(segment.end, tier);
  }
  return tiers;
}

std::string new_name(const std::string& label, std::set<std::string>& names) {
  std::string name = label;
  for (int number = 2; !names.insert(name).second; ++number) {
    name = label + " (" + std::to_string(number) + ")";
  }
  return name;
}

std::vector<Tier> tiers_of(const Timeline& video) {
  std::map<std::string, std::vector<Aligned>> by_label;
  for (const Segment& segment : by_start(video.segments)) {
    const std::string label = one_line(segment.label);
    by_label[label].push_back({label, milliseconds(segment.start_s), milliseconds(segment.end_s)});
  }
  std::vector<Tier> tiers;
  std::set<std::string> names;
  for (const auto& [label, segments] : by_label) {
    for (std::vector<Aligned>& apart : kept_apart(segments)) {
      tiers.push_back({new_name(label, names), std::move(apart)});
    }
  }
  return tiers;
}

// Adds a slot for each time, in the order of time, and tells the annotations which are theirs.
void add_time_order(pugi::xml_node document, std::vector<Tier>& tiers) {
  std::vector<std::pair<std::int64_t, std::string*>> slots;
  for (Tier& tier : tiers) {
    for (Aligned& annotation : tier.annotations) {
      slots.emplace_back(annotation.start, &annotation.start_slot);
      slots.emplace_back(annotation.end, &annotation.end_slot);
    }
  }
  std::ranges::stable_sort(slots, {}, [](const auto& slot) { return slot.first; });
  pugi::xml_node order = document.append_child("TIME_ORDER");
  for (std::size_t i = 0; i < slots.size(); ++i) {
    *slots[i].second = "ts" + std::to_string(i + 1);
    pugi::xml_node slot = order.append_child("TIME_SLOT");
    slot.append_attribute("TIME_SLOT_ID") = slots[i].second->c_str();
    slot.append_attribute("TIME_VALUE") = static_cast<long long>(slots[i].first);
  }
}

void add_property(pugi::xml_node header, const char* name, const std::string& value) {
  pugi::xml_node property = header.append_child("PROPERTY");
  property.append_attribute("NAME") = name;
  property.text() = value.c_str();
}

void add_header(pugi::xml_node document, const Timeline& video) {
  pugi::xml_node header = document.append_child("HEADER");
  header.append_attribute("MEDIA_FILE") = "";
  header.append_attribute("TIME_UNITS") = "milliseconds";
  if (!video.path.empty()) {
    const bool is_absolute = video.path.starts_with('/');
    const std::string address = (is_absolute ? "file://" : "./") + percent_encoded(video.path);
    pugi::xml_node media = header.append_child("MEDIA_DESCRIPTOR");
    media.append_attribute("MEDIA_URL") = address.c_str();
    media.append_attribute("MIME_TYPE") = "video/*";
    if (!is_absolute) media.append_attribute("RELATIVE_MEDIA_URL") = address.c_str();
  }
  add_property(header, kElanId, video.id);
  add_property(header, "lastUsedAnnotationId", std::to_string(video.segments.size()));
}

void add_tiers(pugi::xml_node document, const std::vector<Tier>& tiers) {
  int number = 0;
  for (const Tier& tier : tiers) {
    pugi::xml_node node = document.append_child("TIER");
    node.append_attribute("LINGUISTIC_TYPE_REF") = "default-lt";
    node.append_attribute("TIER_ID") = tier.id.c_str();
    for (const Aligned& annotation : tier.annotations) {
      pugi::xml_node aligned = node.append_child("ANNOTATION").append_child("ALIGNABLE_ANNOTATION");
      aligned.append_attribute("ANNOTATION_ID") = ("a" + std::to_string(++number)).c_str();
      aligned.append_attribute("TIME_SLOT_REF1") = annotation.start_slot.c_str();
      aligned.append_attribute("TIME_SLOT_REF2") = annotation.end_slot.c_str();
      aligned.append_child("ANNOTATION_VALUE").text() = annotation.label.c_str();
    }
  }
}

}  // namespace

std::string elan_text(const Timelines& videos) {
  const Timeline& video = videos.front();
  std::vector<Tier> tiers = tiers_of(video);
  pugi::xml_document file;
  pugi::xml_node declaration = file.append_child(pugi::node_declaration);
  declaration.append_attribute("version") = "1.0";
  declaration.append_attribute("encoding") = "UTF-8";
  pugi::xml_node document = file.append_child("ANNOTATION_DOCUMENT");
  document.append_attribute("AUTHOR") = "co2net";
  document.append_attribute("DATE") =
      "1970-01-01T00:00:00+00:00";  // wanted; equal files stay equal
  document.append_attribute("FORMAT") = "2.8";
  document.append_attribute("VERSION") = "2.8";
  document.append_attribute("xmlns:xsi") = "http://www.w3.org/2001/XMLSchema-instance";
  document.append_attribute("xsi:noNamespaceSchemaLocation") =
      "http://www.mpi.nl/tools/elan/EAFv2.8.xsd";
  add_header(document, video);
  add_time_order(document, tiers);
  add_tiers(document, tiers);
  pugi::xml_node type = document.append_child("LINGUISTIC_TYPE");
  type.append_attribute("GRAPHIC_REFERENCES") = "false";
  type.append_attribute("LINGUISTIC_TYPE_ID") = "default-lt";
  type.append_attribute("TIME_ALIGNABLE") = "true";
  std::ostringstream text;
  file.save(text, "  ", pugi::format_default, pugi::encoding_utf8);
  return text.str();
}

}  // namespace co2net
