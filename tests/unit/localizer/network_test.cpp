#include "localizer/network.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <functional>
#include <set>

namespace co2net {
namespace {

using torch::Tensor;

constexpr int kFeatureSize = 32, kClasses = 3;  // gates have 2 channels

Network network_of(const Ablation& ablation) {
  Co2NetConfig config{.classes = kClasses, .feature_size = kFeatureSize};
  config.network.ablation = ablation;
  Network network(config);
  torch::NoGradGuard no_grad;
  torch::manual_seed(1);
  for (Tensor& parameter : network.parameters()) parameter.uniform_(-0.4, 0.4);
  return network;
}

// The method's formulas, written with torch's functions on a network's parameters.
class Formulas {
 public:
  Formulas(const Network& network, const Tensor& features)
      : parameters_(network.named_parameters()), sequence_(features.transpose(1, 2)) {}

  Tensor both() const { return sequence_; }
  Tensor stream(const std::string& name) const {
    return sequence_.chunk(2, 1)[name == "rgb" ? 0 : 1];
  }

  Tensor conv(const std::string& layer, const Tensor& x) const {
    const Tensor weight = parameters_[layer + ".weight"];
    return torch::conv1d(x, weight, parameters_[layer + ".bias"], 1, weight.size(2) / 2);
  }
  static Tensor leaky(const Tensor& x) { return torch::max(x, 0.2 * x); }

  Tensor consensus(const std::string& module, const std::string& main, const std::string& global,
                   const std::string& local) const {
    const Tensor context =
        leaky(conv(module + ".channel_conv.0", stream(global).mean(2, /*keepdim=*/true)));
    const Tensor detail = leaky(conv(module + ".bit_wise_attn.0", stream(local)));
    return torch::sigmoid(context * detail) * stream(main);
  }

  Tensor attention(const std::string& module, const Tensor& enhanced) const {
    const std::string unit = module + ".attention.";
    const Tensor hidden = leaky(conv(unit + "3", leaky(conv(unit + "0", enhanced))));
    return torch::sigmoid(conv(unit + "5", hidden)).squeeze(1);
  }

 private:
  torch::OrderedDict<std::string, Tensor> parameters_;
  Tensor sequence_;
};

using Enhanced = std::pair<Tensor, Tensor>;  // of vAttn and fAttn
struct Case {
  std::string name;
  Ablation ablation;
  std::function<Enhanced(const Formulas&)> enhanced;
};
std::ostream& operator<<(std::ostream& out, const Case& test_case) { return out << test_case.name; }

// Either module's main, global and local input.
Case consensus_case(const std::string& name, const Ablation& ablation,
                    const std::vector<std::string>& v, const std::vector<std::string>& f) {
  return {name, ablation, [v, f](const Formulas& formulas) {
            return Enhanced{formulas.consensus("vAttn", v[0], v[1], v[2]),
                            formulas.consensus("fAttn", f[0], f[1], f[2])};
          }};
}

Enhanced gated(const Formulas& formulas, const Tensor& seen) {
  const Tensor hidden = torch::relu(formulas.conv("gate.0", seen));
  const Tensor gate = torch::sigmoid(formulas.conv("gate.2", hidden));
  const std::vector<Tensor> parts = (gate * formulas.both()).chunk(2, 1);
  return {parts[0], parts[1]};
}

const std::vector<Case> kCases = {
    consensus_case("ccm", {}, {"rgb", "rgb", "flow"}, {"flow", "flow", "rgb"}),
    consensus_case("global_aux", {.global = Role::kAux}, {"rgb", "flow", "flow"},
                   {"flow", "rgb", "rgb"}),
    consensus_case("local_main", {.local = Role::kMain}, {"rgb", "rgb", "rgb"},
                   {"flow", "flow", "flow"}),
    consensus_case("global_aux_local_main", {.global = Role::kAux, .local = Role::kMain},
                   {"rgb", "flow", "rgb"}, {"flow", "rgb", "flow"}),
    consensus_case(
        "modules_exchanged",
        {.vattn = {Modality::kFlow, Modality::kRgb}, .fattn = {Modality::kRgb, Modality::kFlow}},
        {"flow", "flow", "rgb"}, {"rgb", "rgb", "flow"}),
    consensus_case(
        "rgb_alone",
        {.vattn = {Modality::kRgb, Modality::kRgb}, .fattn = {Modality::kRgb, Modality::kRgb}},
        {"rgb", "rgb", "rgb"}, {"rgb", "rgb", "rgb"}),
    {"concat",
     {.fusion = Fusion::kConcat},
     [](const Formulas& formulas) {
       return Enhanced{formulas.stream("rgb"), formulas.stream("flow")};
     }},
    {"add",
     {.fusion = Fusion::kAdd},
     [](const Formulas& formulas) {
       const Tensor sum = formulas.stream("rgb") + formulas.stream("flow");
       return Enhanced{sum, sum};
     }},
    {"se",
     {.fusion = Fusion::kSe},
     [](const Formulas& formulas) {
       return gated(formulas, formulas.both().mean(2, /*keepdim=*/true));
     }},
    {"ssma",
     {.fusion = Fusion::kSsma},
     [](const Formulas& formulas) { return gated(formulas, formulas.both()); }},
};

class NetworkAblation : public testing::TestWithParam<Case> {};

TEST_P(NetworkAblation, ComputesItsFormula) {
  torch::NoGradGuard no_grad;
  const Network network = network_of(GetParam().ablation);
  const Tensor features = torch::rand({2, 9, kFeatureSize});
  const NetworkOutput got = network.forward(features);

  const Formulas formulas(network, features);
  const auto [rgb, flow] = GetParam().enhanced(formulas);
  const Tensor attn_rgb = formulas.attention("vAttn", rgb);
  const Tensor attn_flow = formulas.attention("fAttn", flow);
  const Tensor feat = Formulas::leaky(formulas.conv("fusion.0", torch::cat({rgb, flow}, 1)));
  const Tensor cas =
      formulas.conv("classifier.4", Formulas::leaky(formulas.conv("classifier.1", feat)));
  EXPECT_TRUE(got.attn_rgb.allclose(attn_rgb, 1e-4, 1e-6));
  EXPECT_TRUE(got.attn_flow.allclose(attn_flow, 1e-4, 1e-6));
  EXPECT_TRUE(got.attn.allclose((attn_rgb + attn_flow) / 2, 1e-4, 1e-6));
  EXPECT_TRUE(got.feat.allclose(feat.transpose(1, 2), 1e-4, 1e-5));
  EXPECT_TRUE(got.cas.allclose(cas.transpose(1, 2), 1e-4, 1e-5));
}

TEST_P(NetworkAblation, HasTheParametersOfItsLayers) {
  const Fusion fusion = GetParam().ablation.fusion;
  std::set<std::string> layers = {"fusion.0", "classifier.1", "classifier.4"};
  for (const std::string module : {"vAttn.", "fAttn."}) {
    for (const std::string layer : {"attention.0", "attention.3", "attention.5"}) {
      layers.insert(module + layer);
    }
    if (fusion == Fusion::kCcm) {
      layers.insert({module + "channel_conv.0", module + "bit_wise_attn.0"});
    }
  }
  const bool has_gate = fusion == Fusion::kSe || fusion == Fusion::kSsma;
  if (has_gate) layers.insert({"gate.0", "gate.2"});
  std::set<std::string> want;
  for (const std::string& layer : layers) want.insert({layer + ".weight", layer + ".bias"});

  const Network network = network_of(GetParam().ablation);
  std::set<std::string> names;
  for (const auto& item : network.named_parameters()) names.insert(item.key());
  EXPECT_EQ(names, want);
  if (has_gate) {
    const int kernel = fusion == Fusion::kSe ? 1 : 3;
    EXPECT_EQ(network.named_parameters()["gate.0.weight"].sizes(),
              (std::vector<std::int64_t>{2, kFeatureSize, kernel}));
    EXPECT_EQ(network.named_parameters()["gate.2.weight"].sizes(),
              (std::vector<std::int64_t>{kFeatureSize, 2, kernel}));
  }
}

INSTANTIATE_TEST_SUITE_P(Every, NetworkAblation, testing::ValuesIn(kCases),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace co2net
