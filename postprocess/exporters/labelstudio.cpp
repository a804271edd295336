#include <algorithm>
#include <cmath>
#include <pugixml.hpp>
#include <set>
#include <sstream>

#include "pipeline/base/error.h"
#include "pipeline/base/percent_encoding.h"
#include "pipeline/base/text.h"
#include "pipeline/base/version.h"
#include "postprocess/exporters/formats.h"

namespace co2net {
namespace {

constexpr const char* kControl = "timelineLabels";
constexpr const char* kVideo = "video";

// As Label Studio's local storage serves files, by their paths below its root.
std::string address_of(const Timeline& video) {
  const std::string& path = video.path.empty() ? video.id : video.path;
  return "/data/local-files/?d=" + percent_encoded(path.starts_with("/") ? path.substr(1) : path);
}

Json frames_of(const Segment& segment, double rate) {
  constexpr double kMost = 1e15;
  const auto frame = [&](double seconds) {
    return static_cast<std::int64_t>(std::llround(std::clamp(seconds * rate, 0.0, kMost)));
  };
  const std::int64_t first = frame(segment.start_s) + 1;
  return {{"start", first}, {"end", std::max(first, frame(segment.end_s))}};
}

Json regions_of(const Timeline& video, double rate) {
  Json regions = Json::array();
  for (const Segment& segment : by_start(video.segments)) {
    Json region = {{"id", "segment" + std::to_string(regions.size() + 1)},
                   {"from_name", kControl},
                   {"to_name", kVideo},
                   {"type", "timelinelabels"},
                   {"value",
                    {{"ranges", Json::array({frames_of(segment, rate)})},
                     {"timelinelabels", Json::array({one_line(segment.label)})}}}};
    if (video.has_scores) region["score"] = segment.score;
    regions.push_back(std::move(region));
  }
  return regions;
}

Json task_of(const Timeline& video) {
  const double rate = video.frame_rate.value();
  Json task = {{"data", {{"video", address_of(video)}, {"video_id", video.id}, {"fps", rate}}}};
  const Json result = {{"result", regions_of(video, rate)}};
  if (video.has_scores) {
    task["predictions"] = Json::array({result});
    task["predictions"][0]["model_version"] = "co2net " + std::string(version());
  } else {
    task["annotations"] = Json::array({result});
  }
  return task;
}

void expect_rates(const Timelines& videos) {
  std::vector<std::string> without;
  for (const Timeline& video : videos) {
    if (!video.frame_rate) without.push_back(video.id);
  }
  if (without.empty()) return;
  throw Error(ErrorKind::kUsage, "labelstudio counts frames, and nothing says the frame rate of " +
                                     counted("videos", without) + ": give --fps RATE");
}

// The rate of all videos; where they differ, each task's own.
std::string frame_rate(const Timelines& videos) {
  std::set<double> rates;
  for (const Timeline& video : videos) rates.insert(video.frame_rate.value());
  return rates.size() == 1 ? Json(*rates.begin()).dump() : "$fps";
}

}  // namespace

std::string labelstudio_tasks(const Timelines& videos) {
  expect_rates(videos);
  std::string text = "[";
  for (const Timeline& video : videos) {
    text += (&video == &videos.front() ? "\n" : ",\n") + to_text(task_of(video));
  }
  return text + "\n]\n";
}

std::string labelstudio_config(const Timelines& videos) {
  expect_rates(videos);
  pugi::xml_document config;
  pugi::xml_node view = config.append_child("View");
  pugi::xml_node control = view.append_child("TimelineLabels");
  control.append_attribute("name") = kControl;
  control.append_attribute("toName") = kVideo;
  for (const std::string& label : labels_of(videos)) {
    control.append_child("Label").append_attribute("value") = one_line(label).c_str();
  }
  pugi::xml_node video = view.append_child("Video");
  video.append_attribute("name") = kVideo;
  video.append_attribute("value") = "$video";
  video.append_attribute("frameRate") = frame_rate(videos).c_str();
  video.append_attribute("timelineHeight") = "120";
  std::ostringstream text;
  config.save(text, "  ", pugi::format_default | pugi::format_no_declaration, pugi::encoding_utf8);
  return text.str();
}

}  // namespace co2net
