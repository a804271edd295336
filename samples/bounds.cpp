// co2net_bounds: results to judge a weakly supervised model by. Below it: random segments, random
// segments of the true labels, and motion above a threshold with the true labels. Above it: a
// classifier of snippets on the same features that learns from the training videos' segments.

#include <torch/torch.h>

#include <algorithm>
#include <boost/program_options.hpp>
#include <cmath>
#include <filesystem>
#include <functional>
#include <numeric>
#include <opencv2/core/mat.hpp>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "extractors/flow/flow_codec.h"
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

struct Subsets {
  std::string training, test;
};

struct Split {
  std::vector<std::size_t> training, test;  // videos, by index
};

// The annotations of these videos alone.
Annotations of_subsets(Annotations annotations, const Subsets& subsets) {
  std::erase_if(annotations.videos, [&](const AnnotatedVideo& video) {
    return video.subset != subsets.training && video.subset != subsets.test;
  });
  return annotations;
}

// Errors: Error(kInput) for a video without features, no segments to learn from, or no test videos.
Split split_of(const Dataset& data, const Subsets& subsets) {
  Split split;
  bool has_segments = false;
  for (std::size_t i = 0; i < data.videos().size(); ++i) {
    const AnnotatedVideo& video = data.videos()[i];
    if (data.features().snippets(i) == 0) {
      throw Error(ErrorKind::kInput,
                  "no features of " + video.id + "; make them with 'co2net extract'");
    }
    const bool is_test = video.subset == subsets.test;
    (is_test ? split.test : split.training).push_back(i);
    has_segments |= !is_test && !video.segments.empty();
  }
  if (!has_segments) {
    throw Error(ErrorKind::kInput, "no segments to learn from in the subset '" + subsets.training +
                                       "'; name another with --train-subset");
  }
  if (split.test.empty()) {
    throw Error(ErrorKind::kInput,
                "no videos of the subset '" + subsets.test + "'; name another with --test-subset");
  }
  return split;
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
void write_results(const fs::path& folder, const std::string& name, const Dataset& data,
                   const Split& split, const Localizer& localize) {
  std::vector<VideoResult> results;
  for (const std::size_t i : split.test) {
    const AnnotatedVideo& video = data.videos()[i];
    results.push_back(
        {video.id, localize(i), {{"duration", video.duration_s}, {"fps", fps_of(data, i)}}});
  }
  const Json document = results_document(results, {}, {{"name", name}}, to_json(data.recipe()));
  write_file(folder / (name + ".json"), document.dump(1) + "\n");
}

// The indices of the classes that a video really has, ascending.
std::vector<std::int64_t> true_classes(const Dataset& data, std::size_t index) {
  std::vector<std::int64_t> classes;
  for (std::int64_t label = 0; label < class_count(data); ++label) {
    const auto& labels = data.videos()[index].labels;
    if (std::ranges::count(labels, data.classes()[static_cast<std::size_t>(label)]) > 0) {
      classes.push_back(label);
    }
  }
  return classes;
}

// As many random segments as proposals often are, with the lengths of the training segments; of any
// class, or of those that the video has.
Localizer random_segments(const Dataset& data, const Split& split, bool knows_labels,
                          std::uint64_t seed) {
  constexpr int kSegments = 100;
  std::vector<double> lengths_s;
  for (const std::size_t i : split.training) {
    for (const AnnotatedSegment& segment : data.videos()[i].segments) {
      lengths_s.push_back(segment.end_s - segment.start_s);
    }
  }
  return
      [&data, lengths_s, knows_labels, random = std::mt19937_64(seed)](std::size_t index) mutable {
        const auto uniform = [&](double high) {
          return std::uniform_real_distribution(0., high)(random);
        };
        std::vector<std::int64_t> labels = true_classes(data, index);
        if (!knows_labels) {
          labels.resize(data.classes().size());
          std::iota(labels.begin(), labels.end(), 0);
        }
        const double duration_s = data.videos()[index].duration_s;
        std::vector<Segment> segments;
        for (int i = 0; i < kSegments && !labels.empty(); ++i) {
          const double length_s = std::min(lengths_s[random() % lengths_s.size()], duration_s);
          const double start_s = uniform(duration_s - length_s);
          const auto label = static_cast<std::size_t>(labels[random() % labels.size()]);
          segments.push_back({data.classes()[label], uniform(1), start_s, start_s + length_s});
        }
        return segments;
      };
}

// The segments that the pipeline proposes for each of some classes, whose probability, [T] in [0,
// 1], is both its activation and the attention.
std::vector<Segment> segments_of(const Dataset& data, std::size_t video,
                                 const std::vector<std::int64_t>& classes,
                                 const std::function<torch::Tensor(std::int64_t)>& probability) {
  std::vector<Proposal> proposals;
  for (const std::int64_t label : classes) {
    const torch::Tensor own = probability(label);
    for (Proposal proposal : propose(array_of(torch::stack({own, 1 - own}, 1)), array_of(own))) {
      proposal.label = static_cast<int>(label);
      proposals.push_back(proposal);
    }
  }
  return to_segments(proposals, data.classes(), data.recipe().stride, fps_of(data, video),
                     data.videos()[video].duration_s);
}

// The mean length of flow in each snippet, [T], from 0 where the video moves least to 1.
torch::Tensor motion_of(const fs::path& flow, const Dataset& data, std::size_t video) {
  FlowReader reader(flow);
  std::vector<double> of_frame;
  for (cv::Mat frame = reader.next(); !frame.empty(); frame = reader.next()) {
    double sum = 0;
    for (auto pixel = frame.begin<cv::Vec2b>(); pixel != frame.end<cv::Vec2b>(); ++pixel) {
      sum += std::hypot((*pixel)[0] - 127.5, (*pixel)[1] - 127.5);
    }
    of_frame.push_back(sum / static_cast<double>(frame.total()));
  }
  const std::int64_t snippets = data.features().snippets(video);
  std::vector<float> of_snippet;
  for (std::int64_t t = 0; t < snippets; ++t) {
    const auto first =
        std::min(static_cast<std::size_t>(t * data.recipe().stride), of_frame.size() - 1);
    const auto end =
        std::min(first + static_cast<std::size_t>(data.recipe().window), of_frame.size());
    const double sum = std::accumulate(of_frame.begin() + static_cast<std::ptrdiff_t>(first),
                                       of_frame.begin() + static_cast<std::ptrdiff_t>(end), 0.);
    of_snippet.push_back(static_cast<float>(sum / static_cast<double>(end - first)));
  }
  const torch::Tensor motion = torch::tensor(of_snippet);
  return (motion - motion.min()) / (motion.max() - motion.min()).clamp_min(1e-6);
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
  SnippetClassifier(const Dataset& data, const Split& split, std::uint64_t seed)
      : data_(data), videos_(split.training), seed_(seed) {
    const std::int64_t outputs = class_count(data) + 1, inputs = data.features().feature_size();
    hidden_ = trainable(he_uniform(seed), "hidden", {kHidden, inputs, 3});
    output_ = trainable(he_uniform(seed), "output", {outputs, kHidden, 3});
  }

  void train() {
    std::mt19937_64 random(seed_);
    torch::manual_seed(seed_);
    torch::optim::AdamW optimizer({hidden_, output_},
                                  torch::optim::AdamWOptions(1e-3).weight_decay(1e-2));
    std::vector<std::size_t> videos = videos_;
    for (int epoch = 0; epoch < kEpochs; ++epoch) {
      std::ranges::shuffle(videos, random);
      for (const std::size_t video : videos) {
        optimizer.zero_grad();
        torch::cross_entropy_loss(scores(video, kDropout), snippet_labels(data_, video)).backward();
        optimizer.step();
      }
    }
  }

  std::vector<Segment> localize(std::size_t video) const {
    const torch::NoGradGuard no_grad;
    const torch::Tensor probabilities = scores(video, 0).softmax(1);
    std::vector<std::int64_t> classes(data_.classes().size());
    std::iota(classes.begin(), classes.end(), 0);
    return segments_of(data_, video, classes,
                       [&](std::int64_t label) { return probabilities.select(1, label); });
  }

 private:
  static constexpr std::int64_t kHidden = 256;
  static constexpr int kEpochs = 30;
  static constexpr double kDropout = 0.5;

  // [T, C + 1]; `dropout` is a share.
  torch::Tensor scores(std::size_t video, double dropout) const {
    Array rows = data_.features().rows(video);
    const torch::Tensor features =
        torch::from_blob(rows.values.data(), rows.shape).clone().t().unsqueeze(0);
    const auto convolved = [dropout](const torch::Tensor& input, const torch::Tensor& weight) {
      return torch::conv1d(torch::dropout(input, dropout, dropout > 0), weight, {}, 1, 1);
    };
    return convolved(torch::relu(convolved(features, hidden_)), output_).squeeze(0).t();
  }

  const Dataset& data_;
  const std::vector<std::size_t> videos_;
  const std::uint64_t seed_;
  torch::Tensor hidden_, output_;
};

void run(const po::variables_map& args) {
  const auto path = [&](const char* option) { return fs::path(args[option].as<std::string>()); };
  use_one_thread_a_call();
  const auto text = [&](const char* option) { return args[option].as<std::string>(); };
  const Subsets subsets = {text("train-subset"), text("test-subset")};
  const fs::path folder = path("output");
  const Bundle extractor = load_bundle(path("model"), {});
  const auto folders = args["features"].as<std::vector<std::string>>();
  const Dataset data(std::vector<fs::path>(folders.begin(), folders.end()),
                     of_subsets(read_annotations(path("annotations")), subsets),
                     {.extractor = extractor});
  const Split split = within(path("annotations").string(), [&] { return split_of(data, subsets); });
  const std::uint64_t seed = parse_seed(args);
  write_results(folder, "random", data, split, random_segments(data, split, false, seed));
  write_results(folder, "oracle-labels", data, split, random_segments(data, split, true, seed));
  if (args.count("flow") > 0) {
    write_results(folder, "flow-magnitude", data, split, [&](std::size_t video) {
      const torch::Tensor motion =
          motion_of(path("flow") / (data.videos()[video].id + ".mkv"), data, video);
      return segments_of(data, video, true_classes(data, video),
                         [&](std::int64_t) { return motion; });
    });
  }
  SnippetClassifier classifier(data, split, seed);
  classifier.train();
  write_results(folder, "supervised", data, split,
                [&](std::size_t video) { return classifier.localize(video); });
}

SampleProgram program() {
  po::options_description options;
  options.add_options()  //
      ("features",
       po::value<std::vector<std::string>>()->composing()->value_name("DIR")->required(),
       "of training and test videos; repeatable")  //
      ("annotations", po::value<std::string>()->value_name("FILE")->required(),
       "with segments")  //
      ("train-subset", po::value<std::string>()->value_name("NAME")->default_value("training"),
       "whose segments are learned from")  //
      ("test-subset", po::value<std::string>()->value_name("NAME")->default_value("test"),
       "whose segments are to be found")  //
      ("model", po::value<std::string>()->value_name("BUNDLE")->required(),
       "that made the features")  //
      ("flow", po::value<std::string>()->value_name("DIR"),
       "flow of the test videos by the same recipe, as 'co2net flow --save mkv' writes it")  //
      ("output,o", po::value<std::string>()->value_name("DIR")->required(),
       "folder for random.json, oracle-labels.json, flow-magnitude.json and supervised.json");
  add_seed_option(options, "of the random segments, and of the classifier");
  return {"co2net_bounds", "--features DIR --annotations FILE --model BUNDLE -o DIR", options, run};
}

}  // namespace
}  // namespace co2net

int main(int argc, char** argv) { return co2net::run_program(argc, argv, co2net::program()); }
