#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "pipeline/datasets/compat.h"
#include "pipeline/formats/array.h"

namespace co2net {

// The classes that each of some videos shows.
using VideoLabels = std::vector<std::vector<int>>;

// Random numbers that depend on these alone, so that any iteration can be repeated by itself.
// `purpose` keeps the draws of different uses apart.
std::mt19937_64 random_for(std::uint64_t seed, std::uint64_t iteration, std::uint64_t purpose);

// The videos that show each class.
using VideosByClass = std::map<int, std::vector<std::size_t>>;

inline constexpr int kUnpairedRows = 4;  // of a batch's ten, after the pairs

// What the two videos of a pair are.
enum class Pairs {
  kDifferent,
  kIndependent,  // W-TALC's: perhaps one video twice
};

// Chooses batches of ten as the authors do: three classes drawn uniformly with replacement, for
// each two videos that show it (rows 0-1, 2-3, 4-5), then four others, with replacement.
// Where there are background videos, the last rows are drawn from these instead.
class BatchSampler {
 public:
  //   paired  what pairs are drawn from; classes that fewer than two videos show, or one where
  //           that makes a pair, are never drawn
  //   others  what rows 6-9 are drawn from
  //   background       what the last `background_rows` of these are drawn from, unless it is empty
  //   background_rows  0 to kUnpairedRows
  // Errors: Error(kInput) if no class can be drawn, or there are no others.
  BatchSampler(VideosByClass paired, std::vector<std::size_t> others,
               std::vector<std::size_t> background = {}, int background_rows = 0,
               Pairs pairs = Pairs::kDifferent);
  std::vector<std::size_t> draw(std::mt19937_64& random) const;

 private:
  Pairs pairs_;
  std::vector<std::vector<std::size_t>> pairable_;  // by class, those with videos enough
  std::vector<std::size_t> others_;
  std::vector<std::size_t> background_;
  int background_rows_;
};

// Cuts the videos of a batch, which are equally long, as the authors do: to the largest number, of
// any of them, of snippets that are not all zero, wherever these are. One snippet remains at least.
void cut_to_nonzero_count(std::vector<Array>& videos);
// For a W-TALC. How many of a video's snippets count: as the authors count them those that are not
// all zero, wherever these are, so that a zero one costs the last; under kClean all.
std::int64_t counted_snippets(const Array& video, Compat compat);
// Cuts videos to so many snippets, or pads them with zeros.
void set_length(std::vector<Array>& videos, std::int64_t snippets);

// Which of a video's `snippets` >= 1 rows stand for it in a sequence of `length` >= 2: all of them
// where the lengths are equal, else one at random from each of `length` equal parts.
std::vector<std::int64_t> resampled_rows(std::int64_t snippets, int length,
                                         std::mt19937_64& random);

// Which of a video's rows W-TALC learns from: all, or of more than `length` so many in a row, their
// start drawn uniformly. The authors never draw the last start; under kClean it is drawn, too.
std::vector<std::int64_t> cropped_rows(std::int64_t snippets, int length, Compat compat,
                                       std::mt19937_64& random);

// Splits off a share of the videos to judge models by. Which ones depends on the ids, the classes
// and the seed alone: in an order drawn from id and seed, first those that show a class of which
// none is held out yet, so that as many classes as possible are judged, then any. No class is left
// with fewer than two videos to learn from; one that has no more than two is therefore not judged.
//   ids      of the videos
//   share    in [0, 1)
//   returns  for each video whether it is held out
std::vector<bool> held_out(const std::vector<std::string>& ids, const VideoLabels& labels,
                           double share, std::uint64_t seed);

// The same of background videos, a stratum of their own. Of two or more one at least is held out,
// unless the share is 0, and one at least remains.
std::vector<bool> held_out_background(const std::vector<std::string>& ids, double share,
                                      std::uint64_t seed);

}  // namespace co2net
