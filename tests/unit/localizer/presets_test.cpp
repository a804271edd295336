// The published settings, number by number: what the authors' code trains with.
#include <gtest/gtest.h>

#include "localizer/adam.h"
#include "localizer/training_options.h"

namespace co2net {
namespace {

const Json kPublishedNetwork = {{"kind", "co2net"},
                                {"fusion", "ccm"},
                                {"vattn", {{"main", "rgb"}, {"aux", "flow"}}},
                                {"fattn", {{"main", "flow"}, {"aux", "rgb"}}},
                                {"global", "main"},
                                {"local", "aux"}};

// Every setting; alpha1 to alpha4 of the paper are norm, oppo, cas and ml.
Json published(const std::string& variant, int top_k_ratio, int length, double learning_rate,
               double weight_decay, int iterations, int min_snippets) {
  return {{"variant", variant},
          {"network", kPublishedNetwork},
          {"dropout", 0.7},
          {"loss",
           {{"mil", 1.0},
            {"cas", 1.0},
            {"ml", 1.0},
            {"oppo", 0.8},
            {"norm", 0.8},
            {"top_k_ratio", top_k_ratio},
            {"distance", "mse"}}},
          {"length", length},
          {"learning_rate", learning_rate},
          {"weight_decay", weight_decay},
          {"iterations", iterations},
          {"evaluate_every", 200},
          {"patience", 0},
          {"min_snippets", min_snippets},
          {"background_rows", 1},
          {"compat", "authors"},
          {"seed", 3552}};
}

TEST(PublishedSettings, OfThumos14) {
  EXPECT_EQ(to_json(training_preset("thumos14")),
            published("thumos14", 7, 500, 5e-5, 1e-3, 20000, 1));
}

TEST(PublishedSettings, OfActivityNet) {
  EXPECT_EQ(to_json(training_preset("activitynet1.2")),
            published("activitynet1.2", 5, 60, 3e-5, 5e-4, 22000, 11));
}

TEST(PublishedSettings, OfAdam) {
  const AdamOptions adam;
  EXPECT_EQ(adam.beta1, 0.9);
  EXPECT_EQ(adam.beta2, 0.999);
  EXPECT_EQ(adam.epsilon, 1e-8);
}

TEST(PublishedSettings, OfTheNetworkWithoutOthers) {
  const Co2NetConfig config = network_config(training_preset("activitynet1.2"), 100, 2048);
  EXPECT_EQ(config.dropout, 0.7);
  EXPECT_EQ(config.network.max_seqlen, 60);
  EXPECT_EQ(Co2NetConfig().dropout, 0.7);
  EXPECT_EQ(Co2NetConfig().network.max_seqlen, 60);
}

}  // namespace
}  // namespace co2net
