// co2net_draw_actions: draws videos of a figure that performs actions between idle moments, and
// writes which action happens when. The same arguments give the same videos.

#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <numbers>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <optional>
#include <string>
#include <vector>

#include "extractors/video/video_writer.h"
#include "pipeline/base/files.h"
#include "samples/actions.h"
#include "samples/program.h"

namespace po = boost::program_options;

namespace co2net {
namespace {

constexpr int kWidth = 320, kHeight = 240, kFps = 25;

int frames_of(double seconds) { return static_cast<int>(std::lround(seconds * kFps)); }

bool happens(cv::RNG& rng, double probability) { return rng.uniform(0., 1.) < probability; }

using Actions = std::vector<const Action*>;

const Action* some_action(const Actions& actions, cv::RNG& rng) {
  return actions[rng(static_cast<unsigned>(actions.size()))];
}

// What the figure does during some frames. Without an action it idles: it stands, strolls, or holds
// still in the pose that `frozen` has at `since_s`.
struct Spell {
  int first_frame, end_frame;  // half-open
  const Action* action = nullptr;
  const Action* frozen = nullptr;
  bool strolls = false;
  double since_s = 0;  // into the movement, at its first frame
};

Spell idle_spell(const Actions& actions, int first_frame, int end_frame, cv::RNG& rng) {
  Spell spell{first_frame, end_frame};
  const double choice = rng.uniform(0., 1.);
  if (choice < 0.3) {
    spell.frozen = some_action(actions, rng);
  } else if (choice < 0.5) {
    spell.strolls = true;
  }
  spell.since_s = rng.uniform(0., 8.);
  return spell;
}

// An untrimmed video: idle and acting in turn, by up to three classes, `main` surely among them.
std::vector<Spell> plan_untrimmed(const Actions& actions, const Action* main, int frames,
                                  cv::RNG& rng) {
  Actions present = {main};
  if (happens(rng, 0.6)) present.push_back(some_action(actions, rng));
  if (happens(rng, 0.3)) present.push_back(some_action(actions, rng));
  constexpr double kShortest_s = 2.5;
  const int last_end = frames - frames_of(0.6);
  std::vector<Spell> spells;
  for (int start = 0;;) {
    const bool is_first = spells.empty();
    int action_start = start + frames_of(rng.uniform(1.2, 6.));
    int action_end = action_start + frames_of(rng.uniform(kShortest_s, 7.));
    const Action* action = is_first ? main : some_action(present, rng);
    if (is_first) {  // fits into any video
      action_end = std::min(action_end, last_end);
      action_start = std::min(action_start, action_end - frames_of(kShortest_s));
    }
    const bool fits = action_end <= last_end;
    spells.push_back(idle_spell(actions, start, fits ? action_start : frames, rng));
    if (!fits) return spells;
    spells.push_back({action_start, action_end, action});
    start = action_end;
  }
}

// A video where nothing happens: one idle spell after the other.
std::vector<Spell> plan_background(const Actions& actions, int frames, cv::RNG& rng) {
  std::vector<Spell> spells;
  for (int start = 0; start < frames;) {
    const int end = std::min(start + frames_of(rng.uniform(2., 8.)), frames);
    spells.push_back(idle_spell(actions, start, end, rng));
    start = end;
  }
  return spells;
}

// A trimmed video: one spell, idle without an action.
std::vector<Spell> plan_trimmed(const Actions& actions, const Action* action, int frames,
                                cv::RNG& rng) {
  if (action == nullptr) return {idle_spell(actions, 0, frames, rng)};
  return {
      {.first_frame = 0, .end_frame = frames, .action = action, .since_s = rng.uniform(0., 8.)}};
}

// A figure's looks and place.
struct Figure {
  double body, ground, x;  // height, level of the feet, and place, in pixels
  double tempo;            // of the movements; 1 is that of the actions' functions
  double stoutness;        // of the limbs; 1 is the usual
  bool mirrored;
  cv::Scalar skin, shirt, trousers;
};

// A ball that rolls through the picture behind the figure.
struct Ball {
  double start_s, x_per_s, y, radius;
  cv::Scalar colour;
};

// A slow or fast oscillation about 0.
struct Sway {
  double amplitude, period_s, phase_s;
  double at(double seconds) const {
    return amplitude * std::sin(2 * std::numbers::pi * (seconds + phase_s) / period_s);
  }
};

// What differs from video to video.
struct Scene {
  cv::Mat background;  // CV_8UC3, kMargin pixels larger than the picture on every side
  Figure figure;
  std::optional<Figure> bystander;
  std::vector<Ball> balls;
  Sway pan_x, pan_y, shake_x, shake_y, zoom;  // the camera's
  Sway light, tint;
  cv::Mat noise;  // CV_16SC3, larger than the picture
};

constexpr int kMargin = 40;

cv::Scalar some_colour(cv::RNG& rng, double low, double high) {
  return {rng.uniform(low, high), rng.uniform(low, high), rng.uniform(low, high)};
}

cv::Mat draw_background(cv::RNG& rng) {
  const cv::Size size(kWidth + 2 * kMargin, kHeight + 2 * kMargin);
  cv::Mat coarse(6, 8, CV_8UC3), fine(size, CV_8UC3), background;
  rng.fill(coarse, cv::RNG::UNIFORM, 50, 210);
  rng.fill(fine, cv::RNG::UNIFORM, 0, 256);
  cv::resize(coarse, background, size, 0, 0, cv::INTER_CUBIC);
  for (int i = rng.uniform(0, 7); i > 0; --i) {
    const int y = rng.uniform(0, size.height), x = rng.uniform(0, size.width);
    const int height = rng.uniform(15, 90), width = rng.uniform(15, 90);
    cv::rectangle(background, cv::Rect(x, y, width, height), some_colour(rng, 40, 210), cv::FILLED);
  }
  cv::GaussianBlur(fine, fine, {0, 0}, rng.uniform(1., 2.5));
  cv::addWeighted(background, 0.7, fine, 0.3, 0, background);
  return background;
}

Figure draw_looks(cv::RNG& rng) {
  Figure figure;
  figure.body = rng.uniform(130., 175.);
  figure.ground = kHeight - rng.uniform(10., 26.);
  figure.x = rng.uniform(0.4, 0.6) * kWidth;
  figure.tempo = rng.uniform(0.85, 1.2);
  figure.stoutness = rng.uniform(0.85, 1.2);
  figure.mirrored = happens(rng, 0.5);
  figure.skin = cv::Scalar(160, 190, 240) * rng.uniform(0.5, 1.);
  figure.shirt = some_colour(rng, 10, 150);
  figure.trousers = some_colour(rng, 10, 110);
  return figure;
}

Sway some_sway(cv::RNG& rng, double amplitude, double period_low_s, double period_high_s) {
  return {rng.uniform(0., amplitude), rng.uniform(period_low_s, period_high_s),
          rng.uniform(0., 20.)};
}

Scene draw_scene(double length_s, cv::RNG& rng) {
  Scene scene;
  scene.background = draw_background(rng);
  scene.figure = draw_looks(rng);
  if (happens(rng, 0.4)) {
    Figure bystander = draw_looks(rng);
    bystander.body *= 0.6;
    bystander.ground -= 15;
    bystander.x = kWidth * (happens(rng, 0.5) ? 0.12 : 0.88);
    scene.bystander = bystander;
  }
  for (double start_s = rng.uniform(-3., 10.); start_s < length_s;
       start_s += rng.uniform(4., 14.)) {
    const double speed = rng.uniform(50., 140.) * (happens(rng, 0.5) ? 1 : -1);
    scene.balls.push_back({start_s, speed, rng.uniform(0.1, 0.9) * kHeight, rng.uniform(6., 16.),
                           some_colour(rng, 20, 230)});
  }
  scene.pan_x = some_sway(rng, 18, 6, 15);
  scene.pan_y = some_sway(rng, 8, 6, 15);
  scene.shake_x = some_sway(rng, 1.2, 0.2, 0.6);
  scene.shake_y = some_sway(rng, 1.2, 0.2, 0.6);
  scene.zoom = some_sway(rng, 0.06, 5, 15);
  scene.light = some_sway(rng, 0.2, 3, 12);
  scene.tint = some_sway(rng, 12, 5, 15);
  scene.noise.create(kHeight + 2 * kMargin, kWidth + 2 * kMargin, CV_16SC3);
  rng.fill(scene.noise, cv::RNG::NORMAL, 0, rng.uniform(3., 9.));
  return scene;
}

struct Posture {
  Pose pose;
  Prop prop = Prop::kNone;
};

Posture posture_in(const Spell& spell, int frame, const Figure& figure) {
  const double since = spell.since_s + figure.tempo * (frame - spell.first_frame) / kFps;
  if (spell.action != nullptr) {
    const bool backwards = spell.action->is_chiral && figure.mirrored;
    return {spell.action->pose(backwards ? -since : since), spell.action->prop};
  }
  if (spell.frozen != nullptr) {
    return {spell.frozen->pose(spell.since_s) * 0.94 + idle(since) * 0.06, spell.frozen->prop};
  }
  return {spell.strolls ? stroll(since) : idle(since)};
}

// Spells fade into standing, and out of it, within the fifth of a second next to their limits.
Posture posture_at(int frame, const std::vector<Spell>& spells, const Figure& figure) {
  const auto spell = std::ranges::find_if(
      spells, [frame](const Spell& s) { return frame >= s.first_frame && frame < s.end_frame; });
  Posture posture = posture_in(*spell, frame, figure);
  const double fade = kFps / 5.;
  const bool is_first = spell == spells.begin(), is_last = spell + 1 == spells.end();
  const double since = is_first ? fade : frame - spell->first_frame + 1;
  const double left = is_last ? fade : spell->end_frame - frame;
  const double share = std::min(1.0, std::min(since, left) / fade);
  posture.pose = idle(figure.tempo * frame / kFps) * (1 - share) + posture.pose * share;
  return posture;
}

// Maps the scene's pixels to the picture's.
cv::Matx23d camera_at(const Scene& scene, double seconds) {
  const double zoom = 1 + scene.zoom.at(seconds);
  const double x = scene.pan_x.at(seconds) + scene.shake_x.at(seconds);
  const double y = scene.pan_y.at(seconds) + scene.shake_y.at(seconds);
  const double centre_x = kWidth / 2., centre_y = kHeight / 2.;
  return {zoom, 0, centre_x * (1 - zoom) + x, 0, zoom, centre_y * (1 - zoom) + y};
}

constexpr int kSubpixelBits = 4;

cv::Point pixel(const cv::Matx23d& camera, cv::Point2d scene_point) {
  const cv::Vec2d at = camera * cv::Vec3d(scene_point.x, scene_point.y, 1);
  return cv::Point(cv::Point2d(at[0], at[1]) * (1 << kSubpixelBits));
}

void draw_disc(cv::Mat& image, const cv::Matx23d& camera, cv::Point2d centre, double radius,
               const cv::Scalar& colour) {
  const auto scaled = static_cast<int>(radius * camera(0, 0) * (1 << kSubpixelBits));
  cv::circle(image, pixel(camera, centre), scaled, colour, cv::FILLED, cv::LINE_AA, kSubpixelBits);
}

cv::Point2d along(double degrees_from_down, double length) {
  const double angle = degrees_from_down * std::numbers::pi / 180;
  return {length * std::sin(angle), length * std::cos(angle)};
}

// Lengths are fractions of the body's height. Points start relative to the hips' centre and are
// placed so that the lowest foot is on the ground.
void draw_figure(cv::Mat& image, const cv::Matx23d& camera, const Figure& figure,
                 const Posture& posture) {
  constexpr double kTorso = 0.30, kNeck = 0.11, kHead = 0.07, kArm = 0.16, kThigh = 0.24;
  const Pose& pose = posture.pose;
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
  const double foot = std::max(legs[0].end.y, legs[1].end.y);

  const auto place = [&](cv::Point2d p) {
    const double side = (figure.mirrored ? -1 : 1) * (p.x + pose[kShift]);
    return cv::Point2d(figure.x + figure.body * side, figure.ground + figure.body * (p.y - foot));
  };
  const auto line = [&](cv::Point2d a, cv::Point2d b, double thickness, const cv::Scalar& colour) {
    const double pixels = thickness * figure.body * camera(0, 0);
    cv::line(image, pixel(camera, place(a)), pixel(camera, place(b)), colour,
             std::max(1, static_cast<int>(std::lround(pixels))), cv::LINE_AA, kSubpixelBits);
  };
  const auto disc = [&](cv::Point2d centre, double radius, const cv::Scalar& colour) {
    draw_disc(image, camera, place(centre), radius * figure.body, colour);
  };
  const double stout = figure.stoutness;
  for (const Limb& leg : legs) {
    line(leg.root, leg.middle, 0.08 * stout, figure.trousers);
    line(leg.middle, leg.end, 0.07 * stout, figure.trousers);
  }
  line({0, 0}, chest, 0.17 * stout, figure.shirt);
  disc(head, kHead, figure.skin);
  if (posture.prop == Prop::kBarbell) {
    const cv::Point2d left = arms[0].end, right = arms[1].end;
    const cv::Point2d reach = 0.35 * (left - right);
    line(left + reach, right - reach, 0.025, cv::Scalar(60, 60, 60));
    for (const cv::Point2d& end : {left + reach, right - reach}) disc(end, 0.075, {40, 30, 30});
  }
  for (const Limb& arm : arms) {
    line(arm.root, arm.middle, 0.06 * stout, figure.shirt);
    line(arm.middle, arm.end, 0.05 * stout, figure.skin);
  }
  if (posture.prop == Prop::kRedPaddle || posture.prop == Prop::kGreenPaddle) {
    const cv::Scalar colour =
        posture.prop == Prop::kRedPaddle ? cv::Scalar(40, 30, 225) : cv::Scalar(60, 200, 40);
    const cv::Point2d hand = arms[0].end, held = hand + 0.45 * (hand - arms[0].middle);
    disc(held, 0.085, colour);
  }
}

cv::Mat draw_frame(const Scene& scene, const std::vector<Spell>& spells, int frame) {
  const double seconds = static_cast<double>(frame) / kFps;
  const cv::Matx23d camera = camera_at(scene, seconds);
  cv::Matx23d from_background = camera;
  for (int row = 0; row < 2; ++row) from_background(row, 2) -= camera(0, 0) * kMargin;
  cv::Mat image;
  cv::warpAffine(scene.background, image, from_background, {kWidth, kHeight}, cv::INTER_LINEAR,
                 cv::BORDER_REFLECT);
  for (const Ball& ball : scene.balls) {
    const double x =
        (ball.x_per_s > 0 ? -40 : kWidth + 40) + ball.x_per_s * (seconds - ball.start_s);
    if (seconds >= ball.start_s) draw_disc(image, camera, {x, ball.y}, ball.radius, ball.colour);
  }
  if (scene.bystander) {
    draw_figure(image, camera, *scene.bystander, {idle(scene.bystander->tempo * seconds)});
  }
  draw_figure(image, camera, scene.figure, posture_at(frame, spells, scene.figure));

  const double tint = scene.tint.at(seconds);
  cv::Mat lit;
  image.convertTo(lit, CV_16S, 1 + scene.light.at(seconds));
  cv::RNG rng(static_cast<std::uint64_t>(frame) + 1);
  const int y = rng.uniform(0, 2 * kMargin), x = rng.uniform(0, 2 * kMargin);
  cv::add(lit, scene.noise(cv::Rect(x, y, kWidth, kHeight)), lit);
  cv::add(lit, cv::Scalar(tint, 0, -tint), lit);
  lit.convertTo(image, CV_8U);
  return image;
}

void write_video(const std::filesystem::path& path, const Scene& scene,
                 const std::vector<Spell>& spells) {
  VideoWriterOptions options;
  options.width = kWidth;
  options.height = kHeight;
  options.fps = std::to_string(kFps);
  options.encoder = "libx264";
  options.pixel_format = "yuv420p";
  options.encoder_options = {{"crf", "26"}, {"preset", "superfast"}};
  write_file_with(path, [&](const std::filesystem::path& temporary) {
    VideoWriter writer(temporary, options);
    for (int frame = 0; frame < spells.back().end_frame; ++frame) {
      const cv::Mat image = draw_frame(scene, spells, frame);
      writer.write(image.data, static_cast<std::ptrdiff_t>(image.step));
    }
    writer.finish();
  });
}

// A video's entry in ActivityNet's annotation format; times in seconds.
nlohmann::json annotation(const std::string& subset, const std::vector<Spell>& spells) {
  const auto seconds = [](int frame) { return static_cast<double>(frame) / kFps; };
  nlohmann::json annotations = nlohmann::json::array();
  for (const Spell& spell : spells) {
    if (spell.action == nullptr) continue;
    annotations.push_back({{"label", spell.action->label},
                           {"segment", {seconds(spell.first_frame), seconds(spell.end_frame)}}});
  }
  return {{"subset", subset},
          {"duration", seconds(spells.back().end_frame)},
          {"annotations", annotations}};
}

struct Request {
  std::filesystem::path directory;
  int training = 0, test = 0;                        // videos of each subset, with actions
  int training_background = 0, test_background = 0;  // and without
  Actions actions;
  bool trimmed = false;
  std::optional<double> length_s;  // of each video
  std::uint64_t seed = 1;
};

struct Drawing {
  std::string id, subset;
  bool is_background;
  int index;  // in its subset, of its kind
};

// Multiplication by the odd constant is one to one, and spreads near seeds.
cv::RNG random_for(const Request& request, const Drawing& drawing) {
  cv::RNG rng(((request.seed << 32) + (drawing.is_background ? 1ull << 31 : 0ull) +
               (static_cast<std::uint64_t>(drawing.index) << 2) +
               (drawing.subset == "test" ? 2u : 0u) + (request.trimmed ? 1u : 0u) + 1) *
              0x9e3779b97f4a7c15u);
  for (int i = 0; i < 4; ++i) rng.next();
  return rng;
}

// Draws one video into a folder and returns its annotation.
nlohmann::json draw_video(const Request& request, const Drawing& drawing,
                          const std::filesystem::path& folder) {
  cv::RNG rng = random_for(request, drawing);
  const Actions& actions = request.actions;
  const auto turn = static_cast<std::size_t>(drawing.index);
  std::vector<Spell> spells;
  double length_s = 0;
  if (request.trimmed) {
    length_s = request.length_s.value_or(2.56);
    const std::size_t which = turn % (actions.size() + 1);
    const Action* action = which < actions.size() ? actions[which] : nullptr;
    spells = plan_trimmed(actions, action, frames_of(length_s), rng);
  } else {
    length_s = request.length_s.value_or(20 + 70 * std::pow(rng.uniform(0., 1.), 2));
    const int frames = frames_of(length_s);
    spells = drawing.is_background
                 ? plan_background(actions, frames, rng)
                 : plan_untrimmed(actions, actions[turn % actions.size()], frames, rng);
  }
  const Scene scene = draw_scene(length_s, rng);
  write_video(folder / (drawing.id + ".mp4"), scene, spells);
  return annotation(drawing.subset, spells);
}

// Whether a file in the folder may be one of an earlier call, which the new ones replace.
bool is_drawn(const std::string& name) {
  return name == "annotations.json" ||
         ((name.starts_with("training_") || name.starts_with("test_")) && name.ends_with(".mp4"));
}

void draw_videos(const Request& request) {
  std::vector<Drawing> drawings;
  const auto add = [&](const std::string& subset, bool is_background, int count) {
    const std::string name = subset + (is_background ? "_background" : "");
    for (int i = 0; i < count; ++i) {
      drawings.push_back({cv::format("%s_%04d", name.c_str(), i + 1), subset, is_background, i});
    }
  };
  add("training", false, request.training);
  add("test", false, request.test);
  add("training", true, request.training_background);
  add("test", true, request.test_background);
  cv::setNumThreads(1);
  expect_only_in(request.directory, is_drawn);
  write_folder_with(request.directory, [&](const std::filesystem::path& folder) {
    std::vector<nlohmann::json> annotations(drawings.size());
    oneapi::tbb::parallel_for(std::size_t{0}, drawings.size(), [&](std::size_t i) {
      annotations[i] = draw_video(request, drawings[i], folder);
    });
    nlohmann::json database;
    for (std::size_t i = 0; i < drawings.size(); ++i) database[drawings[i].id] = annotations[i];
    const nlohmann::json document = {{"version", "co2net drawn actions 2"}, {"database", database}};
    write_file(folder / "annotations.json", document.dump(1) + "\n");
  });
}

// All of them unless labels are given.
Actions chosen_actions(const std::vector<std::string>& labels) {
  Actions chosen;
  for (const Action& action : all_actions()) {
    if (labels.empty() || std::ranges::count(labels, action.label) > 0) chosen.push_back(&action);
  }
  for (const std::string& label : labels) {
    if (std::ranges::find(chosen, label, &Action::label) == chosen.end()) {
      throw po::error("--action: '" + label + "' is none of the motions that this program knows");
    }
  }
  return chosen;
}

int count_in(const po::variables_map& args, const char* option) {
  const int count = args[option].as<int>();
  if (count < 0) throw po::error(std::string("--") + option + " must be at least 0");
  return count;
}

void run(const po::variables_map& args) {
  Request request;
  request.directory = args["output"].as<std::string>();
  request.training = count_in(args, "training");
  request.test = count_in(args, "test");
  request.training_background = count_in(args, "training-background");
  request.test_background = count_in(args, "test-background");
  request.actions = chosen_actions(args["action"].as<std::vector<std::string>>());
  request.trimmed = args["trimmed"].as<bool>();
  request.seed = parse_seed(args);
  const int background = request.training_background + request.test_background;
  if (request.training + request.test + background < 1) {
    throw po::error("give the number of videos with --training, --test or both");
  }
  if (request.trimmed && background > 0) {
    throw po::error("background videos are untrimmed; --trimmed has clips without an action");
  }
  if (args.count("seconds") > 0) {
    request.length_s = args["seconds"].as<double>();
    const double low = request.trimmed ? 0.64 : 6, high = request.trimmed ? 60 : 3600;
    if (!(*request.length_s >= low && *request.length_s <= high)) {
      throw po::error(cv::format("--seconds must be from %g to %g", low, high));
    }
  }
  draw_videos(request);
}

SampleProgram program() {
  po::options_description options;
  options.add_options()  //
      ("output,o", po::value<std::string>()->value_name("DIR")->required(),
       "folder for the videos and annotations.json; replaces what an earlier call drew there")  //
      ("training", po::value<int>()->value_name("N")->default_value(0),
       "videos of the subset 'training'")  //
      ("test", po::value<int>()->value_name("N")->default_value(0),
       "videos of the subset 'test'")  //
      ("training-background", po::value<int>()->value_name("N")->default_value(0),
       "videos of the subset 'training' where nothing happens: the figure stands, strolls, or "
       "holds still in the pose of an action")  //
      ("test-background", po::value<int>()->value_name("N")->default_value(0),
       "the same of the subset 'test'")  //
      ("action",
       po::value<std::vector<std::string>>()->composing()->value_name("LABEL")->default_value(
           {}, "all"),
       "one of the motions to choose from; repeatable")                                        //
      ("trimmed", po::bool_switch(), "each shows one action, or none, from beginning to end")  //
      ("seconds", po::value<double>()->value_name("S"),
       "length of each; if not given, 20 to 90 at random, short ones more often (trimmed: 2.56)");
  add_seed_option(options, "equal seeds give equal videos");
  return {"co2net_draw_actions", "-o DIR --test N", options, run};
}

}  // namespace
}  // namespace co2net

int main(int argc, char** argv) { return co2net::run_program(argc, argv, co2net::program()); }
