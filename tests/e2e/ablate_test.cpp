#include <gtest/gtest.h>

#include <cmath>
#include <csignal>
#include <set>
#include <sstream>

#include "cli/workflows/ablation_tables.h"
#include "localizer/training_options.h"
#include "pipeline/base/file_lock.h"
#include "pipeline/formats/npy.h"
#include "tests/e2e/program.h"
#include "tests/support.h"

namespace co2net::test {
namespace {

constexpr int kVideos = 10, kTestVideos = 4, kSnippetsAVideo = 12, kFeatureSize = 16;

// In video i, class i % 2 lasts over snippets [4, 8), where its own half of the columns is high.
class Ablate : public testing::Test {
 protected:
  Ablate() {
    for (int i = 0; i < kVideos; ++i) {
      const std::string id = "v" + std::to_string(i);
      Array rows = hashfill(id, {kSnippetsAVideo, kFeatureSize}, 0.5f);
      for (int snippet = 4; snippet < 8; ++snippet) {
        for (int column = i % 2; column < kFeatureSize; column += 2) rows.row(snippet)[column] += 2;
      }
      write_file(path("features") / (id + ".npy"), format_npy(rows));
    }
    annotate("jump", "run", {});
  }

  // Labels of even videos and of odd ones; classes that no video shows may be named too.
  void annotate(const std::string& even, const std::string& odd, const Strings& classes) const {
    Json database = Json::object();
    for (int i = 0; i < kVideos; ++i) {
      database["v" + std::to_string(i)] = {
          {"subset", i < kVideos - kTestVideos ? "validation" : "test"},
          {"duration", kSnippetsAVideo * 0.64},
          {"annotations", {{{"label", i % 2 ? odd : even}, {"segment", {2.56, 5.12}}}}}};
    }
    Json json = {{"database", database}};
    if (!classes.empty()) json["classes"] = classes;
    write_file(annotations(), json.dump());
  }

  fs::path path(const std::string& name) const { return dir_.path() / name; }
  fs::path annotations() const { return path("gt.json"); }

  Strings arguments(const Strings& options) const {
    return Strings{"ablate",   "--features", path("features"), "--annotations",      annotations(),
                   "--set",    "length=8",   "--set",          "learning_rate=0.01", "-o",
                   path("out")} +
           options;
  }
  Outcome ablate(const Strings& options) const { return co2net(arguments(options)); }

  // Folders that hold a finished training.
  std::set<std::string> trainings() const {
    std::set<std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator(path("out"))) {
      if (entry.path().filename() == "result.json") {
        found.insert(fs::relative(entry.path().parent_path(), path("out")));
      }
    }
    return found;
  }

 private:
  TempDir dir_;
};

Strings lines_of(const std::string& text) {
  Strings lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(AblationTables, HoldCo2NetOnceEachAndNoTrainingTwice) {
  const TrainingOptions published = training_preset("thumos14");
  for (const AblationTable& table : ablation_tables()) {
    std::set<Json> networks;
    for (const AblationRow& row : table.rows) {
      TrainingOptions options = published;
      for (const std::string& setting : row.settings) options = with_setting(options, setting);
      networks.insert(to_json(options));
    }
    EXPECT_EQ(networks.size(), table.rows.size()) << table.name;
    EXPECT_EQ(networks.count(to_json(published)), 1u) << table.name;
  }
}

TEST_F(Ablate, TrainsAllTablesAndWhatTheyShareOnce) {
  const Outcome outcome = ablate({"--iterations", "2"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  std::size_t rows = 0;
  for (const AblationTable& table : ablation_tables()) {
    rows += table.rows.size();
    EXPECT_NE(outcome.out.find("\n" + table.title + " "), std::string::npos) << outcome.out;
  }
  const std::size_t shared = ablation_tables().size() - 1;
  EXPECT_EQ(trainings().size(), rows - shared);
  EXPECT_EQ(trainings().count("co2net/seed-3552"), 1u);
  EXPECT_EQ(trainings().count("loss.cas=0,loss.norm=0/seed-3552"), 1u);
  for (const std::string& training : trainings()) {
    EXPECT_TRUE(fs::exists(path("out") / training / "co2net.pt"));
    EXPECT_FALSE(fs::exists(path("out") / training / "training/state.pt"));
  }
}

TEST_F(Ablate, PrintsThePapersFiguresBesideItsOwnDataset) {
  annotate("HighJump", "LongJump", kThumos14Classes);
  const Strings options = {"--iterations", "2", "--table", "fusion", "--table", "distance"};
  const Outcome outcome = ablate(options);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const auto ends = [&](const std::string& row, const std::string& end) {
    for (const std::string& line : lines_of(outcome.out)) {
      if (line.starts_with(row + " ")) return line.ends_with(end);
    }
    return false;
  };
  EXPECT_TRUE(ends("fusion", "   0.1:0.7     paper"));
  EXPECT_TRUE(ends("ssma", "      38.0"));
  EXPECT_TRUE(ends("se", "      43.0"));
  EXPECT_TRUE(ends("ccm", "      44.6"));
  EXPECT_TRUE(ends("mse", "      44.6"));
  EXPECT_TRUE(ends("mae", "          ")) << outcome.out;
}

TEST_F(Ablate, PrintsNoneOfThePapersFiguresBesideOtherClasses) {
  Strings classes = kThumos14Classes;
  classes.back() = "Juggling";
  for (const bool twenty : {true, false}) {
    if (twenty) annotate("HighJump", "LongJump", classes);
    if (!twenty) annotate("jump", "run", {});
    fs::remove_all(path("out"));
    const Outcome outcome = ablate({"--iterations", "2", "--table", "fusion", "--json"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    for (const Json& row : outcome.json().at("tables").at(0).at("rows")) {
      EXPECT_TRUE(row.at("paper").is_null()) << row;
    }
  }
}

TEST_F(Ablate, AnotherBaseHasNoFiguresInThePaper) {
  annotate("HighJump", "LongJump", kThumos14Classes);
  const Outcome outcome = ablate(
      {"--iterations", "2", "--table", "losses", "--set", "network.fusion=concat", "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  for (const Json& row : outcome.json().at("tables").at(0).at("rows")) {
    EXPECT_TRUE(row.at("paper").is_null()) << row;
  }
}

TEST_F(Ablate, JsonAndTableAgreeOnMeansOverSeeds) {
  const Strings options = {"--iterations", "6", "--table", "context",
                           "--seeds",      "2", "--seed",  "7"};
  const Outcome table = ablate(options);
  ASSERT_EQ(table.code, 0) << table.err;
  const Json json = ablate(options + Strings{"--json"}).json();
  EXPECT_EQ(json.at("subset"), "test");
  EXPECT_EQ(json.at("videos"), kTestVideos);
  const Json& context = json.at("tables").at(0);
  const Strings lines = lines_of(table.out);
  ASSERT_EQ(lines.size(), 3 + context.at("rows").size()) << table.out;
  EXPECT_TRUE(lines[0].ends_with("mean of 2 seeds")) << lines[0];
  for (std::size_t i = 0; i < context.at("rows").size(); ++i) {
    const Json& row = context.at("rows")[i];
    const double first = row.at("seeds").at(0).at("average");
    const double second = row.at("seeds").at(1).at("average");
    EXPECT_EQ(row.at("seeds").at(1).at("seed"), 8);
    EXPECT_GT(row.at("average"), 0);
    EXPECT_NEAR(row.at("average"), (first + second) / 2, 1e-12);
    EXPECT_NEAR(row.at("deviation"), std::abs(first - second) / std::sqrt(2), 1e-12);

    std::istringstream line(lines[i + 3]);
    std::string name;
    line >> name;
    EXPECT_EQ(name, row.at("name").get<std::string>());
    std::vector<double> shown = row.at("mAP");
    EXPECT_EQ(shown.size(), 7u);
    shown.push_back(row.at("average"));
    shown.push_back(row.at("deviation"));
    for (const double fraction : shown) {
      double percent = -1;
      line >> percent;
      EXPECT_NEAR(percent, 100 * fraction, 0.0501);
    }
  }
}

TEST_F(Ablate, KnowsActivityNetsThresholds) {
  const Outcome outcome =
      ablate({"--iterations", "2", "--table", "fusion", "--preset", "activitynet1.2",
              "--train-subset", "validation", "--test-subset", "test", "--json"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const Json json = outcome.json();
  EXPECT_EQ(json.at("tiou"), (std::vector<double>{0.5, 0.75, 0.95}));
  EXPECT_EQ(json.at("average_over"), "0.5:0.95");
  for (const Json& row : json.at("tables").at(0).at("rows")) {
    EXPECT_TRUE(row.at("paper").is_null()) << "not ActivityNet's classes: " << row;
  }
}

TEST_F(Ablate, FinishedTrainingsAreKeptAndEvaluatedAnewForOtherSegments) {
  const Strings options = {"--iterations", "2", "--table", "fusion"};
  const Outcome first = ablate(options);
  ASSERT_EQ(first.code, 0) << first.err;
  const Outcome second = ablate(options);
  EXPECT_EQ(second.out, first.out);
  EXPECT_FALSE(second.says("iteration")) << second.err;

  std::string moved = read_file(annotations());
  for (auto at = moved.find("[2.56,5.12]"); at != moved.npos; at = moved.find("[2.56,5.12]")) {
    moved.replace(at, 11, "[0.0,7.68]");
  }
  write_file(annotations(), moved);
  const Outcome third = ablate(options);
  EXPECT_EQ(third.code, 0) << third.err;
  EXPECT_NE(third.out, first.out);
  EXPECT_FALSE(third.says("iteration")) << third.err;
}

TEST_F(Ablate, AnInterruptedSetGoesOnAndEndsAlike) {
  const Strings options = {"--iterations", "40",    "--table",
                           "context",      "--set", "evaluate_every=10"};
  const Strings rows = {"network.local=main", "network.global=aux"};  // the first two
  for (const int signal : {SIGKILL, SIGINT}) {
    // The program cannot come further than to the training whose lock is held here.
    const FileLock held(path("out") / rows[1] / "seed-3552.lock");
    Process process(arguments(options));
    process.wait_for(path("out") / rows[0] / "seed-3552" /
                     (signal == SIGKILL ? "training" : "result.json"));
    process.send(signal);
    EXPECT_EQ(process.wait(), signal == SIGKILL ? -SIGKILL : 130);
    EXPECT_EQ(trainings().count(rows[1] + "/seed-3552"), 0u);
  }
  EXPECT_EQ(trainings(), std::set<std::string>{rows[0] + "/seed-3552"});
  const Outcome resumed = ablate(options);
  ASSERT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_EQ(trainings().size(), 4u);
  fs::remove_all(path("out"));
  EXPECT_EQ(ablate(options).out, resumed.out);
}

TEST_F(Ablate, TellsTheTimeThatAllTrainingsWillTakeUnlessTheLogIsQuiet) {
  const Strings options = {"--iterations", "12", "--table", "fusion"};
  const std::string words = "for the 50 iterations left in 5 trainings";
  const Outcome outcome = ablate(options);
  EXPECT_TRUE(outcome.says(words)) << outcome.err;
  EXPECT_EQ(outcome.err.find("expected time"), outcome.err.rfind("expected time"));
  fs::remove_all(path("out"));
  EXPECT_FALSE(ablate(options + Strings{"--log-level", "warning"}).says(words));
}

TEST_F(Ablate, TrainsAndEvaluatesCleanOnRequest) {
  const Strings options = {"--iterations", "2", "--table", "fusion"};
  ASSERT_EQ(ablate(options + Strings{"--compat", "clean"}).code, 0);
  const Json bundle = Json::parse(read_file(path("out/co2net/seed-3552/model.json")));
  EXPECT_EQ(bundle.at("compat"), "clean");
  EXPECT_TRUE(ablate(options).says("options.compat \"clean\" -> \"authors\""));
}

TEST_F(Ablate, GoesOnWhereATrainingWasKilledAsItBegan) {
  write_file(path("out/co2net/seed-3552/training/lock"), "");
  write_file(path("out/co2net/seed-3552/training/.tmp.1.json"), "{");
  const Outcome outcome = ablate({"--iterations", "2", "--table", "fusion"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
}

TEST_F(Ablate, RefusesAFolderOfOtherSettingsBeforeItTrains) {
  ASSERT_EQ(ablate({"--iterations", "2", "--table", "losses"}).code, 0);
  const Outcome outcome = ablate({"--iterations", "3", "--table", "fusion"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_TRUE(outcome.says("holds another training: options.iterations 2 -> 3")) << outcome.err;
  EXPECT_FALSE(outcome.says("training 1 of 5")) << outcome.err;
}

TEST_F(Ablate, WrongUseExitsWith2) {
  for (const auto& [options, words] : std::vector<std::pair<Strings, std::string>>{
           {{"--table", "loss"}, "losses, distance, modality, context, fusion, all"},
           {{"--seeds", "0"}, "--seeds"},
           {{"--seeds=-1"}, "--seeds"},
           {{"--test-subset", "tset"}, "test, validation"}}) {
    const Outcome outcome = ablate(options);
    EXPECT_EQ(outcome.code, 2) << testing::PrintToString(options);
    EXPECT_TRUE(outcome.says(words)) << outcome.err;
    EXPECT_FALSE(fs::exists(path("out")));
  }
}

TEST_F(Ablate, WithoutFeaturesOfTheTestVideosNothingIsTrained) {
  for (int i = kVideos - kTestVideos; i < kVideos; ++i) {
    fs::remove(path("features") / ("v" + std::to_string(i) + ".npy"));
  }
  const Outcome outcome = ablate({"--iterations", "2"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(outcome.says("no video of the subset 'test' has features")) << outcome.err;
  EXPECT_FALSE(fs::exists(path("out")));
}

}  // namespace
}  // namespace co2net::test
