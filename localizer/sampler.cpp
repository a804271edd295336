#include "localizer/sampler.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <span>
#include <utility>

#include "pipeline/base/digest.h"
#include "pipeline/base/error.h"

namespace co2net {
namespace {

constexpr int kDrawnClasses = 3;

// Uniform in [first, last].
std::int64_t draw_in(std::int64_t first, std::int64_t last, std::mt19937_64& random) {
  return std::uniform_int_distribution<std::int64_t>(first, last)(random);
}

std::size_t draw_from(const std::vector<std::size_t>& videos, std::mt19937_64& random) {
  const auto drawn = draw_in(0, static_cast<std::int64_t>(videos.size()) - 1, random);
  return videos[static_cast<std::size_t>(drawn)];
}

VideosByClass videos_by_class(const VideoLabels& labels) {
  VideosByClass by_class;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    for (const int label : labels[i]) by_class[label].push_back(i);
  }
  return by_class;
}

std::int64_t nonzero_rows(const Array& array) {
  std::int64_t count = 0;
  for (std::int64_t row = 0; row < array.dim(0); ++row) {
    const std::span values(array.row(row), static_cast<std::size_t>(array.dim(1)));
    count += std::ranges::any_of(values, [](float value) { return value != 0; }) ? 1 : 0;
  }
  return count;
}

}  // namespace

std::mt19937_64 random_for(std::uint64_t seed, std::uint64_t iteration, std::uint64_t purpose) {
  std::seed_seq sequence{seed & 0xffffffffu, seed >> 32, iteration & 0xffffffffu, iteration >> 32,
                         purpose};
  return std::mt19937_64(sequence);
}

BatchSampler::BatchSampler(VideosByClass paired, std::vector<std::size_t> others,
                           std::vector<std::size_t> background, int background_rows, Pairs pairs)
    : pairs_(pairs),
      others_(std::move(others)),
      background_(std::move(background)),
      background_rows_(background_.empty() ? 0 : background_rows) {
  const std::size_t least = pairs == Pairs::kDifferent ? 2 : 1;
  for (auto& [label, videos] : paired) {
    if (videos.size() >= least) pairable_.push_back(std::move(videos));
  }
  if (pairable_.empty()) {
    throw Error(ErrorKind::kInput,
                least == 2 ? "no class has two training videos, which the co-activity loss compares"
                           : "no class has a training video of two snippets or more");
  }
  if (others_.empty()) {
    throw Error(
        ErrorKind::kInput,
        "every training video is shorter than min_snippets; lower it with --set min_snippets=N");
  }
}

std::vector<std::size_t> BatchSampler::draw(std::mt19937_64& random) const {
  std::vector<std::size_t> batch;
  for (int i = 0; i < kDrawnClasses; ++i) {
    const auto drawn = draw_in(0, static_cast<std::int64_t>(pairable_.size()) - 1, random);
    const std::vector<std::size_t>& videos = pairable_[static_cast<std::size_t>(drawn)];
    const auto last = static_cast<std::int64_t>(videos.size()) - 1;
    const std::int64_t first = draw_in(0, last, random);
    std::int64_t second = draw_in(0, pairs_ == Pairs::kDifferent ? last - 1 : last, random);
    if (pairs_ == Pairs::kDifferent && second >= first) ++second;
    batch.push_back(videos[static_cast<std::size_t>(first)]);
    batch.push_back(videos[static_cast<std::size_t>(second)]);
  }
  for (int row = 0; row < kUnpairedRows; ++row) {
    const bool is_background = row >= kUnpairedRows - background_rows_;
    batch.push_back(draw_from(is_background ? background_ : others_, random));
  }
  return batch;
}

void cut_to_nonzero_count(std::vector<Array>& videos) {
  std::int64_t length = 1;
  for (const Array& video : videos) length = std::max(length, nonzero_rows(video));
  set_length(videos, length);
}

std::int64_t counted_snippets(const Array& video, Compat compat) {
  return compat == Compat::kAuthors ? nonzero_rows(video) : video.dim(0);
}

void set_length(std::vector<Array>& videos, std::int64_t snippets) {
  for (Array& video : videos) {
    video.shape[0] = snippets;
    video.values.resize(static_cast<std::size_t>(element_count(video.shape)));
  }
}

std::vector<std::int64_t> resampled_rows(std::int64_t snippets, int length,
                                         std::mt19937_64& random) {
  std::vector<std::int64_t> rows(static_cast<std::size_t>(length));
  if (snippets == length) {
    std::iota(rows.begin(), rows.end(), 0);
    return rows;
  }
  const auto base = [&](std::int64_t i) { return i * snippets / length; };
  for (std::int64_t i = 0; i < length; ++i) {
    const std::int64_t last = i + 1 < length ? base(i + 1) : snippets - 1;
    rows[static_cast<std::size_t>(i)] = base(i) < last ? draw_in(base(i), last, random) : base(i);
  }
  return rows;
}

std::vector<std::int64_t> cropped_rows(std::int64_t snippets, int length, Compat compat,
                                       std::mt19937_64& random) {
  std::vector<std::int64_t> rows(
      static_cast<std::size_t>(std::min<std::int64_t>(snippets, length)));
  const std::int64_t last = snippets - length - (compat == Compat::kAuthors ? 1 : 0);
  std::iota(rows.begin(), rows.end(), snippets > length ? draw_in(0, last, random) : 0);
  return rows;
}

std::vector<bool> held_out(const std::vector<std::string>& ids, const VideoLabels& labels,
                           double share, std::uint64_t seed) {
  std::map<int, std::size_t> remaining;
  for (const auto& [label, videos] : videos_by_class(labels)) remaining[label] = videos.size();
  std::vector<std::pair<std::string, std::size_t>> shuffled;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    shuffled.emplace_back(sha256(std::to_string(seed) + " " + ids[i]), i);
  }
  std::sort(shuffled.begin(), shuffled.end());

  auto wanted = static_cast<std::size_t>(share * static_cast<double>(labels.size()) + 0.5);
  std::vector<bool> is_held_out(labels.size(), false);
  std::set<int> judged;
  const auto can_spare = [&](int label) { return remaining[label] > 2; };
  const auto is_judged = [&](int label) { return judged.count(label) > 0; };
  for (const bool any : {false, true}) {
    for (const auto& [hash, i] : shuffled) {
      const std::vector<int>& classes = labels[i];
      if (wanted == 0 || is_held_out[i]) continue;
      if (!any && std::ranges::all_of(classes, is_judged)) continue;
      if (!std::ranges::all_of(classes, can_spare)) continue;
      for (const int label : classes) --remaining[label];
      judged.insert(classes.begin(), classes.end());
      is_held_out[i] = true;
      --wanted;
    }
  }
  return is_held_out;
}

std::vector<bool> held_out_background(const std::vector<std::string>& ids, double share,
                                      std::uint64_t seed) {
  if (ids.size() < 2 || share == 0) return std::vector<bool>(ids.size(), false);
  const auto all = static_cast<double>(ids.size());
  const double count = std::clamp(std::round(share * all), 1.0, all - 1);
  return held_out(ids, VideoLabels(ids.size()), count / all, seed);
}

}  // namespace co2net
