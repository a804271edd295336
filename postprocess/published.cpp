#include "postprocess/published.h"

#include <cctype>
#include <set>
#include <sstream>

namespace co2net {
namespace {

const std::map<Variant, PublishedFigures> kPublished = {
    {Variant::kThumos14,
     {{{0.1, 0.701},
       {0.2, 0.636},
       {0.3, 0.545},
       {0.4, 0.457},
       {0.5, 0.383},
       {0.6, 0.264},
       {0.7, 0.134},
       {0.8, 0.069},
       {0.9, 0.020}},
      {{"0.1:0.5", 0.544}, {"0.1:0.7", 0.446}, {"0.1:0.9", 0.357}}}},
    {Variant::kActivityNet, {{{0.5, 0.433}, {0.75, 0.263}, {0.95, 0.052}}, {{"0.5:0.95", 0.264}}}}};

constexpr const char* kThumos14Classes = R"(
BaseballPitch, BasketballDunk, Billiards, CleanAndJerk, CliffDiving, CricketBowling, CricketShot,
Diving, FrisbeeCatch, GolfSwing, HammerThrow, HighJump, JavelinThrow, LongJump, PoleVault,
Shotput, SoccerPenalty, TennisSwing, ThrowDiscus, VolleyballSpiking)";

// As its annotations spell them.
constexpr const char* kActivityNet12Classes = R"(
Archery, Ballet, Bathing dog, Belly dance, Breakdancing, Brushing hair, Brushing teeth, Bungee
jumping, Cheerleading, Chopping wood, Clean and jerk, Cleaning shoes, Cleaning windows, Cricket,
Cumbia, Discus throw, Dodgeball, Doing karate, Doing kickboxing, Doing motocross, Doing nails,
Doing step aerobics, Drinking beer, Drinking coffee, Fixing bicycle, Getting a haircut, Getting a
piercing, Getting a tattoo, Grooming horse, Hammer throw, Hand washing clothes, High jump,
Hopscotch, Horseback riding, Ironing clothes, Javelin throw, Kayaking, Layup drill in basketball,
Long jump, Making a sandwich, Mixing drinks, Mowing the lawn, Paintball, Painting, Ping-pong,
Plataform diving, Playing accordion, Playing badminton, Playing bagpipes, Playing field hockey,
Playing flauta, Playing guitarra, Playing harmonica, Playing kickball, Playing lacrosse, Playing
piano, Playing polo, Playing racquetball, Playing saxophone, Playing squash, Playing violin,
Playing volleyball, Playing water polo, Pole vault, Polishing forniture, Polishing shoes,
Preparing pasta, Preparing salad, Putting on makeup, Removing curlers, Rock climbing, Sailing,
Shaving, Shaving legs, Shot put, Shoveling snow, Skateboarding, Smoking a cigarette, Smoking
hookah, Snatch, Spinning, Springboard diving, Starting a campfire, Tai chi, Tango, Tennis serve
with ball bouncing, Triple jump, Tumbling, Using parallel bars, Using the balance beam, Using the
pommel horse, Using uneven bars, Vacuuming floor, Walking the dog, Washing dishes, Washing face,
Washing hands, Windsurfing, Wrapping presents, Zumba)";

// Without case, spaces and signs, which files of one dataset write differently.
std::string plain(const std::string& name) {
  std::string letters;
  for (const unsigned char c : name) {
    if (std::isalnum(c) != 0) letters.push_back(static_cast<char>(std::tolower(c)));
  }
  return letters;
}

bool are_all_of(const std::vector<std::string>& classes, const char* comma_separated) {
  std::set<std::string> ours, theirs;
  for (const std::string& name : classes) ours.insert(plain(name));
  std::istringstream names(comma_separated);
  for (std::string name; std::getline(names, name, ',');) theirs.insert(plain(name));
  return ours == theirs;
}

}  // namespace

const PublishedFigures& published_figures(Variant dataset) { return kPublished.at(dataset); }

std::optional<Variant> published_dataset(const std::vector<std::string>& classes) {
  if (are_all_of(classes, kThumos14Classes)) return Variant::kThumos14;
  if (are_all_of(classes, kActivityNet12Classes)) return Variant::kActivityNet;
  return std::nullopt;
}

Json to_json(const PublishedFigures& figures) {
  Json by_threshold = Json::object();
  for (const auto& [threshold, value] : figures.mAP) by_threshold[Json(threshold).dump()] = value;
  return {{"mAP", by_threshold}, {"averages", figures.averages}};
}

}  // namespace co2net
