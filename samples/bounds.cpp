// co2net_bounds: results to judge a weakly supervised model by, on the same features: a lower bound
// of random segments, and an upper bound that learns from the training videos' segments.

#include <torch/torch.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <filesystem>
#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "extractors/i3d/i3d_network.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/datasets/bundle.h"
#include "pipeline/datasets/dataset.h"
#include "pipeline/devices/threads.h"
#include "postprocess/exporters.h"
#include "postprocess/proposals.h"
#include "samples/program.h"
#include "samples/tensors.h"

namespace po = boost::program_options;
namespace fs = std::filesystem;

namespace co2net {
namespace {

bool is_test(const AnnotatedVideo& video) { return video.subset == "test"; }

// Errors: as Dataset; Error(kInput) for a video without features, or no segments to learn from.
Dataset dataset_with_segments(const fs::path& annotation_file, const fs::path& feature_files,
                              const Bundle& extractor) {
  Dataset data(feature_files, read_annotations(annotation_file), {.extractor = extractor});
  bool has_segments = false;
  for (std::size_t i = 0; i < data.videos().size(); ++i) {
    const AnnotatedVideo& video = data.videos()[i];
    if (data.features().snippets(i) == 0) {
      throw Error(ErrorKind::kInput, feature_files.string() + ": no features of " + video.id +
                                         "; make them with 'co2net extract'");
    }
    has_segments |= !is_test(video) && !video.segments.empty();
  }
  if (!has_segments) {
    throw Error(ErrorKind::kInput, annotation_file.string() + ": no segments to learn from; all " +
                                       "videos but those of the subset 'test' serve for that");
  }
  return data;
}

std::int64_t class_count(const Dataset& data) {
  return static_cast<std::int64_t>(data.classes().size());
}

std::int64_t class_of(const Dataset& data, const std::string& label) {
  return std::ranges::find(data.classes(), label) - data.classes().begin();
}

double fps_of(const Dataset& data, std::size_t video) {
  return data.snippets_per_second(video) * data.recipe().stride;
}

using Localizer = std::function<std::vector<Segment>(std::size_t video)>;

// Writes the segments of the test videos.
void write_results(const fs::path& path, const Dataset& data, const std::string& name,
                   const Localizer& localize) {
  std::vector<VideoResult> results;
  for (std::size_t i = 0; i < data.videos().size(); ++i) {
    const AnnotatedVideo& video = data.videos()[i];
    if (!is_test(video)) continue;
    results.push_back(
        {video.id, localize(i), {{"duration", video.duration_s}, {"fps", fps_of(data, i)}}});
  }
  const Json document = results_document(results, {}, {{"name", name}}, to_json(data.recipe()));
  write_file(path, document.dump(1) + "\n");
}

// As many random segments as proposals often are, with the lengths of the training segments.
Localizer random_segments(const Dataset& data, std::uint64_t seed) {
  constexpr int kSegments = 100;
  std::vector<double> lengths_s;
  for (const AnnotatedVideo& video : data.videos()) {
    if (is_test(video)) continue;
    for (const AnnotatedSegment& segment : video.segments) {
      lengths_s.push_back(segment.end_s - segment.start_s);
    }
  }
  return [&data, lengths_s, random = std::mt19937_64(seed)](std::size_t index) mutable {
    const auto uniform = [&](double high) {
      return std::uniform_real_distribution(0., high)(random);
    };
    const double duration_s = data.videos()[index].duration_s;
    std::vector<Segment> segments;
    for (int i = 0; i < kSegments; ++i) {
      const double length_s = std::min(lengths_s[random() % lengths_s.size()], duration_s);
      const double start_s = uniform(duration_s - length_s);
      segments.push_back({data.classes()[random() % data.classes().size()], uniform(1), start_s,
                          start_s + length_s});
    }
    return segments;
  };
}

// What happens at each snippet's middle: a class index, or the number of classes for nothing.
torch::Tensor snippet_labels(const Dataset& data, std::size_t index) {
  const AnnotatedVideo& video = data.videos()[index];
  std::vector<std::int64_t> labels(static_cast<std::size_t>(data.features().snippets(index)),
                                   class_count(data));
  for (std::size_t t = 0; t < labels.size(); ++t) {
    const double middle = static_cast<double>(t) * data.recipe().stride + data.recipe().window / 2.;
    const double middle_s = middle / fps_of(data, index);
    for (const AnnotatedSegment& segment : video.segments) {
      if (middle_s >= segment.start_s && middle_s < segment.end_s) {
        labels[t] = class_of(data, segment.label);
      }
    }
  }
  return torch::tensor(labels);
}

// Two temporal convolutions that classify every snippet.
class SnippetClassifier {
 public:
  SnippetClassifier(const Dataset& data, std::uint64_t seed) : data_(data), seed_(seed) {
    const std::int64_t outputs = class_count(data) + 1, inputs = data.features().feature_size();
    hidden_ = trainable(he_uniform(seed), "hidden", {kHidden, inputs, 3});
    output_ = trainable(he_uniform(seed), "output", {outputs, kHidden, 3});
  }

  void train() {
    std::mt19937_64 random(seed_);
    torch::optim::AdamW optimizer({hidden_, output_},
                                  torch::optim::AdamWOptions(1e-3).weight_decay(1e-2));
    std::vector<std::size_t> videos;
    for (std::size_t i = 0; i < data_.videos().size(); ++i) {
      if (!is_test(data_.videos()[i])) videos.push_back(i);
    }
    for (int epoch = 0; epoch < kEpochs; ++epoch) {
      std::ranges::shuffle(videos, random);
      for (const std::size_t video : videos) {
        optimizer.zero_grad();
        torch::cross_entropy_loss(scores(video), snippet_labels(data_, video)).backward();
        optimizer.step();
      }
    }
  }

  // The segments that the pipeline proposes for one class after the other, whose probability is
  // both its activation and the attention.
  std::vector<Segment> localize(std::size_t video) const {
    const torch::NoGradGuard no_grad;
    const torch::Tensor probabilities = scores(video).softmax(1);
    std::vector<Proposal> proposals;
    for (int label = 0; label < class_count(data_); ++label) {
      const torch::Tensor own = probabilities.select(1, label);
      for (Proposal proposal : propose(array_of(torch::stack({own, 1 - own}, 1)), array_of(own))) {
        proposal.label = label;
        proposals.push_back(proposal);
      }
    }
    return to_segments(proposals, data_.classes(), data_.recipe().stride, fps_of(data_, video),
                       data_.videos()[video].duration_s);
  }

 private:
  static constexpr std::int64_t kHidden = 64;
  static constexpr int kEpochs = 30;

  // [T, C + 1]
  torch::Tensor scores(std::size_t video) const {
    Array rows = data_.features().rows(video);
    const torch::Tensor features =
        torch::from_blob(rows.values.data(), rows.shape).clone().t().unsqueeze(0);
    const torch::Tensor hidden = torch::relu(torch::conv1d(features, hidden_, {}, 1, 1));
    return torch::conv1d(hidden, output_, {}, 1, 1).squeeze(0).t();
  }

  const Dataset& data_;
  const std::uint64_t seed_;
  torch::Tensor hidden_, output_;
};

void run(const po::variables_map& args) {
  const auto path = [&](const char* option) { return fs::path(args[option].as<std::string>()); };
  use_one_thread_a_call();
  const Dataset data =
      dataset_with_segments(path("annotations"), path("features"), load_bundle(path("model"), {}));
  const std::uint64_t seed = parse_seed(args);
  write_results(path("output") / "chance.json", data, "chance", random_segments(data, seed));
  SnippetClassifier classifier(data, seed);
  classifier.train();
  write_results(path("output") / "supervised.json", data, "supervised",
                [&](std::size_t video) { return classifier.localize(video); });
}

SampleProgram program() {
  po::options_description options;
  options.add_options()  //
      ("features", po::value<std::string>()->value_name("DIR")->required(),
       "of training and test videos")  //
      ("annotations", po::value<std::string>()->value_name("FILE")->required(),
       "with segments; the subset 'test' is tested, the rest is learned from")  //
      ("model", po::value<std::string>()->value_name("BUNDLE")->required(),
       "that made the features")  //
      ("output,o", po::value<std::string>()->value_name("DIR")->required(),
       "folder for chance.json and supervised.json");
  add_seed_option(options, "of the random segments, and of the classifier");
  return {"co2net_bounds", "--features DIR --annotations FILE --model BUNDLE -o DIR", options, run};
}

}  // namespace
}  // namespace co2net

int main(int argc, char** argv) { return co2net::run_program(argc, argv, co2net::program()); }
