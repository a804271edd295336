#include <algorithm>
#include <cmath>
#include <optional>
#include <pugixml.hpp>

#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/base/json.h"
#include "pipeline/base/text.h"
#include "pipeline/datasets/annotation_formats.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

constexpr ErrorKind kKind = ErrorKind::kInput;

[[noreturn]] void bad(const std::string& why) { throw Error(kKind, why); }

std::optional<double> rate_from(const Json& data) {
  if (!data.contains("fps")) return std::nullopt;
  const Json& fps = data["fps"];
  const double rate = fps.is_string() ? parse_seconds(fps.get_ref<const std::string&>())
                                      : json_at<double>(data, "fps", kKind);
  if (!std::isfinite(rate) || !(rate > 0)) bad("'fps' is no frame rate");
  return rate;
}

std::string id_from(const Json& data) {
  if (data.contains("video_id")) return json_at<std::string>(data, "video_id", kKind);
  if (data.contains("video")) return id_of_media(json_at<std::string>(data, "video", kKind));
  bad("its data have no 'video'");
}

// Frames are counted from 1, and the last one belongs to the range.
Interval seconds_of(const Json& range, double rate) {
  const auto start = json_at<std::int64_t>(range, "start", kKind);
  const auto end = json_at<std::int64_t>(range, "end", kKind);
  return {(static_cast<double>(start) - 1) / rate, static_cast<double>(end) / rate};
}

void add_ranges(const Json& value, double rate, std::vector<AnnotatedSegment>& segments) {
  const auto labels = json_at<std::vector<std::string>>(value, "timelinelabels", kKind);
  const auto ranges = json_at<Json::array_t>(value, "ranges", kKind);
  constexpr std::size_t kMost = 1000;
  if (labels.size() > kMost || ranges.size() * labels.size() > kMost) {
    bad("a region has " + std::to_string(ranges.size()) + " ranges with " +
        std::to_string(labels.size()) + " labels each, at most " + std::to_string(kMost) +
        " segments are read of one");
  }
  std::ranges::for_each(labels, expect_short);
  for (const Json& range : ranges) {
    const Interval times = seconds_of(range, rate);
    for (const std::string& label : labels) {
      segments.push_back({label, times.start_s, times.end_s});
    }
  }
}

// What an annotator has submitted; null where nobody has. Of several, the one marked as the truth.
const Json* chosen_annotation(const Json::array_t& annotations) {
  std::vector<const Json*> submitted;
  for (const Json& annotation : annotations) {
    if (annotation.value("ground_truth", false)) return &annotation;
    if (!annotation.value("was_cancelled", false)) submitted.push_back(&annotation);
  }
  if (submitted.size() > 1) {
    bad("has " + std::to_string(submitted.size()) +
        " annotations; mark one of them as ground truth");
  }
  return submitted.empty() ? nullptr : submitted.front();
}

class Tasks {
 public:
  explicit Tasks(std::optional<double> usual_rate) : usual_rate_(usual_rate) {}

  void add(const Json& task) {
    const Json data = json_at<Json::object_t>(task, "data", kKind);
    const Json::array_t annotations = task.contains("annotations")
                                          ? json_at<Json::array_t>(task, "annotations", kKind)
                                          : Json::array_t();
    const Json* chosen = chosen_annotation(annotations);
    if (chosen == nullptr) {
      annotations_.not_kept.insert("tasks that nobody has annotated");
      return;
    }
    AnnotatedVideo& video = annotations_.videos.emplace_back();
    video.id = id_from(data);
    video.subset = kSubsetOfTags;
    within("video " + video.id, [&] { add_results(*chosen, rate_from(data), video); });
  }

  Annotations take() {
    set_labels_of_segments(annotations_);
    return std::move(annotations_);
  }

 private:
  void add_results(const Json& annotation, std::optional<double> own_rate, AnnotatedVideo& video) {
    for (const Json& result : json_at<Json::array_t>(annotation, "result", kKind)) {
      const auto type = json_at<std::string>(result, "type", kKind);
      if (type != "timelinelabels") {
        annotations_.not_kept.insert(type);
        continue;
      }
      const std::optional<double> rate = own_rate ? own_rate : usual_rate_;
      if (!rate) {
        bad("nothing says the frame rate: put the project's labeling interface beside the tasks "
            "as config.xml, with frameRate, and name their folder; or give the task's data 'fps'");
      }
      add_ranges(json_at<Json>(result, "value", kKind), *rate, video.segments);
    }
  }

  const std::optional<double> usual_rate_;
  Annotations annotations_;
};

Annotations parse_tasks(std::string_view text, const std::string& name,
                        std::optional<double> usual_rate) {
  return within(name, [&] {
    Tasks tasks(usual_rate);
    const Json json = parse_json(text, "tasks", kKind);
    for (std::size_t i = 0; i < json.size(); ++i) {
      within("task " + std::to_string(i + 1), [&] {
        try {
          tasks.add(json[i]);
        } catch (const Json::exception& e) {
          bad(e.what());
        }
      });
    }
    return tasks.take();
  });
}

}  // namespace

Annotations parse_labelstudio(std::string_view text, const std::string& name) {
  return parse_tasks(text, name, std::nullopt);
}

std::optional<double> parse_labelstudio_rate(std::string_view bytes) {
  pugi::xml_document config;
  if (!config.load_buffer(bytes.data(), bytes.size())) bad("not XML");
  const pugi::xml_node video = config.find_node(
      [](const pugi::xml_node& node) { return node.name() == std::string("Video"); });
  for (const char* const name : {"frameRate", "framerate"}) {
    const std::string rate = video.attribute(name).value();
    if (!rate.empty() && rate[0] != '$') return parse_seconds(rate);
  }
  return std::nullopt;
}

Annotations read_labelstudio(const fs::path& folder) {
  const fs::path config = folder / kLabelStudioConfig, tasks = folder / kLabelStudioTasks;
  std::optional<double> rate;
  if (fs::exists(config)) {
    const std::string bytes = read_file(config);
    rate = within(config.string(), [&] { return parse_labelstudio_rate(bytes); });
  }
  return parse_tasks(read_text(tasks), tasks.string(), rate);
}

}  // namespace co2net
