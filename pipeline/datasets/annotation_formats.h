#pragma once

#include <string>
#include <string_view>

#include "pipeline/datasets/annotations.h"

// The formats of pipeline/datasets/annotations.h one by one. What is read may still break the
// promises of Annotations, which read_annotations() checks for all of them alike.
namespace co2net {

Annotations parse_activitynet(std::string_view text, const std::string& name);

Annotations read_wtalc(const std::filesystem::path& folder);
void write_wtalc(const Annotations& annotations, const std::filesystem::path& folder);
bool is_wtalc_file(const std::filesystem::path& file);  // that write_wtalc() would replace
inline constexpr const char* kWtalcClassesFile = "classlist.npy";
std::vector<std::string> read_wtalc_classes(const std::filesystem::path& file);

Annotations read_thumos(const std::filesystem::path& folder);
void write_thumos(const Annotations& annotations, const std::filesystem::path& folder);
bool is_thumos_name(const std::filesystem::path& file);
bool is_thumos_file(const std::filesystem::path& file);  // of that name, and with such lines

inline constexpr const char* kAmbiguousFile = "Ambiguous_test.txt";
AmbiguousIntervals parse_ambiguous(std::string_view text, const std::string& name);
std::string format_ambiguous(const AmbiguousIntervals& ambiguous);

// A time that is written as text. Throws Error(kInput) quoting it if it is no number.
double parse_seconds(std::string_view text);

// Each label once, in alphabetical order: of a list, of segments.
std::vector<std::string> distinct(const std::vector<std::string>& labels);
std::vector<std::string> labels_of(const std::vector<AnnotatedSegment>& segments);
// The same of videos and all their segments.
std::vector<std::string> all_labels(const std::vector<AnnotatedVideo>& videos);

}  // namespace co2net
