// co2net_train_i3d: trains a small I3D to classify trimmed clips, each stream by itself, or only
// classification layers for an I3D that there is, and writes a bundle of both for `co2net extract`
// and `co2net train --extractor`, which also localizes the classes that they learned.

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <torch/torch.h>

#include <algorithm>
#include <array>
#include <boost/program_options.hpp>
#include <cmath>
#include <exception>
#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>
#include <numbers>
#include <numeric>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "extractors/i3d/i3d.h"
#include "extractors/i3d/i3d_network.h"
#include "pipeline/base/digest.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "pipeline/datasets/bundle.h"
#include "pipeline/devices/device.h"
#include "pipeline/devices/threads.h"
#include "pipeline/formats/npy.h"
#include "pipeline/stages/recipe.h"
#include "samples/program.h"
#include "samples/tensors.h"
#include "samples/trainable_i3d.h"
#include "samples/training_state.h"
#include "samples/trimmed_clips.h"

namespace po = boost::program_options;
namespace fs = std::filesystem;

namespace co2net {
namespace {

constexpr int kShift = 4;  // pixels that a clip is shifted by at most, to see more than there is

struct TrainOptions {
  fs::path clips, bundle;
  std::optional<Bundle> networks;  // whose I3D are taken as they are
  Recipe recipe;
  double width = 1;  // of new ones
  int epochs = 0, batch = 0;
  double rate = 0;
  std::uint64_t seed = 0;
};

// Of all that a training depends on.
std::string key_of(const TrainOptions& options) {
  const Json settings = {{"clips", sha256_file(options.clips / "annotations.json")},
                         {"networks", options.networks ? summary(*options.networks) : Json()},
                         {"recipe", to_json(options.recipe)},
                         {"width", options.width},
                         {"epochs", options.epochs},
                         {"batch", options.batch},
                         {"rate", options.rate},
                         {"seed", options.seed}};
  return sha256(settings.dump());
}

// What a network takes, of the clips with these indices.
torch::Tensor batch_of(const TrimmedClips& clips, std::span<const std::int64_t> indices) {
  const std::int64_t size = element_count(clips.clip_shape);
  Shape shape = clips.clip_shape;
  shape.insert(shape.begin(), static_cast<std::int64_t>(indices.size()));
  torch::Tensor bytes = torch::empty(shape, torch::kByte);
  for (std::size_t i = 0; i < indices.size(); ++i) {
    std::copy_n(clips.values.data() + indices[i] * size, size,
                bytes.data_ptr<std::uint8_t>() + static_cast<std::int64_t>(i) * size);
  }
  return bytes.to(torch::kFloat).mul_(2.f / 255).sub_(1.f);
}

// Each clip shifted by some pixels, its borders repeated.
torch::Tensor shifted(const torch::Tensor& clips, std::mt19937_64& random) {
  const std::int64_t side = clips.size(3);
  const auto some_shift = [&] { return static_cast<std::int64_t>(random() % (2 * kShift + 1)); };
  const torch::Tensor padded =
      torch::replication_pad3d(clips, {kShift, kShift, kShift, kShift, 0, 0});
  std::vector<torch::Tensor> views;
  for (std::int64_t i = 0; i < clips.size(0); ++i) {
    const std::int64_t y = some_shift(), x = some_shift();
    views.push_back(padded[i].slice(2, y, y + side).slice(3, x, x + side));
  }
  return torch::stack(views);
}

// What makes features [N, D] of one stream's clips.
struct FeatureNetwork {
  int feature_size;  // D
  std::function<torch::Tensor(const torch::Tensor& clips, bool training)> features;
  std::vector<torch::Tensor> trained;
  std::vector<torch::Tensor> tensors;  // these, and what else changes while training
  std::function<std::string()> script;
};

FeatureNetwork new_network(double width, bool is_flow, std::uint64_t seed) {
  const I3dArchitecture architecture = {is_flow ? 2 : 3, width};
  const auto network = std::make_shared<TrainableI3d>(architecture, seed);
  return {i3d_feature_size(architecture),
          [network](const torch::Tensor& clips, bool training) {
            return network->features(clips, training);
          },
          network->trained(), network->tensors(),
          [=] { return script_i3d(architecture, network->values()); }};
}

FeatureNetwork network_of(const Bundle& bundle, const Recipe& recipe, bool is_flow) {
  const fs::path file = bundle.file(is_flow ? kI3dFlowFile : kI3dRgbFile);
  I3dOptions options;
  options.channels = is_flow ? 2 : 3;
  options.feature_size = bundle.feature_size / 2;
  options.side = recipe.crop_size;
  const auto network = std::make_shared<const I3d>(file, options);
  return {options.feature_size,
          [network](const torch::Tensor& clips, bool) {
            return tensor_of(network->features(array_of(clips)));
          },
          {},
          {},
          [file] { return read_file(file); }};
}

// One stream's network and its classifier.
class StreamTrainer {
 public:
  StreamTrainer(const TrainOptions& options, bool is_flow)
      : options_(options),
        name_(is_flow ? "flow" : "rgb"),
        seed_(2 * options.seed + (is_flow ? 1 : 0)),
        set_(read_trimmed_clips(options.clips, options.recipe, is_flow)),
        network_(options.networks ? network_of(*options.networks, options.recipe, is_flow)
                                  : new_network(options.width, is_flow, seed_)) {
    const auto outputs = static_cast<std::int64_t>(set_.classes.size()) + (set_.has_none ? 1 : 0);
    const Shape shape = {outputs, network_.feature_size};
    logits_ =
        tensor_of(he_uniform(seed_)("logits.weight", shape)).mul_(0.1).set_requires_grad(true);
    bias_ = torch::zeros({outputs}).set_requires_grad(true);
    spdlog::info("{}: {} training and {} test clips", name_, set_.training.count(),
                 set_.test.count());
    if (set_.training.count() < options.batch || set_.test.count() == 0) {
      throw Error(ErrorKind::kInput, options.clips.string() + ": want at least " +
                                         std::to_string(options.batch) +
                                         " training clips, a batch, and one test clip");
    }
  }

  // Adam with decoupled weight decay; the learning rate rises over a twentieth of the steps and
  // falls along a cosine. Goes on after the last epoch that an earlier call has ended.
  void train() {
    std::vector<torch::Tensor> parameters = network_.trained;
    parameters.insert(parameters.end(), {logits_, bias_});
    torch::optim::AdamW optimizer(parameters,
                                  torch::optim::AdamWOptions(options_.rate).weight_decay(1e-2));
    std::mt19937_64 random(seed_);
    std::vector<std::int64_t> order(set_.training.labels.size());
    std::iota(order.begin(), order.end(), 0);
    const std::int64_t batch = options_.batch, steps = set_.training.count() / batch;
    TrainingState state{key_of(options_), network_.tensors, optimizer, random, order};
    state.tensors.insert(state.tensors.end(), {logits_, bias_});
    const int done_before = load_state(state_file(), state);
    if (done_before > 0) spdlog::info("{}: {} epochs were done before", name_, done_before);
    for (int epoch = done_before; epoch < options_.epochs; ++epoch) {
      std::ranges::shuffle(order, random);
      double loss = 0;
      for (std::int64_t step = 0; step < steps; ++step) {
        const double done =
            (epoch + static_cast<double>(step) / static_cast<double>(steps)) / options_.epochs;
        const double rate =
            options_.rate *
            std::min({1., 20 * done + 0.01, 0.5 + 0.5 * std::cos(std::numbers::pi * done)});
        static_cast<torch::optim::AdamWOptions&>(optimizer.param_groups()[0].options()).lr(rate);
        const std::span<const std::int64_t> indices(order.data() + step * batch,
                                                    static_cast<std::size_t>(batch));
        optimizer.zero_grad();
        const torch::Tensor error = torch::cross_entropy_loss(
            scores(shifted(batch_of(set_.training, indices), random), true),
            labels_of(set_.training, indices));
        error.backward();
        optimizer.step();
        loss += error.item<double>() / static_cast<double>(steps);
      }
      spdlog::info("{}: epoch {} of {}, loss {:.3f}", name_, epoch + 1, options_.epochs, loss);
      save_state(state_file(), epoch + 1, state);
    }
  }

  // Of the epochs that are done, while not all are.
  fs::path state_file() const { return options_.bundle / (name_ + ".state"); }

  // Log-probabilities of the test clips' classes, [clips, outputs].
  torch::Tensor test() {
    const torch::NoGradGuard no_grad;
    std::vector<std::int64_t> order(set_.test.labels.size());
    std::iota(order.begin(), order.end(), 0);
    std::vector<torch::Tensor> rows;
    for (std::size_t begin = 0; begin < order.size(); begin += 16) {
      const std::size_t count = std::min<std::size_t>(16, order.size() - begin);
      const std::span<const std::int64_t> indices(order.data() + begin, count);
      rows.push_back(scores(batch_of(set_.test, indices), false).log_softmax(1));
    }
    return torch::cat(rows);
  }

  std::string script() const { return network_.script(); }
  // The classifier's rows of the actions, without that of none, for i3d_logits.npz.
  void add_class_layer(Arrays& layers) const {
    const auto actions = static_cast<std::int64_t>(set_.classes.size());
    layers[name_ + ".weight"] = array_of(logits_.slice(0, 0, actions));
    layers[name_ + ".bias"] = array_of(bias_.slice(0, 0, actions));
  }
  int feature_size() const { return network_.feature_size; }
  const std::vector<std::string>& classes() const { return set_.classes; }
  const std::vector<std::int64_t>& test_labels() const { return set_.test.labels; }

 private:
  torch::Tensor scores(const torch::Tensor& clips, bool training) {
    return torch::linear(network_.features(clips, training), logits_, bias_);
  }

  static torch::Tensor labels_of(const TrimmedClips& clips, std::span<const std::int64_t> indices) {
    std::vector<std::int64_t> labels;
    for (const std::int64_t index : indices) {
      labels.push_back(clips.labels[static_cast<std::size_t>(index)]);
    }
    return torch::tensor(labels);
  }

  const TrainOptions& options_;
  const std::string name_;
  const std::uint64_t seed_;
  const TrimmedSet set_;
  const FeatureNetwork network_;
  torch::Tensor logits_, bias_;  // [outputs, D], [outputs]: the classes, and none if there is
};

// Shares of the clips that are classified correctly, by class and of all, in percent.
Json accuracy(const torch::Tensor& scores, const std::vector<std::int64_t>& labels,
              std::vector<std::string> classes) {
  classes.push_back("none");
  const torch::Tensor truth = torch::tensor(labels);
  const torch::Tensor correct = (scores.argmax(1) == truth).to(torch::kDouble);
  const auto percent = [](const torch::Tensor& of) {
    return std::round(1000 * of.mean().item<double>()) / 10;
  };
  Json shares = {{"all", percent(correct)}};
  for (std::size_t i = 0; i < classes.size(); ++i) {
    const torch::Tensor of_class = correct.index({truth == static_cast<std::int64_t>(i)});
    if (of_class.numel() > 0) shares[classes[i]] = percent(of_class);
  }
  return shares;
}

void print(const Json& accuracies) {
  std::cout << "Test clips classified correctly, in %:\n";
  std::cout << fmt::format("  {:<10}{:>8}{:>8}{:>8}\n", "class", "rgb", "flow", "both");
  for (const auto& [name, share] : accuracies.at("both").items()) {
    const auto of = [&](const char* streams) {
      return accuracies.at(streams).at(name).get<double>();
    };
    std::cout << fmt::format("  {:<10}{:>8.1f}{:>8.1f}{:>8.1f}\n", name, of("rgb"), of("flow"),
                             share.get<double>());
  }
}

void train_bundle(const TrainOptions& options) {
  expect_writable(options.bundle / kI3dRgbFile);
  spdlog::set_default_logger(spdlog::stderr_logger_mt("co2net_train_i3d"));
  use_one_thread_a_call();
  std::array<StreamTrainer, 2> streams = {StreamTrainer(options, false),
                                          StreamTrainer(options, true)};
  // A thread each, so that the weights do not depend on the number of cores.
  std::array<torch::Tensor, 2> scores;
  std::array<std::exception_ptr, 2> errors;
  std::array<std::thread, 2> threads;
  for (std::size_t i = 0; i < streams.size(); ++i) {
    threads[i] = std::thread([&, i] {
      try {
        use_one_thread_here();
        streams[i].train();
        scores[i] = streams[i].test();
      } catch (...) {
        errors[i] = std::current_exception();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }

  const auto accuracy_of = [&](const torch::Tensor& of) {
    return accuracy(of, streams[0].test_labels(), streams[0].classes());
  };
  const Json accuracies = {{"rgb", accuracy_of(scores[0])},
                           {"flow", accuracy_of(scores[1])},
                           {"both", accuracy_of(scores[0] + scores[1])}};
  Bundle bundle;
  bundle.directory = options.bundle;
  bundle.name = "drawn-actions-i3d";
  bundle.network.kind = NetworkKind::kClassifier;
  bundle.classes = streams[0].classes();
  bundle.compat = Compat::kClean;
  bundle.recipe = options.recipe;
  bundle.feature_size = 2 * streams[0].feature_size();
  bundle.provenance = {{"made_by", "co2net_train_i3d"}, {"trained_on", "drawn trimmed clips"},
                       {"epochs", options.epochs},      {"batch", options.batch},
                       {"rate", options.rate},          {"seed", options.seed},
                       {"test_accuracy", accuracies}};
  if (options.networks) {
    bundle.provenance["networks"] = summary(*options.networks);
  } else {
    bundle.provenance["width"] = options.width;
  }
  fs::create_directories(options.bundle);
  write_file(bundle.file(kI3dRgbFile), streams[0].script());
  write_file(bundle.file(kI3dFlowFile), streams[1].script());
  Arrays layers;
  for (const StreamTrainer& stream : streams) stream.add_class_layer(layers);
  write_file(bundle.file(kI3dLogitsFile), format_npz(layers));
  save_bundle(bundle);
  for (const StreamTrainer& stream : streams) fs::remove(stream.state_file());
  print(accuracies);
}

void run(const po::variables_map& args) {
  TrainOptions options;
  options.clips = args["clips"].as<std::string>();
  options.bundle = args["output"].as<std::string>();
  options.width = args["width"].as<double>();
  options.epochs = args["epochs"].as<int>();
  options.batch = args["batch"].as<int>();
  options.rate = args["rate"].as<double>();
  options.seed = parse_seed(args);
  if (options.epochs < 1 || options.batch < 2) {
    throw po::error("--epochs must be at least 1, and --batch at least 2");
  }
  if (!(options.rate > 0) || !(options.width > 0)) {
    throw po::error("--rate and --width must be positive");
  }
  options.recipe = recipe_preset("wtalc-cpu");
  if (args.count("networks") > 0) {
    if (!args["width"].defaulted()) throw po::error("--width is of new networks, not --networks");
    options.networks = load_bundle(args["networks"].as<std::string>(), {kI3dRgbFile, kI3dFlowFile});
    options.recipe = options.networks->recipe;
  }
  if (args.count("recipe-set") > 0) {
    for (const std::string& setting : args["recipe-set"].as<std::vector<std::string>>()) {
      options.recipe = with_setting(options.recipe, setting);
    }
  }
  train_bundle(options);
}

SampleProgram program() {
  po::options_description options;
  options.add_options()  //
      ("clips", po::value<std::string>()->value_name("DIR")->required(),
       "trimmed videos and their annotations.json; those of the subset 'test' are not learned "
       "from")  //
      ("output,o", po::value<std::string>()->value_name("BUNDLE")->required(),
       "the bundle's folder")  //
      ("networks", po::value<std::string>()->value_name("BUNDLE"),
       "takes the I3D and the recipe of this bundle, and learns the classes alone")  //
      ("recipe-set", po::value<std::vector<std::string>>()->composing()->value_name("KEY=VALUE"),
       "changes the recipe wtalc-cpu, or that of --networks; repeatable")  //
      ("width", po::value<double>()->value_name("W")->default_value(0.1875, "0.1875"),
       "of I3D: 1 is the published network")  //
      ("epochs", po::value<int>()->value_name("N")->default_value(8),
       "passes through the training clips")                                            //
      ("batch", po::value<int>()->value_name("N")->default_value(16), "clips a step")  //
      ("rate", po::value<double>()->value_name("R")->default_value(3e-3, "0.003"),
       "the largest learning rate");
  add_seed_option(options, "equal seeds give equal weights on one kind of CPU");
  return {"co2net_train_i3d", "--clips DIR -o BUNDLE", options, run};
}

}  // namespace
}  // namespace co2net

int main(int argc, char** argv) { return co2net::run_program(argc, argv, co2net::program()); }
