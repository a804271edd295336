#include "samples/benchmark/ranking_file.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "pipeline/base/choice.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"

namespace co2net {
namespace {

constexpr const char* kSchema = "co2net.ranking/2";

std::vector<std::uint32_t> hits_by_rank(const RankedClass& ranked) {
  std::vector<std::uint32_t> hits;
  for (std::size_t t = 0; t < ranked.hits.size(); ++t) {
    for (const std::size_t rank : ranked.hits[t]) {
      hits.resize(std::max(hits.size(), rank + 1));
      hits[rank] |= std::uint32_t{1} << t;
    }
  }
  return hits;
}

Json to_json(const RankedClass& ranked) {
  if (std::ranges::count(ranked.is_ignored, true) > 0) {
    throw Error(ErrorKind::kInput, "a ranking with ambiguous detections");
  }
  const std::vector<std::uint32_t> hits = hits_by_rank(ranked);
  Json detections = Json::array();
  for (std::size_t rank = 0; rank < hits.size(); ++rank) {
    detections.push_back(ranked.video_of[rank]);
    detections.push_back(hits[rank]);
  }
  return {{"truths", ranked.truth_video_of}, {"detections", detections}};
}

RankedClass ranked_class(const Json& json, std::size_t thresholds) {
  const auto numbers = json.at("detections").get<std::vector<std::size_t>>();
  RankedClass ranked;
  ranked.truth_video_of = json.at("truths").get<std::vector<std::size_t>>();
  ranked.hits.resize(thresholds);
  ranked.is_ignored.resize(numbers.size() / 2);
  for (std::size_t rank = 0; rank < numbers.size() / 2; ++rank) {
    ranked.video_of.push_back(numbers[2 * rank]);
    for (std::size_t t = 0; t < thresholds; ++t) {
      if ((numbers[2 * rank + 1] >> t & 1) != 0) ranked.hits[t].push_back(rank);
    }
  }
  return ranked;
}

void expect_videos_below(const RankedClass& ranked, std::size_t count) {
  const auto is_none = [&](std::size_t video) { return video >= count; };
  if (std::ranges::any_of(ranked.truth_video_of, is_none) ||
      std::ranges::any_of(ranked.video_of, is_none)) {
    throw Error(ErrorKind::kInput, "a video beyond the last");
  }
}

RankingFile parse_ranking(const Json& json) {
  if (json.at("schema") != kSchema) throw Error(ErrorKind::kInput, "no co2net.ranking/2");
  const auto protocol = named<Protocol>(json.at("protocol").get<std::string>());
  if (!protocol) {
    throw Error(ErrorKind::kInput,
                "protocol: want " + wanted_instead_of<Protocol>(json["protocol"]));
  }
  RankingFile file;
  file.tiou = json.at("tiou").get<std::vector<double>>();
  file.ranking = {*protocol, file.tiou.size(), json.at("videos"), {}};
  for (const auto& [label, of_class] : json.at("classes").items()) {
    file.ranking.classes[label] = ranked_class(of_class, file.tiou.size());
    expect_videos_below(file.ranking.classes[label], file.ranking.videos);
  }
  return file;
}

}  // namespace

Json to_json(const RankingFile& file) {
  Json classes = Json::object();
  for (const auto& [label, ranked] : file.ranking.classes) classes[label] = to_json(ranked);
  return {{"schema", kSchema},
          {"protocol", file.ranking.protocol},
          {"tiou", file.tiou},
          {"videos", file.ranking.videos},
          {"classes", classes}};
}

RankingFile read_ranking(const std::filesystem::path& path) {
  const Json json = parse_json(read_text(path), path.string(), ErrorKind::kInput);
  try {
    return parse_ranking(json);
  } catch (const Json::exception& e) {
    throw Error(ErrorKind::kInput, path.string() + ": no co2net.ranking/2: " + e.what());
  } catch (const Error& e) {
    throw e.within(path.string());
  }
}

}  // namespace co2net
