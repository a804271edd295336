#include "cli/workflows/scaled_settings.h"

#include <algorithm>
#include <cstdio>

namespace co2net {

TrainingSettings scaled_to(TrainingSettings settings, const SetSize& set) {
  constexpr double kPublishedIterations = 10000;
  TrainingOptions& options = settings.options;
  options.iterations = static_cast<int>(std::clamp<std::size_t>(100 * set.videos, 2000, 20000));
  options.evaluate_every = options.iterations / 40;
  options.patience = 0;
  options.min_snippets = 1;
  if (options.kind == NetworkKind::kCo2Net) {
    options.learning_rate *= std::clamp(kPublishedIterations / options.iterations, 1.0, 4.0);
    options.length = static_cast<int>(std::clamp<std::int64_t>(set.median_snippets, 30, 500));
    options.loss.top_k_ratio = options.length < 100 ? 5 : 7;
  }
  settings.held_out_share = std::clamp(10.0 / static_cast<double>(set.videos), 0.1, 0.25);
  return settings;
}

std::string in_words(const TrainingSettings& settings, const SetSize& set) {
  const TrainingOptions& options = settings.options;
  char text[400];
  if (options.kind == NetworkKind::kWtalc) {
    std::snprintf(
        text, sizeof text,
        "settings for %zu videos: iterations %d (100 a video, 2000 to 20000), "
        "evaluate_every %d, held out %.2f (about ten videos); learning_rate %g, length %d "
        "and top_k_ratio %d as W-TALC's authors have them",
        set.videos, options.iterations, options.evaluate_every, settings.held_out_share,
        options.learning_rate, options.length, options.loss.top_k_ratio);
    return text;
  }
  std::snprintf(
      text, sizeof text,
      "settings for %zu videos of %lld snippets (median): iterations %d (100 a video, 2000 to "
      "20000), learning_rate %g (larger for fewer iterations), length %d (the median, 30 to 500), "
      "top_k_ratio %d (by length), evaluate_every %d, held out %.2f (about ten videos)",
      set.videos, static_cast<long long>(set.median_snippets), options.iterations,
      options.learning_rate, options.length, options.loss.top_k_ratio, options.evaluate_every,
      settings.held_out_share);
  return text;
}

}  // namespace co2net
