#include "cli/workflows/suggest.h"

#include <algorithm>
#include <cstdio>

#include "cli/workflows/extraction.h"
#include "cli/workflows/score_chains.h"
#include "pipeline/base/error.h"
#include "pipeline/datasets/labelled_videos.h"
#include "pipeline/formats/csv.h"
#include "pipeline/formats/npy.h"
#include "postprocess/proposals.h"

namespace co2net {
namespace {

constexpr double kLeastScore = 0.1;
constexpr std::size_t kMostTags = 3;

void expect_labels_for_a_list(const Bundle& bundle) {
  for (const std::string& label : reported_classes(bundle)) {
    if (can_be_listed(label)) continue;
    throw Error(ErrorKind::kModel, "model " + bundle.name + ": the class '" + label +
                                       "' means something else in a list of labels; import the "
                                       "I3D with another name for it");
  }
}

std::vector<Tag> tags_of(const std::string& scores, const std::vector<std::string>& classes) {
  const Arrays arrays = parse_npz(scores, "scores");
  ProposalOptions options;
  options.kind = NetworkKind::kClassifier;
  const std::vector<double> likely = video_scores(arrays.at("cas"), arrays.at("attn"), options);
  std::vector<Tag> tags;
  for (std::size_t i = 0; i < likely.size(); ++i) {
    if (likely[i] >= kLeastScore) tags.push_back({classes.at(i), likely[i]});
  }
  std::ranges::stable_sort(tags, std::greater(), &Tag::score);
  tags.resize(std::min(tags.size(), kMostTags));
  return tags;
}

std::string rounded(double score) {
  char text[16];
  std::snprintf(text, sizeof text, "%.3f", score);
  return text;
}

}  // namespace

void expect_classes_of_i3d(const Bundle& bundle) {
  if (bundle.network.kind == NetworkKind::kClassifier) return;
  throw Error(ErrorKind::kModel, "model " + bundle.name +
                                     " has no classes of its I3D to suggest; 'co2net import i3d' "
                                     "makes one that has, of checkpoints with their last layer");
}

int suggest_labels(const LocalizeVideosJob& job, const InputSource& inputs, Stats& stats,
                   const std::function<void(const Suggestion&)>& on_suggestion,
                   const Observer& observer) {
  expect_classes_of_i3d(job.bundle);
  expect_labels_for_a_list(job.bundle);
  const ScoreChains chains(job);
  const EachInput each = each_of(job.each, job.fail_fast, job.shared ? job.cache : nullptr);
  const std::function<Delivery(const Input&)> work = [&](const Input& input) -> Delivery {
    const Chain chain = chains.chain(make_job(input, job.each, job.cache, observer, &stats));
    const ChainResult scores = run_chain(chain, job.cache, subject_of(input));
    stats.add(input.id, scores.timings);
    if (is_reused(scores)) observer.on_reuse();
    if (job.each.strict) expect_whole(scores.entry.info.at("video"));
    on_suggestion({input, tags_of(scores.entry.bytes, reported_classes(job.bundle))});
    return nullptr;
  };
  return for_each_input(inputs, each, observer, work);
}

std::string suggestion_row(const Suggestion& suggestion, const std::string& file,
                           const std::string& model) {
  std::string labels, scores;
  for (const Tag& tag : suggestion.tags) {
    const char* separator = labels.empty() ? "" : ";";
    labels += separator + tag.label;
    scores += separator + rounded(tag.score);
  }
  if (labels.empty()) labels = kUnknownLabel;
  return csv_field(file) + ',' + csv_field(labels) + ',' + scores + ',' + csv_field(model) + '\n';
}

}  // namespace co2net
