#include "localizer/co2net.h"

#include <ATen/CPUGeneratorImpl.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <set>
#include <thread>

#include "localizer/checkpoint.h"
#include "localizer/network.h"
#include "pipeline/base/error.h"
#include "pipeline/base/files.h"
#include "tests/support.h"

namespace co2net {
namespace {

constexpr Co2NetConfig kSmall = {.classes = 3, .feature_size = 16};

Array some_features(std::int64_t snippets) {
  return test::hashfill("features", {snippets, kSmall.feature_size}, 1);
}

Arrays parameters_of(const Co2Net& model) {
  Arrays parameters;
  for (const auto& item : model.network().named_parameters()) {
    const float* values = item.value().data_ptr<float>();
    parameters[item.key()] = {item.value().sizes().vec(), {values, values + item.value().numel()}};
  }
  return parameters;
}

template <class Action>
std::string model_error_of(Action action) {
  try {
    action();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::kModel);
    return e.what();
  }
  return "no error";
}

std::string error_of_parameters(const Arrays& parameters) {
  return model_error_of([&] { Co2Net(kSmall, parameters); });
}

Tensors read_pickle(const torch::IValue& value) {
  TempDir dir;
  const std::vector<char> bytes = torch::pickle_save(value);
  write_file(dir.path() / "a.pt", {bytes.data(), bytes.size()});
  return read_checkpoint(dir.path() / "a.pt");
}

void expect_contains(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << text;
}

TEST(Co2Net, IsSeededUniformlyByFanInWithZeroBiases) {
  for (const auto& [name, value] : parameters_of(Co2Net::seeded(kSmall, 1))) {
    double largest = 0;
    for (const float x : value.values) largest = std::max<double>(largest, std::abs(x));
    if (name.ends_with(".bias")) {
      EXPECT_EQ(largest, 0) << name;
    } else {
      const double bound = std::sqrt(6.0 / static_cast<double>(value.dim(1) * value.dim(2)));
      EXPECT_LE(largest, bound) << name;
      EXPECT_GT(largest, 0.6 * bound) << name;
    }
  }
}

TEST(Co2Net, DependsOnTheSeedAlone) {
  const Arrays first = parameters_of(Co2Net::seeded(kSmall, 1));
  EXPECT_EQ(parameters_of(Co2Net::seeded(kSmall, 1)), first);
  EXPECT_NE(parameters_of(Co2Net::seeded(kSmall, 2)), first);
}

TEST(Co2Net, LocalizesVideosOfAnyLength) {
  for (const Variant variant : {Variant::kThumos14, Variant::kActivityNet}) {
    Co2NetConfig config = kSmall;
    config.network.variant = variant;
    const Co2Net model = Co2Net::seeded(config, 1);
    for (const std::int64_t snippets : {1, 2, 5, 30000}) {
      const Arrays scores = model.localize(some_features(snippets));
      EXPECT_EQ(scores.at("cas").shape, (Shape{snippets, 4}));
      for (const std::string name : {"attn", "attn_rgb", "attn_flow"}) {
        ASSERT_EQ(scores.at(name).shape, (Shape{snippets}));
        for (const float a : scores.at(name).values) ASSERT_TRUE(a >= 0 && a <= 1) << name << a;
      }
    }
  }
}

TEST(Co2Net, AveragesOverTimeForActivityNetWithZerosBeyondTheEnds) {
  Co2NetConfig config = kSmall;
  config.network.variant = Variant::kActivityNet;
  config.network.max_seqlen = 15;  // averages 3 snippets
  const Arrays parameters = parameters_of(Co2Net::seeded(kSmall, 1));
  const auto sharp = Co2Net(kSmall, parameters).localize(some_features(4)).at("attn").values;
  const auto smooth = Co2Net(config, parameters).localize(some_features(4)).at("attn").values;
  EXPECT_NEAR(smooth[0], (sharp[0] + sharp[1]) / 3, 1e-6);
  EXPECT_NEAR(smooth[1], (sharp[0] + sharp[1] + sharp[2]) / 3, 1e-6);
  EXPECT_NEAR(smooth[3], (sharp[2] + sharp[3]) / 3, 1e-6);
}

TEST(Co2Net, DropsOutAsTheGivenGeneratorSays) {
  const Co2Net model = Co2Net::seeded(kSmall, 1);
  const torch::Tensor features = torch::ones({1, 8, kSmall.feature_size});
  const auto cas = [&](std::uint64_t seed) {
    return model.network().forward(features, at::detail::createCPUGenerator(seed)).cas;
  };
  EXPECT_TRUE(cas(1).equal(cas(1)));
  EXPECT_FALSE(cas(1).equal(cas(2)));
  EXPECT_FALSE(cas(1).equal(model.network().forward(features).cas));
}

TEST(Co2Net, GivesEqualBytesWhenManyThreadsUseIt) {
  at::set_num_threads(1);
  const Co2Net model = Co2Net::seeded(kSmall, 1);
  const Array features = some_features(300);
  const Arrays alone = model.localize(features);
  std::vector<Arrays> together(8);
  std::vector<std::thread> threads;
  for (Arrays& scores : together) {
    threads.emplace_back([&] { scores = model.localize(features); });
  }
  for (std::thread& thread : threads) thread.join();
  for (const Arrays& scores : together) EXPECT_EQ(scores, alone);
}

TEST(Co2Net, RefusesFeaturesThatDoNotFit) {
  const Co2Net model = Co2Net::seeded(kSmall, 1);
  const auto error_of = [&](const Array& features) -> std::string {
    try {
      model.localize(features);
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::kInput);
      return e.what();
    }
    return "no error";
  };
  EXPECT_EQ(error_of(Array({5, 8})), "features: want float32 [*, 16], got [5, 8]");
  expect_contains(error_of(Array({0, 16})), "no snippets");
  Array features = some_features(5);
  features.row(3)[7] = NAN;
  expect_contains(error_of(features), "NaN or infinity in snippet 3");
}

TEST(Co2Net, RefusesAConfigOutOfRange) {
  const auto error_of = [](auto change) {
    Co2NetConfig config = kSmall;
    change(config);
    return model_error_of([&] { Co2Net::seeded(config, 1); });
  };
  expect_contains(error_of([](auto& c) { c.classes = 0; }), "classes");
  expect_contains(error_of([](auto& c) { c.feature_size = 18; }), "feature_size");
  expect_contains(error_of([](auto& c) { c.network.max_seqlen = 0; }), "max_seqlen");
  expect_contains(error_of([](auto& c) { c.network.max_seqlen = 100001; }), "max_seqlen");
  expect_contains(error_of([](auto& c) { c.dropout = 1; }), "dropout must be in [0, 1), not 1.0");
}

TEST(Co2Net, NamesTheParameterThatDoesNotFit) {
  const Arrays good = parameters_of(Co2Net::seeded(kSmall, 1));
  Arrays missing = good;
  missing.erase("fusion.0.bias");
  EXPECT_EQ(error_of_parameters(missing), "parameter fusion.0.bias is missing");
  Arrays unknown = good;
  unknown["fusion.1.bias"] = Array({16});
  EXPECT_EQ(error_of_parameters(unknown), "unknown parameter fusion.1.bias");
  Arrays misshapen = good;
  misshapen["fusion.0.weight"] = Array({16, 16});
  EXPECT_EQ(error_of_parameters(misshapen),
            "parameter fusion.0.weight: want [16, 16, 1], got [16, 16]");
  Arrays infinite = good;
  infinite["fusion.0.bias"].values[3] = INFINITY;
  EXPECT_EQ(error_of_parameters(infinite), "parameter fusion.0.bias holds NaN or infinity");
}

TEST(Co2NetCheckpoint, GivesTheSameScoresWhenReadBack) {
  TempDir dir;
  const auto path = dir.path() / "co2net.pt";
  const Co2Net model = Co2Net::seeded(kSmall, 1);
  model.save(path);
  EXPECT_EQ(Co2Net::load(path, kSmall).localize(some_features(20)),
            model.localize(some_features(20)));
}

TEST(Co2NetCheckpoint, HoldsExactlyThePublishedNames) {
  TempDir dir;
  const auto path = dir.path() / "co2net.pt";
  Co2Net::seeded(kSmall, 1).save(path);
  std::set<std::string> published;
  for (const std::string layer :
       {"vAttn.bit_wise_attn.0", "vAttn.channel_conv.0", "vAttn.attention.0", "vAttn.attention.3",
        "vAttn.attention.5", "fAttn.bit_wise_attn.0", "fAttn.channel_conv.0", "fAttn.attention.0",
        "fAttn.attention.3", "fAttn.attention.5", "fusion.0", "classifier.1", "classifier.4",
        "feat_encoder.0"}) {
    published.insert({layer + ".weight", layer + ".bias"});
  }
  std::set<std::string> names;
  for (const auto& [name, tensor] : read_checkpoint(path)) names.insert(name);
  EXPECT_EQ(names, published);
}

TEST(Co2NetCheckpoint, ThatIsAbsentIsAnIoError) {
  try {
    Co2Net::load("/nonexistent/co2net.pt", kSmall);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::kIo);
  }
}

TEST(Co2NetCheckpoint, ThatDoesNotFitIsNamedWithItsParameter) {
  TempDir dir;
  const auto path = dir.path() / "co2net.pt";
  write_checkpoint(path, {{"fusion.1.bias", torch::ones({16})}});
  EXPECT_EQ(model_error_of([&] { Co2Net::load(path, kSmall); }),
            path.string() + ": unknown parameter fusion.1.bias");
}

TEST(Co2NetCheckpoint, OfOtherSizesIsNamedWithoutReadingItsWeights) {
  TempDir dir;
  const auto path = dir.path() / "co2net.pt";
  Co2Net::seeded(kSmall, 1).save(path);
  expect_sizes(path, kSmall);
  Co2NetConfig more_classes = kSmall, wider = kSmall;
  more_classes.classes += 1;
  wider.feature_size *= 2;
  expect_contains(model_error_of([&] { expect_sizes(path, more_classes); }),
                  path.string() + ": classifier.4.weight: want [");
  expect_contains(model_error_of([&] { expect_sizes(path, wider); }),
                  path.string() + ": fusion.0.weight: want [");
  write_checkpoint(path, {{"bias", torch::ones({16})}});
  expect_contains(model_error_of([&] { expect_sizes(path, kSmall); }), "it lacks fusion.0.weight");
}

TEST(Co2NetCheckpoint, OfIntegersIsRefused) {
  TempDir dir;
  const auto path = dir.path() / "co2net.pt";
  Co2Net::seeded(kSmall, 1).save(path);
  Tensors parameters = read_checkpoint(path);
  parameters["fusion.0.bias"] = parameters.at("fusion.0.bias").to(torch::kInt64);
  write_checkpoint(path, parameters);
  expect_contains(model_error_of([&] { Co2Net::load(path, kSmall); }),
                  "fusion.0.bias is not of floating-point numbers");
}

TEST(Checkpoint, IsReadWhereTorchsOwnPickleTagsTheDictionary) {
  c10::Dict<std::string, torch::Tensor> dictionary;
  dictionary.insert("a", torch::full({2, 3}, 0.5));
  const Tensors tensors = read_pickle(dictionary);
  EXPECT_TRUE(tensors.at("a").equal(torch::full({2, 3}, 0.5)));
}

TEST(Checkpoint, NamesNothingButTensorsInItsPickle) {
  TempDir dir;
  write_checkpoint(dir.path() / "a.pt", {{"a", torch::ones({3})}});
  EXPECT_EQ(read_file(dir.path() / "a.pt").find("restore_type_tag"), std::string::npos);
}

TEST(Checkpoint, IsRefusedWhenTruncated) {
  TempDir dir;
  const auto path = dir.path() / "a.pt";
  write_checkpoint(path, {{"a", torch::ones({300})}});
  const std::string whole = read_file(path);
  for (std::size_t size = 0; size < whole.size(); size += 7) {
    write_file(path, whole.substr(0, size));
    expect_contains(model_error_of([&] { read_checkpoint(path); }), "a.pt: ");
  }
}

TEST(Checkpoint, IsRefusedUnlessADictionaryOfTensors) {
  const auto error_of = [](const torch::IValue& value) {
    return model_error_of([&] { read_pickle(value); });
  };
  expect_contains(error_of(torch::ones({3})), "a.pt: not a dictionary");
  c10::Dict<std::int64_t, torch::Tensor> numbered;
  numbered.insert(1, torch::ones({3}));
  expect_contains(error_of(numbered), "name is not a string");
  c10::Dict<std::string, c10::Dict<std::string, torch::Tensor>> nested;
  nested.insert("a", c10::Dict<std::string, torch::Tensor>());
  expect_contains(error_of(nested), "a is not a tensor");
  c10::Dict<std::string, torch::Tensor> complex;
  complex.insert("a", torch::ones({3}, torch::kComplexFloat));
  expect_contains(error_of(complex), "a: dtype c8 is not supported");
}

TEST(Checkpoint, KeepsDtypesAndMakesViewsDense) {
  TempDir dir;
  const auto path = dir.path() / "a.pt";
  const torch::Tensor table = torch::arange(6).reshape({2, 3});
  Tensors tensors;
  for (const auto dtype :
       {torch::kFloat16, torch::kBFloat16, torch::kFloat32, torch::kFloat64, torch::kInt8,
        torch::kInt16, torch::kInt32, torch::kInt64, torch::kUInt8, torch::kBool}) {
    tensors[torch::toString(dtype)] = table.to(dtype);
  }
  tensors["transposed"] = table.t();
  tensors["part"] = table.slice(1, 1, 3);
  tensors["scalar"] = torch::tensor(std::int64_t{1} << 60);
  tensors["empty"] = torch::zeros({0, 3});
  write_checkpoint(path, tensors);
  const Tensors read = read_checkpoint(path);
  ASSERT_EQ(read.size(), tensors.size());
  for (const auto& [name, tensor] : tensors) {
    EXPECT_EQ(read.at(name).dtype(), tensor.dtype()) << name;
    EXPECT_TRUE(read.at(name).is_contiguous()) << name;
    EXPECT_TRUE(read.at(name).equal(tensor)) << name;
  }
}

TEST(Checkpoint, IsWhatTorchInPythonReadsAndWrites) {
  constexpr const char* kPython = "/usr/bin/python3";
  TempDir dir;
  write_file(dir.path() / "convert.py",
             "import sys, torch\n"
             "for weights_only in (True, False):\n"
             "    a = torch.load('a.pt', weights_only=weights_only)\n"
             "    assert a['x'].tolist() == [[0, 1], [2, 3]] and a['n'].item() == 7, a\n"
             "torch.save(a, 'zip.pt')\n"
             "torch.save(a, 'stream.pt', _use_new_zipfile_serialization=False)\n");
  const torch::Tensor x = torch::arange(4).reshape({2, 2}).to(torch::kFloat32);
  write_checkpoint(dir.path() / "a.pt", {{"x", x}, {"n", torch::tensor(7)}});
  test::run_shell("cd " + test::shell_quoted(dir.path()) + " && " + kPython + " convert.py");
  for (const char* file : {"zip.pt", "stream.pt"}) {
    const Tensors read = read_checkpoint(dir.path() / file);
    EXPECT_TRUE(read.at("x").equal(x)) << file;
    EXPECT_TRUE(read.at("n").equal(torch::tensor(7))) << file;
  }
}

// Each is within what a tensor alone may repeat.
TEST(Checkpoint, IsRefusedWhereTensorsRepeatFewBytesTooOften) {
  TempDir dir;
  const auto path = dir.path() / "co2net.pt";
  Tensors tensors;
  for (int i = 0; i < 20; ++i) {
    tensors["a" + std::to_string(i)] = torch::zeros({1}).expand({1000, 1000});
  }
  write_checkpoint(path, tensors);
  EXPECT_LT(std::filesystem::file_size(path), 10000u);
  expect_contains(model_error_of([&] { read_checkpoint(path); }),
                  "the file repeats its numbers too often");
}

TEST(Checkpoint, IsRefusedWhereATensorClaimsMoreThanItsBytes) {
  TempDir dir;
  const auto path = dir.path() / "a.pt";
  write_checkpoint(path, {{"a", torch::ones({4})}});
  std::string bytes = read_file(path);
  const std::string four = "K\x04";  // as a pickle says it: the storage's size, the tensor's size
  int claims = 0;
  for (auto at = bytes.find(four); at != std::string::npos; at = bytes.find(four, at + 1)) {
    bytes[at + 1] = 100;
    ++claims;
  }
  EXPECT_EQ(claims, 2);
  write_file(path, bytes);
  EXPECT_NE(model_error_of([&] { read_checkpoint(path); }), "no error");
}

}  // namespace
}  // namespace co2net
