#include "postprocess/error_analysis.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>
#include <tuple>
#include <unordered_map>

#include "pipeline/base/error.h"
#include "pipeline/base/statistics.h"
#include "postprocess/span.h"

namespace co2net {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kTouching = 0.1;         // tIoU from which on a prediction is of a segment at all
constexpr double kLeastPrecision = 0.05;  // of a prediction that finds something
// In seconds; above it more than half of the segments would be XL in the bins for THUMOS14.
constexpr double kLongestThumosMedian = 18;

struct Truth {
  std::size_t of_class = 0;
  Span span;
  std::map<Characteristic, double> sizes;  // those that are known
};

struct Detection {
  std::size_t video = 0;
  Span span;
  double score = 0;
};

struct ClassItems {
  std::size_t truths = 0;
  std::vector<Detection> detections;  // ranked
};

struct Items {
  std::vector<ClassItems> classes;
  std::vector<Truth> truths;
  std::vector<std::vector<std::size_t>> truths_of;  // each video, in its own order
  int left_out = 0;

  double mean_truths() const {
    return static_cast<double>(truths.size()) / static_cast<double>(classes.size());
  }
};

bool is_kept(const AnnotatedSegment& segment, double duration_s) {
  const double length = segment.end_s - segment.start_s;
  return length > 0 && (duration_s == 0 || length / duration_s <= 1);
}

// From annotations and predictions to what is compared.
class Gathering {
 public:
  Gathering(const Predictions& predictions, const Annotations& annotations,
            const ErrorAnalysisOptions& options) {
    std::unordered_map<std::string, double> durations;
    for (const VideoPredictions& video : predictions) {
      durations[video.id] = video.duration_s.value_or(0);
    }
    for (const AnnotatedVideo& video : annotations.videos) {
      if (!options.subset.empty() && video.subset != options.subset) continue;
      add(video, video.duration_s > 0 ? video.duration_s : durations[video.id]);
    }
    if (items.truths.empty()) {
      throw Error(ErrorKind::kInput,
                  "the ground truth has no segments that have a length and fit into their videos");
    }
    for (const VideoPredictions& video : predictions) {
      if (video_index_.contains(video.id) || !options.ignore_unknown_videos) add(video);
    }
    for (ClassItems& of_class : items.classes) rank(of_class.detections);
  }

  Items items;

 private:
  void add(const AnnotatedVideo& video, double duration_s) {
    std::vector<std::size_t>& of_video = items.truths_of[index_of(video.id)];
    for (const AnnotatedSegment& segment : video.segments) {
      if (!is_kept(segment, duration_s)) {
        ++items.left_out;
        continue;
      }
      of_video.push_back(items.truths.size());
      const Span span = {segment.start_s, segment.end_s};
      Truth& truth = items.truths.emplace_back(Truth{class_of(segment.label), span, {}});
      truth.sizes[Characteristic::kLength] = span.length();
      truth.sizes[Characteristic::kInstances] = static_cast<double>(video.segments.size());
      if (duration_s > 0) truth.sizes[Characteristic::kCoverage] = span.length() / duration_s;
      ++items.classes[truth.of_class].truths;
    }
  }

  void add(const VideoPredictions& video) {
    const std::size_t index = index_of(video.id);
    for (const Segment& segment : video.segments) {
      const auto of_class = class_index_.find(segment.label);
      if (of_class == class_index_.end()) continue;
      items.classes[of_class->second].detections.push_back(
          {index, {segment.start_s, segment.end_s}, segment.score});
    }
  }

  std::size_t index_of(const std::string& id) {
    const auto [place, is_new] = video_index_.emplace(id, items.truths_of.size());
    if (is_new) items.truths_of.emplace_back();
    return place->second;
  }

  std::size_t class_of(const std::string& label) {
    const auto [place, is_new] = class_index_.emplace(label, items.classes.size());
    if (is_new) items.classes.emplace_back();
    return place->second;
  }

  // Of equal scores the later first, as in evaluate().
  static void rank(std::vector<Detection>& detections) {
    std::ranges::reverse(detections);
    std::ranges::stable_sort(detections, std::greater(), &Detection::score);
  }

  std::unordered_map<std::string, std::size_t> video_index_, class_index_;
};

// The truth that each prediction takes.
using Match = std::optional<std::size_t>;
// [thresholds][ranks]
using Matches = std::vector<std::vector<Match>>;

struct Candidate {
  double tiou = 0;
  std::size_t truth = 0;
};

// Truths of its class that a detection overlaps, the best first; of equals the later.
std::vector<Candidate> candidates_of(const Detection& detection, std::size_t of_class,
                                     const Items& items) {
  std::vector<Candidate> candidates;
  for (const std::size_t truth : items.truths_of[detection.video]) {
    if (items.truths[truth].of_class != of_class) continue;
    const double tiou = overlap(items.truths[truth].span, detection.span);
    if (tiou > 0) candidates.push_back({tiou, truth});
  }
  std::ranges::sort(candidates, [](const Candidate& a, const Candidate& b) {
    return std::tie(a.tiou, a.truth) > std::tie(b.tiou, b.truth);
  });
  return candidates;
}

Matches matched(std::size_t of_class, const Items& items, const std::vector<double>& tiou) {
  const std::vector<Detection>& detections = items.classes[of_class].detections;
  Matches matches(tiou.size(), std::vector<Match>(detections.size()));
  std::vector<std::vector<bool>> is_taken(tiou.size(), std::vector<bool>(items.truths.size()));
  for (std::size_t rank = 0; rank < detections.size(); ++rank) {
    const std::vector<Candidate> candidates = candidates_of(detections[rank], of_class, items);
    for (std::size_t t = 0; t < tiou.size(); ++t) {
      for (const Candidate& candidate : candidates) {
        if (candidate.tiou < tiou[t]) break;
        if (is_taken[t][candidate.truth]) continue;
        is_taken[t][candidate.truth] = true;
        matches[t][rank] = candidate.truth;
        break;
      }
    }
  }
  return matches;
}

// Of each class.
std::vector<Matches> matched(const Items& items, const std::vector<double>& tiou) {
  std::vector<Matches> matches;
  for (std::size_t c = 0; c < items.classes.size(); ++c) matches.push_back(matched(c, items, tiou));
  return matches;
}

// What normalized precision is counted with.
struct Positives {
  std::size_t of_class = 0;
  double normal = 0;  // in the place of these
};

// At each match, in falling score order.
std::vector<double> precisions_at_matches(const std::vector<Match>& matches,
                                          const Positives& positives) {
  std::vector<double> precisions;
  double wrong = 0;
  for (const Match& match : matches) {
    if (!match) {
      ++wrong;
      continue;
    }
    const double recall =
        static_cast<double>(precisions.size() + 1) / static_cast<double>(positives.of_class);
    precisions.push_back(recall * positives.normal / (recall * positives.normal + wrong));
  }
  return precisions;
}

double average_precision(const std::vector<Match>& matches, const Positives& positives) {
  std::vector<double> precisions = precisions_at_matches(matches, positives);
  for (std::size_t i = precisions.size(); i-- > 1;) {
    precisions[i - 1] = std::max(precisions[i - 1], precisions[i]);
  }
  return std::accumulate(precisions.begin(), precisions.end(), 0.0) /
         static_cast<double>(positives.of_class);
}

Positives positives_of(std::size_t of_class, const Items& items) {
  return {items.classes[of_class].truths, items.mean_truths()};
}

// `all` is [classes][thresholds].
NormalizedMap normalized_map(const std::vector<Matches>& all, const Items& items) {
  NormalizedMap map;
  for (std::size_t t = 0; t < all.front().size(); ++t) {
    std::vector<double> of_classes;
    for (std::size_t c = 0; c < all.size(); ++c) {
      of_classes.push_back(average_precision(all[c][t], positives_of(c, items)));
    }
    map.at.push_back(mean(of_classes));
  }
  map.average = mean(map.at);
  return map;
}

// The best predictions of a class that false positives are looked for among.
std::size_t looked_at(const ClassItems& of_class) {
  return std::min(FalsePositives::kBands * of_class.truths, of_class.detections.size());
}

std::vector<Matches> of_best(std::vector<Matches> all, const Items& items) {
  for (std::size_t c = 0; c < all.size(); ++c) {
    for (std::vector<Match>& at : all[c]) at.resize(looked_at(items.classes[c]));
  }
  return all;
}

// What a detection overlaps most, of any class.
struct Nearest {
  double tiou = 0;
  bool has_its_label = false;
};

Nearest nearest(const Detection& detection, std::size_t of_class, const Items& items) {
  Nearest best;
  for (const std::size_t truth : items.truths_of[detection.video]) {
    const double tiou = overlap(items.truths[truth].span, detection.span);
    if (tiou > best.tiou) best = {tiou, items.truths[truth].of_class == of_class};
  }
  return best;
}

PredictionKind kind_of(const Match& match, const Nearest& best, double threshold) {
  if (match) return PredictionKind::kTruePositive;
  if (best.tiou >= threshold) {
    return best.has_its_label ? PredictionKind::kDoubleDetection : PredictionKind::kWrongLabel;
  }
  if (best.tiou >= kTouching) {
    return best.has_its_label ? PredictionKind::kLocalization : PredictionKind::kConfusion;
  }
  return PredictionKind::kBackground;
}

// [classes][thresholds][ranks]
using Kinds = std::vector<std::vector<std::vector<PredictionKind>>>;

Kinds kinds_of(const std::vector<Matches>& best, const Items& items,
               const std::vector<double>& tiou) {
  Kinds kinds(best.size(), {tiou.size(), std::vector<PredictionKind>()});
  for (std::size_t c = 0; c < best.size(); ++c) {
    for (std::size_t rank = 0; rank < looked_at(items.classes[c]); ++rank) {
      const Nearest overlapped = nearest(items.classes[c].detections[rank], c, items);
      for (std::size_t t = 0; t < tiou.size(); ++t) {
        kinds[c][t].push_back(kind_of(best[c][t][rank], overlapped, tiou[t]));
      }
    }
  }
  return kinds;
}

// Without the predictions of a kind; what the others took stays theirs.
std::vector<Matches> without(PredictionKind kind, const std::vector<Matches>& all,
                             const Kinds& kinds) {
  std::vector<Matches> left(all.size());
  for (std::size_t c = 0; c < all.size(); ++c) {
    for (std::size_t t = 0; t < all[c].size(); ++t) {
      std::vector<Match>& at = left[c].emplace_back();
      for (std::size_t rank = 0; rank < all[c][t].size(); ++rank) {
        if (kinds[c][t][rank] != kind) at.push_back(all[c][t][rank]);
      }
    }
  }
  return left;
}

// Means over the thresholds of counts among so many.
std::optional<KindFractions> shares(const std::vector<KindCounts>& count, int among) {
  if (among == 0) return std::nullopt;
  KindFractions fractions = {};
  for (const KindCounts& at : count) {
    for (std::size_t kind = 0; kind < at.size(); ++kind) {
      fractions[kind] += static_cast<double>(at[kind]) / among / static_cast<double>(count.size());
    }
  }
  return fractions;
}

void count_kinds(const Kinds& kinds, const Items& items, FalsePositives& found) {
  found.count.resize(found.map.at.size());
  for (std::size_t c = 0; c < kinds.size(); ++c) {
    for (std::size_t rank = 0; rank < looked_at(items.classes[c]); ++rank) {
      const std::size_t band = rank / items.classes[c].truths;
      ++found.band_size[band];
      ++found.predictions;
      for (std::size_t t = 0; t < found.count.size(); ++t) {
        ++found.count[t][band][static_cast<std::size_t>(kinds[c][t][rank])];
      }
    }
  }
}

void share_kinds(FalsePositives& found) {
  std::vector<KindCounts> of_all(found.count.size());
  for (std::size_t band = 0; band < FalsePositives::kBands; ++band) {
    std::vector<KindCounts> of_band;
    for (std::size_t t = 0; t < found.count.size(); ++t) {
      of_band.push_back(found.count[t][band]);
      std::ranges::transform(of_all[t], of_band.back(), of_all[t].begin(), std::plus());
    }
    found.shares[band] = shares(of_band, found.band_size[band]);
  }
  found.shares_of_all = shares(of_all, found.predictions);
}

FalsePositives false_positives(const std::vector<Matches>& all, const Items& items,
                               const std::vector<double>& tiou) {
  const std::vector<Matches> best = of_best(all, items);
  const Kinds kinds = kinds_of(best, items, tiou);
  FalsePositives found;
  found.map = normalized_map(best, items);
  count_kinds(kinds, items, found);
  share_kinds(found);
  for (const auto& [kind, name] : kChoices<PredictionKind>) {
    if (kind == PredictionKind::kTruePositive) continue;
    found.gain[static_cast<std::size_t>(kind)] =
        normalized_map(without(kind, best, kinds), items).average - found.map.average;
  }
  return found;
}

// A prediction that comes after so many wrong ones finds nothing, and nor does another in its
// place.
std::vector<Matches> of_some_precision(std::vector<Matches> all, const Items& items) {
  for (std::size_t c = 0; c < all.size(); ++c) {
    for (std::vector<Match>& at : all[c]) {
      const std::vector<double> precisions = precisions_at_matches(at, positives_of(c, items));
      auto precision = precisions.begin();
      for (Match& match : at) {
        if (match && *precision++ <= kLeastPrecision) match.reset();
      }
    }
  }
  return all;
}

// [thresholds][truths]
std::vector<std::vector<bool>> found_truths(const std::vector<Matches>& all, const Items& items) {
  std::vector<std::vector<bool>> found(all.front().size(), std::vector<bool>(items.truths.size()));
  for (const Matches& of_class : all) {
    for (std::size_t t = 0; t < found.size(); ++t) {
      for (const Match& match : of_class[t]) {
        if (match) found[t][*match] = true;
      }
    }
  }
  return found;
}

// In which bin each truth is.
using Places = std::vector<std::optional<std::size_t>>;

std::optional<std::size_t> bin_of(double size, const std::vector<double>& edges) {
  if (size == edges.front()) return 0;
  const auto upper = std::ranges::lower_bound(edges, size);
  if (upper == edges.begin() || upper == edges.end()) return std::nullopt;
  return static_cast<std::size_t>(upper - edges.begin()) - 1;
}

Places places_of(const Items& items, Characteristic characteristic, const Bins& bins) {
  Places places;
  for (const Truth& truth : items.truths) {
    const auto size = truth.sizes.find(characteristic);
    places.push_back(size == truth.sizes.end() ? std::nullopt : bin_of(size->second, bins.edges));
  }
  return places;
}

// Of the predictions of a class, those that take at each threshold nothing or a truth of the bin.
Matches within_bin(const Matches& of_class, const Places& places, std::size_t bin) {
  Matches kept(of_class.size());
  for (std::size_t rank = 0; rank < of_class.front().size(); ++rank) {
    const bool is_kept = std::ranges::all_of(of_class, [&](const std::vector<Match>& at) {
      return !at[rank] || places[*at[rank]] == bin;
    });
    if (!is_kept) continue;
    for (std::size_t t = 0; t < kept.size(); ++t) kept[t].push_back(of_class[t][rank]);
  }
  return kept;
}

// Mean over the classes that have truths in the bin; nothing where none has.
std::optional<double> map_within_bin(const std::vector<Matches>& all, const Items& items,
                                     const Places& places, std::size_t bin) {
  std::vector<std::size_t> truths(items.classes.size());
  for (std::size_t i = 0; i < places.size(); ++i) {
    if (places[i] == bin) ++truths[items.truths[i].of_class];
  }
  std::vector<double> of_classes;
  for (std::size_t c = 0; c < truths.size(); ++c) {
    if (truths[c] == 0) continue;
    std::vector<double> at_thresholds;
    for (const std::vector<Match>& at : within_bin(all[c], places, bin)) {
      at_thresholds.push_back(average_precision(at, {truths[c], items.mean_truths()}));
    }
    of_classes.push_back(mean(at_thresholds));
  }
  if (of_classes.empty()) return std::nullopt;
  return mean(of_classes);
}

void add_missed(const std::vector<std::vector<bool>>& found, const Places& places, std::size_t bin,
                BinFigures& figures) {
  const auto truths = static_cast<double>(std::ranges::count(places, std::optional(bin)));
  figures.share_of_truths = truths / static_cast<double>(places.size());
  if (truths == 0) return;
  for (const std::vector<bool>& at : found) {
    double missed = 0;
    for (std::size_t i = 0; i < places.size(); ++i) {
      if (places[i] == bin && !at[i]) ++missed;
    }
    figures.missed_at.push_back(missed / truths);
  }
  figures.missed = mean(figures.missed_at);
}

}  // namespace

BinsBy usual_bins(const Annotations& annotations, const std::string& subset) {
  std::vector<double> lengths;
  for (const AnnotatedVideo& video : annotations.videos) {
    if (!subset.empty() && video.subset != subset) continue;
    for (const AnnotatedSegment& segment : video.segments) {
      lengths.push_back(segment.end_s - segment.start_s);
    }
  }
  const std::vector<std::string> four = {"XS", "S", "M", "L"}, five = {"XS", "S", "M", "L", "XL"};
  if (lengths.empty() || median(lengths) <= kLongestThumosMedian) {
    return {{Characteristic::kLength, {five, {0, 3, 6, 12, 18, kInfinity}}},
            {Characteristic::kCoverage, {five, {0, 0.02, 0.04, 0.06, 0.08, 1}}},
            {Characteristic::kInstances, {four, {-1, 1, 40, 80, kInfinity}}}};
  }
  return {{Characteristic::kLength, {five, {0, 30, 60, 120, 180, kInfinity}}},
          {Characteristic::kCoverage, {five, {0, 0.2, 0.4, 0.6, 0.8, 1}}},
          {Characteristic::kInstances, {four, {-1, 1, 4, 8, kInfinity}}}};
}

ErrorAnalysis analyze_errors(const Predictions& predictions, const Annotations& annotations,
                             const ErrorAnalysisOptions& options) {
  const Items items = Gathering(predictions, annotations, options).items;
  const std::vector<Matches> all = matched(items, options.tiou);
  const std::vector<Matches> finding = of_some_precision(all, items);
  const std::vector<std::vector<bool>> found = found_truths(finding, items);
  ErrorAnalysis analysis{static_cast<int>(items.truths.size()),
                         items.left_out,
                         options.bins,
                         false_positives(all, items, options.tiou),
                         normalized_map(all, items),
                         normalized_map(finding, items),
                         {}};
  for (const auto& [characteristic, bins] : options.bins) {
    const Places places = places_of(items, characteristic, bins);
    for (std::size_t bin = 0; bin < bins.names.size(); ++bin) {
      BinFigures& figures = analysis.by[characteristic].emplace_back();
      add_missed(found, places, bin, figures);
      figures.map = map_within_bin(all, items, places, bin);
    }
  }
  return analysis;
}

}  // namespace co2net
