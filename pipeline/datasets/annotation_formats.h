#pragma once

#include <optional>
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

// In these a video's labels are those of its segments, and classes are in alphabetical order.
bool are_segment_rows(std::string_view text);  // by the header
Annotations parse_segment_rows(std::string_view text, const std::string& name);

Annotations parse_elan(std::string_view bytes, const std::string& name);
inline constexpr const char* kElanSuffix = ".eaf";
inline constexpr const char* kElanId = "co2net.id";  // property that has the video's id

Annotations parse_labelstudio(std::string_view text, const std::string& name);
Annotations read_labelstudio(const std::filesystem::path& folder);
inline constexpr const char* kLabelStudioTasks = "tasks.json";
inline constexpr const char* kLabelStudioConfig = "config.xml";
// The frame rate that a labelling interface has for all videos; nothing where it leaves that to the
// tasks, or open.
std::optional<double> parse_labelstudio_rate(std::string_view bytes);

inline constexpr const char* kAmbiguousFile = "Ambiguous_test.txt";
AmbiguousIntervals parse_ambiguous(std::string_view text, const std::string& name);
std::string format_ambiguous(const AmbiguousIntervals& ambiguous);

// A time that is written as text. Throws Error(kInput) quoting it if it is no number.
double parse_seconds(std::string_view text);

// Of labels that a file may write once for any number of segments. Throws Error(kInput) for one
// that would take far more memory than its file.
void expect_short(const std::string& label);

// The id of the video at a URL or path, as with_ids() makes it of a single file. Of Label Studio's
// addresses, what local storage serves, and without what uploading puts before the name.
std::string id_of_media(std::string_view address);

// Each label once, in alphabetical order: of a list, of segments.
std::vector<std::string> distinct(const std::vector<std::string>& labels);
std::vector<std::string> labels_of(const std::vector<AnnotatedSegment>& segments);
// The same of videos and all their segments.
std::vector<std::string> all_labels(const std::vector<AnnotatedVideo>& videos);
// Fills in what follows from the segments alone: the videos' labels, and the classes.
void set_labels_of_segments(Annotations& annotations);

}  // namespace co2net
