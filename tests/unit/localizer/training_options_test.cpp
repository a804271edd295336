#include "localizer/training_options.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "pipeline/base/settings.h"
#include "tests/unit/expect_error.h"
#include "tests/unit/expect_names.h"

namespace co2net {
namespace {

// Another value than the default for every key.
const std::vector<std::string> kOthers = {
    "variant=activitynet1.2",
    "network.fusion=concat",
    "network.vattn.main=flow",
    "network.vattn.aux=rgb",
    "network.fattn.main=rgb",
    "network.fattn.aux=flow",
    "network.global=aux",
    "network.local=main",
    "dropout=0.5",
    "loss.mil=0.5",
    "loss.cas=0",
    "loss.ml=2",
    "loss.oppo=0",
    "loss.norm=0.1",
    "loss.top_k_ratio=5",
    "loss.distance=kl",
    "length=60",
    "learning_rate=0.001",
    "weight_decay=0",
    "iterations=100",
    "evaluate_every=50",
    "patience=3",
    "min_snippets=2",
    "background_rows=2",
    "compat=clean",
    "seed=18446744073709551615",
};

void expect_refused(const std::string& setting, const std::string& reason) {
  test::expect_error(ErrorKind::kUsage, {reason},
                     [&] { with_setting(training_preset("thumos14"), setting); });
}

TEST(TrainingOptions, CanBeChangedInEveryKeyAndEveryChangeShows) {
  const Json before = to_json(TrainingOptions());
  const std::vector<std::string> all = setting_keys(before);
  std::set<std::string> keys(all.begin(), all.end());
  ASSERT_EQ(keys.erase("network.kind"), 1u) << "another kind has other settings, see below";
  for (const std::string& setting : kOthers) {
    const std::size_t equals = setting.find('=');
    const std::string key = setting.substr(0, equals), value = setting.substr(equals + 1);
    const TrainingOptions changed = with_setting(TrainingOptions(), setting);
    const std::vector<std::string> differences = json_differences(before, to_json(changed));
    ASSERT_EQ(differences.size(), 1u) << key;
    EXPECT_EQ(differences[0].find(key + " "), 0u) << differences[0];
    EXPECT_NE(differences[0].find("-> "), std::string::npos) << differences[0];
    EXPECT_NE(differences[0].find(value), std::string::npos) << differences[0];
    // Read back with the next change.
    const std::string next = key == "seed" ? "length=61" : "seed=7";
    EXPECT_EQ(json_differences(to_json(changed), to_json(with_setting(changed, next))).size(), 1u)
        << key;
    EXPECT_EQ(keys.erase(key), 1u) << key;
  }
  EXPECT_EQ(keys, std::set<std::string>()) << "keys without a test";
}

TEST(TrainingOptions, AreCheckedOnceAllChangesAreMade) {
  const std::vector<std::string> alone = {"loss.mil=0",  "loss.cas=0",  "loss.ml=0",
                                          "loss.oppo=0", "loss.norm=0", "loss.mil=1"};
  EXPECT_EQ(with_settings(TrainingOptions(), alone).loss.mil, 1);
  EXPECT_THROW(with_settings(TrainingOptions(), {alone.begin(), alone.end() - 1}), Error);
}

// Bundles carry it, and a training goes on only with the same.
TEST(TrainingOptions, HaveTheJsonThatTheyEverHad) {
  EXPECT_EQ(
      to_json(TrainingOptions(), /*has_background=*/false).dump(),
      R"({"compat":"authors","dropout":0.7,"evaluate_every":200,"iterations":20000,)"
      R"("learning_rate":5e-05,"length":500,"loss":{"cas":1.0,"distance":"mse","mil":1.0,"ml":1.0,"norm":0.8,)"
      R"("oppo":0.8,"top_k_ratio":7},"min_snippets":1,"network":{"fattn":{"aux":"rgb",)"
      R"("main":"flow"},"fusion":"ccm","global":"main","local":"aux","vattn":{"aux":"flow",)"
      R"("main":"rgb"}},"patience":0,"seed":3552,"variant":"thumos14","weight_decay":0.001})");
}

TEST(TrainingOptions, OfAWtalcNameItsKindAndTheTermsThatItHas) {
  EXPECT_EQ(to_json(training_preset(Variant::kThumos14, NetworkKind::kWtalc), false).dump(),
            R"({"compat":"authors","dropout":0.7,"evaluate_every":500,"iterations":100000,)"
            R"("learning_rate":0.0001,"length":750,"loss":{"cas":0.5,"mil":0.5,"top_k_ratio":8},)"
            R"("min_snippets":1,"network":{"kind":"wtalc"},"patience":0,"seed":1,)"
            R"("variant":"thumos14","weight_decay":0.0005})");
}

TEST(TrainingOptions, OfAWtalcRefuseWhatItHasNot) {
  const TrainingOptions wtalc = training_preset(Variant::kThumos14, NetworkKind::kWtalc);
  EXPECT_EQ(with_setting(wtalc, "loss.cas=0.25").loss.cas, 0.25);
  for (const auto& [setting, reason] :
       std::map<std::string, std::string>{{"network.fusion=concat", "network must be as it is"},
                                          {"network.global=aux", "network must be as it is"},
                                          {"loss.ml=1", "which has no attention"},
                                          {"loss.oppo=1", "which has no attention"},
                                          {"loss.norm=1", "which has no attention"},
                                          {"loss.distance=kl", "no mutual learning"},
                                          {"background_rows=1", "no background class"},
                                          {"variant=activitynet1.2", "variant must be thumos14"}}) {
    test::expect_error(ErrorKind::kUsage, {reason}, [&] { with_setting(wtalc, setting); });
  }
  expect_refused("network.kind=classifier", "network.kind must be co2net or wtalc");
  expect_refused("network.kind=oracle", "'oracle'");
  expect_refused("network.kind=wtalc", "loss");  // CO2-Net's settings are not W-TALC's
}

TEST(TrainingOptions, TellRowsOfBackgroundOnlyWhereThereIsAny) {
  const TrainingOptions options = with_setting(TrainingOptions(), "background_rows=3");
  Json all = to_json(options);
  all["network"].erase("kind");  // which a CO2-Net's settings need not tell
  EXPECT_EQ(to_json(options, true), all);
  EXPECT_EQ(to_json(options, true).at("background_rows"), 3);
  EXPECT_EQ(to_json(options, false), to_json(TrainingOptions(), false));
}

TEST(TrainingOptions, ListTheKnownKeysWhereOneIsUnknown) {
  for (const std::string& key : setting_keys(to_json(TrainingOptions()))) {
    expect_refused("speed=1", key);
  }
  expect_refused("loss=1", "unknown training key 'loss'");
  expect_refused("length", "want key=value");
}

TEST(TrainingOptions, RefuseValuesOutOfRangeAndSayWhatIsAllowed) {
  expect_refused("variant=thumos", "one of thumos14, activitynet1.2, not 'thumos'");
  expect_refused("network.fusion=sum", "one of ccm, concat, add, se, ssma");
  expect_refused("network.vattn.main=audio", "one of rgb, flow");
  expect_refused("network.fattn.aux=", "one of rgb, flow");
  expect_refused("network.global=both", "one of main, aux");
  expect_refused("dropout=1", "dropout must be in [0, 1), not 1.0");
  expect_refused("dropout=-0.1", "dropout must be in [0, 1), not -0.1");
  expect_refused("loss.cas=-1", "loss.cas must be in [0");
  expect_refused("loss.top_k_ratio=0", "loss.top_k_ratio must be in [1");
  expect_refused("loss.distance=l2", "one of mse, js, kl, mae");
  expect_refused("length=1", "length must be in [2");
  expect_refused("length=2.5", "length cannot be 2.5");
  expect_refused("length=many", "length has the wrong type");
  expect_refused("learning_rate=nan", "learning_rate has the wrong type");
  expect_refused("learning_rate=-1", "learning_rate must be in [0");
  expect_refused("iterations=0", "iterations must be in [1");
  expect_refused("iterations=4294967297", "iterations cannot be 4294967297");  // 1 modulo 2^32
  expect_refused("evaluate_every=0", "evaluate_every must be in [1");
  expect_refused("patience=-1", "patience must be in [0");
  expect_refused("min_snippets=0", "min_snippets must be in [1");
  expect_refused("background_rows=5", "background_rows must be in [0");
  expect_refused("background_rows=-1", "background_rows must be in [0");
  expect_refused("compat=ours", "one of authors, clean");
  expect_refused("seed=-1", "seed cannot be -1");
}

TEST(TrainingOptions, NeedATermToLearnFrom) {
  TrainingOptions options;
  for (const std::string term : {"mil", "cas", "ml", "oppo"}) {
    options = with_setting(options, "loss." + term + "=0");
  }
  test::expect_error(ErrorKind::kUsage, {"loss", "all"},
                     [&] { with_setting(options, "loss.norm=0"); });
}

TEST(TrainingPreset, HasThePublishedSettings) {
  const TrainingOptions thumos = training_preset("thumos14");
  EXPECT_EQ(to_json(thumos), to_json(TrainingOptions()));
  EXPECT_EQ(thumos.length, 500);
  EXPECT_EQ(thumos.learning_rate, 5e-5);
  EXPECT_EQ(thumos.weight_decay, 1e-3);
  const TrainingOptions activitynet = training_preset("activitynet1.2");
  EXPECT_EQ(activitynet.variant, Variant::kActivityNet);
  EXPECT_EQ(activitynet.length, 60);
  EXPECT_EQ(activitynet.loss.top_k_ratio, 5);
  EXPECT_EQ(activitynet.min_snippets, 11);
}

TEST(TrainingPreset, IsThatOfTheKindThatChangesNameLast) {
  const auto kind_of = [](const std::vector<std::string>& changes) {
    return training_preset(Variant::kThumos14, changes).kind;
  };
  EXPECT_EQ(kind_of({}), NetworkKind::kCo2Net);
  EXPECT_EQ(kind_of({"seed=1", "network.kind=wtalc", "length=9"}), NetworkKind::kWtalc);
  EXPECT_EQ(kind_of({"network.kind=wtalc", "network.kind=co2net"}), NetworkKind::kCo2Net);
  EXPECT_EQ(to_json(training_preset(Variant::kActivityNet, std::vector<std::string>())),
            to_json(training_preset(Variant::kActivityNet)));
}

TEST(TrainingPreset, IsNamedAfterTheNetworkThatItTrains) {
  for (const auto& [variant, name] : kChoices<Variant>) {
    EXPECT_EQ(training_preset(variant).variant, variant);
    EXPECT_EQ(to_json(training_preset(std::string(name))), to_json(training_preset(variant)));
  }
}

TEST(TrainingPreset, IsListedWhereAnUnknownOneIsAskedFor) {
  for (const std::string& name : names_of<Variant>()) {
    test::expect_error(ErrorKind::kUsage, {"'nope'", name}, [] { training_preset("nope"); });
  }
}

TEST(Ablation, IsReadBackFromItsJson) {
  const Ablation ablation{.fusion = Fusion::kSe,
                          .vattn = {Modality::kFlow, Modality::kFlow},
                          .fattn = {Modality::kRgb, Modality::kRgb},
                          .global = Role::kAux,
                          .local = Role::kMain};
  EXPECT_EQ(ablation_from_json(to_json(ablation)), ablation);
  EXPECT_EQ(ablation_from_json(to_json(Ablation())), Ablation());
}

TEST(Ablation, FromJsonNamesTheKeyThatDoesNotFit) {
  for (const std::string& key : setting_keys(to_json(Ablation()))) {
    const Json changed = with_setting(to_json(Ablation()), key + "=sound", "network");
    test::expect_error(ErrorKind::kModel, {key, "'sound'"}, [&] { ablation_from_json(changed); });
  }
  Json extra = to_json(Ablation());
  extra["depth"] = 3;
  test::expect_error(ErrorKind::kModel, {"unknown key 'depth'"},
                     [&] { ablation_from_json(extra); });
}

TEST(Dropout, HasOneLimitInTrainingAndInTheNetwork) {
  const TrainingOptions options = with_setting(TrainingOptions(), "dropout=0.995");
  EXPECT_NO_THROW(Co2Net::seeded(network_config(options, 1, 4), 1));
  TrainingOptions too_much = options;
  too_much.dropout = 1;
  const Co2NetConfig config = network_config(too_much, 1, 4);
  const std::string reason = "dropout must be in [0, 1), not 1.0";
  expect_refused("dropout=1", reason);
  test::expect_error(ErrorKind::kModel, {reason}, [&] { Co2Net::seeded(config, 1); });
}

TEST(Distance, HasNamesThatAreReadBack) { test::expect_names_read_back<Distance>(); }

TEST(NetworkConfig, TakesWhatTheOptionsSay) {
  TrainingOptions options = training_preset("activitynet1.2");
  options = with_setting(with_setting(options, "network.fusion=add"), "dropout=0.25");
  const Co2NetConfig config = network_config(options, 7, 32);
  EXPECT_EQ(config.network.variant, Variant::kActivityNet);
  EXPECT_EQ(config.classes, 7);
  EXPECT_EQ(config.feature_size, 32);
  EXPECT_EQ(config.network.max_seqlen, 60);
  EXPECT_EQ(config.dropout, 0.25);
  EXPECT_EQ(config.network.ablation.fusion, Fusion::kAdd);
}

}  // namespace
}  // namespace co2net
