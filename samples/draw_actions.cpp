// co2net_draw_actions: draws short videos of a figure that performs actions between idle moments,
// and writes which action happens when. The same arguments give the same videos.

#include <algorithm>
#include <boost/program_options.hpp>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <numbers>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <string>
#include <vector>

#include "extractors/video_writer.h"
#include "pipeline/files.h"
#include "samples/actions.h"

namespace po = boost::program_options;

namespace co2net {
namespace {

constexpr int kWidth = 320, kHeight = 240, kFps = 25;

struct Segment {
  const Action* action;
  int first_frame, end_frame;  // half-open
};

// What differs from video to video.
struct Scene {
  cv::Mat background;      // CV_8UC3, kWidth x kHeight
  double body, ground, x;  // height, level of the feet, and place, in pixels
  double tempo;            // of the movements; 1 is that of the actions' functions
  bool mirrored;
  cv::Scalar skin, shirt, trousers;
};

cv::Mat draw_background(cv::RNG& rng) {
  cv::Mat coarse(6, 8, CV_8UC3), fine(kHeight, kWidth, CV_8UC3), background;
  rng.fill(coarse, cv::RNG::UNIFORM, 60, 200);
  rng.fill(fine, cv::RNG::UNIFORM, 0, 256);
  cv::resize(coarse, background, {kWidth, kHeight}, 0, 0, cv::INTER_CUBIC);
  cv::GaussianBlur(fine, fine, {0, 0}, 1.5);
  cv::addWeighted(background, 0.7, fine, 0.3, 0, background);
  return background;
}

cv::Scalar dark_colour(cv::RNG& rng) {
  return {rng.uniform(0., 110.), rng.uniform(0., 110.), rng.uniform(0., 110.)};
}

Scene draw_scene(cv::RNG& rng) {
  Scene scene;
  scene.background = draw_background(rng);
  scene.body = rng.uniform(120., 160.);
  scene.ground = kHeight - rng.uniform(12., 30.);
  scene.x = rng.uniform(0.4, 0.6) * kWidth;
  scene.tempo = rng.uniform(0.85, 1.2);
  scene.mirrored = rng.uniform(0, 2) == 1;
  const double tone = rng.uniform(0.5, 1.);
  scene.skin = cv::Scalar(160, 190, 240) * tone;
  scene.shirt = dark_colour(rng);
  scene.trousers = dark_colour(rng);
  return scene;
}

// Idle gaps and actions in turn; most are `main`, as a video is mostly about one action.
std::vector<Segment> plan(const Action& main, int frames, cv::RNG& rng) {
  const auto some_frames = [&](double low_s, double high_s) {
    return static_cast<int>(std::lround(rng.uniform(low_s, high_s) * kFps));
  };
  std::vector<Segment> segments;
  int start = some_frames(0.8, 2);
  for (;;) {
    const int end = start + some_frames(1.8, 3.6);
    const int gap = some_frames(0.8, 2.4);
    if (end > frames) return segments;
    const bool is_other = rng.uniform(0., 1.) < 0.25;
    const Action& other = all_actions()[rng(static_cast<unsigned>(all_actions().size()))];
    segments.push_back({is_other ? &other : &main, start, end});
    start = end + gap;
  }
}

// Actions fade in from idling and out to it within the third of a second next to their limits.
Pose pose_at(int frame, const std::vector<Segment>& segments, double tempo) {
  const Pose resting = idle(tempo * frame / kFps);
  for (const Segment& segment : segments) {
    if (frame < segment.first_frame || frame >= segment.end_frame) continue;
    const int since = frame - segment.first_frame, left = segment.end_frame - 1 - frame;
    const double share = std::min(1.0, std::min(since, left) / (kFps / 3.0));
    return resting * (1 - share) + segment.action->pose(tempo * since / kFps) * share;
  }
  return resting;
}

cv::Point2d along(double degrees_from_down, double length) {
  const double angle = degrees_from_down * std::numbers::pi / 180;
  return {length * std::sin(angle), length * std::cos(angle)};
}

// Lengths are fractions of the body's height. Points start relative to the hips' centre and are
// placed so that the lowest foot is on the ground, or kLift above it.
void draw_figure(cv::Mat& image, const Scene& scene, const Pose& pose) {
  constexpr double kTorso = 0.30, kNeck = 0.11, kHead = 0.07, kArm = 0.16, kThigh = 0.24;
  struct Limb {
    cv::Point2d root, middle, end;
  };
  const auto limb = [](cv::Point2d root, double angle, double bend, double length) {
    const cv::Point2d middle = root + along(angle, length);
    return Limb{root, middle, middle + along(angle + bend, length)};
  };
  const cv::Point2d up = along(180 - pose[kLean], 1), across(-up.y, up.x);
  const cv::Point2d chest = kTorso * up, head = chest + kNeck * up;
  const Limb legs[] = {limb({0.05, 0}, pose[kLeftThigh], pose[kLeftKnee], kThigh),
                       limb({-0.05, 0}, pose[kRightThigh], pose[kRightKnee], kThigh)};
  const Limb arms[] = {limb(chest + 0.09 * across, pose[kLeftArm], pose[kLeftElbow], kArm),
                       limb(chest - 0.09 * across, pose[kRightArm], pose[kRightElbow], kArm)};
  const double foot = std::max(legs[0].end.y, legs[1].end.y) + pose[kLift];

  constexpr int kSubpixelBits = 4;
  const auto pixel = [&](cv::Point2d p) {
    const double side = scene.mirrored ? -p.x : p.x;
    const cv::Point2d at(scene.x + scene.body * side, scene.ground + scene.body * (p.y - foot));
    return cv::Point(at * (1 << kSubpixelBits));
  };
  const auto line = [&](cv::Point2d a, cv::Point2d b, double thickness, const cv::Scalar& colour) {
    const int pixels = static_cast<int>(std::lround(thickness * scene.body));
    cv::line(image, pixel(a), pixel(b), colour, pixels, cv::LINE_AA, kSubpixelBits);
  };
  for (const Limb& leg : legs) {
    line(leg.root, leg.middle, 0.08, scene.trousers);
    line(leg.middle, leg.end, 0.07, scene.trousers);
  }
  line({0, 0}, chest, 0.17, scene.shirt);
  for (const Limb& arm : arms) {
    line(arm.root, arm.middle, 0.06, scene.shirt);
    line(arm.middle, arm.end, 0.05, scene.skin);
  }
  const auto radius = static_cast<int>(kHead * scene.body * (1 << kSubpixelBits));
  cv::circle(image, pixel(head), radius, scene.skin, cv::FILLED, cv::LINE_AA, kSubpixelBits);
}

void write_video(const std::filesystem::path& path, const Scene& scene,
                 const std::vector<Segment>& segments, int frames) {
  VideoWriterOptions options;
  options.width = kWidth;
  options.height = kHeight;
  options.fps = std::to_string(kFps);
  options.encoder = "libx264";
  options.pixel_format = "yuv420p";
  options.encoder_options = {{"crf", "20"}, {"preset", "veryfast"}};
  write_file_with(path, [&](const std::filesystem::path& temporary) {
    VideoWriter writer(temporary, options);
    for (int frame = 0; frame < frames; ++frame) {
      cv::Mat image = scene.background.clone();
      draw_figure(image, scene, pose_at(frame, segments, scene.tempo));
      writer.write(image.data, static_cast<std::ptrdiff_t>(image.step));
    }
    writer.finish();
  });
}

// A video's entry in ActivityNet's annotation format; times in seconds.
nlohmann::json annotation(const std::vector<Segment>& segments, int frames) {
  const auto seconds = [](int frame) { return static_cast<double>(frame) / kFps; };
  nlohmann::json annotations = nlohmann::json::array();
  for (const Segment& segment : segments) {
    annotations.push_back(
        {{"label", segment.action->label},
         {"segment", {seconds(segment.first_frame), seconds(segment.end_frame)}}});
  }
  return {{"subset", "test"}, {"duration", seconds(frames)}, {"annotations", annotations}};
}

void draw_videos(const std::filesystem::path& directory, int count, double length_s,
                 std::uint64_t seed) {
  const int frames = static_cast<int>(std::lround(length_s * kFps));
  nlohmann::json database;
  for (int index = 0; index < count; ++index) {
    cv::RNG rng(seed * 1'000'003 + static_cast<std::uint64_t>(index) + 1);
    const Action& main = all_actions()[static_cast<std::size_t>(index) % all_actions().size()];
    const std::vector<Segment> segments = plan(main, frames, rng);
    const std::string id = cv::format("actions_%04d", index + 1);
    write_video(directory / (id + ".mp4"), draw_scene(rng), segments, frames);
    database[id] = annotation(segments, frames);
  }
  const nlohmann::json document = {{"version", "co2net drawn actions 1"}, {"database", database}};
  write_file(directory / "annotations.json", document.dump(1) + "\n");
}

int run(int argc, char** argv) {
  std::string directory;
  int count = 0;
  double length_s = 0;
  std::uint64_t seed = 0;
  po::options_description options("co2net_draw_actions -o DIR [options]");
  auto add = options.add_options();
  add("help,h", "show this text");
  add("output,o", po::value(&directory)->required(), "folder for the videos and annotations.json");
  add("count", po::value(&count)->default_value(3), "number of videos");
  add("seconds", po::value(&length_s)->default_value(12), "length of each, 6 to 3600");
  add("seed", po::value(&seed)->default_value(1), "equal seeds give equal videos");
  po::variables_map args;
  po::store(po::command_line_parser(argc, argv).options(options).positional({}).run(), args);
  if (args.count("help") != 0) {
    std::cout << options;
    return 0;
  }
  po::notify(args);
  if (count < 1) throw po::error("--count must be at least 1");
  if (!(length_s >= 6 && length_s <= 3600)) throw po::error("--seconds must be from 6 to 3600");
  draw_videos(directory, count, length_s, seed);
  return 0;
}

}  // namespace
}  // namespace co2net

int main(int argc, char** argv) {
  try {
    return co2net::run(argc, argv);
  } catch (const po::error& e) {
    std::cerr << "co2net_draw_actions: " << e.what() << '\n';
    return 2;
  } catch (const std::exception& e) {
    std::cerr << "co2net_draw_actions: " << e.what() << '\n';
    return 3;
  }
}
