#include "localizer/trainer.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <limits>
#include <optional>
#include <stdexcept>

#include "localizer/checkpoint.h"
#include "pipeline/base/files.h"
#include "pipeline/formats/npy.h"
#include "tests/support.h"
#include "tests/unit/expect_error.h"

namespace fs = std::filesystem;

namespace co2net {
namespace {

constexpr int kVideos = 8, kFeatureSize = 16;

// What ends a training as a crash would.
struct Crash : std::runtime_error {
  Crash() : std::runtime_error("crash") {}
};

class Trainer : public testing::Test {
 protected:
  Trainer() {
    Annotations annotations;
    annotations.classes = {"class0", "class1"};
    for (int i = 0; i < kVideos; ++i) {
      const std::string id = "video" + std::to_string(i);
      write_file(dir_.path() / "features" / (id + ".npy"),
                 format_npy(test::hashfill(id, {5 + i, kFeatureSize}, 1)));
      annotations.videos.push_back(
          {id, "training", 0, {annotations.classes[static_cast<std::size_t>(i % 2)]}, {}});
    }
    dataset_.emplace(dataset_of(annotations));
  }

  // A training in a folder of that name: 9 updates, judged after 4 and 7.
  TrainingJob job(const std::string& name) const {
    TrainingJob job;
    job.options.length = 6;
    job.options.learning_rate = 1e-3;
    job.options.iterations = 9;
    job.options.evaluate_every = 3;
    job.dataset = &*dataset_;
    for (std::size_t i = 0; i < kVideos; ++i) job.videos.push_back(i);
    job.paired = job.videos;
    job.data = {{"videos", "those"}};
    job.directory = dir_.path() / name;
    job.model_file = job.directory / "best.pt";
    // A number that changes with the model, but not with the run.
    job.judge = [this](const Co2Net& model) {
      return Judgement{model.localize(dataset_->features().rows(0)).at("cas").values[0],
                       {{"of", "video0"}}};
    };
    return job;
  }

  static void crash_after(TrainingJob job, std::int64_t updates) {
    job.on_update = [=](std::int64_t iteration, const LossValues&) {
      if (iteration == updates) throw Crash();
    };
    EXPECT_THROW(train(job), Crash);
  }

  // Judgements by score alone, in the order in which they are asked for.
  static void judge_by(TrainingJob& job, std::vector<double> scores) {
    job.judge = [scores = std::move(scores), i = std::size_t{0}](const Co2Net&) mutable {
      return Judgement{scores.at(i++), Json::object()};
    };
  }

  static void expect_same_files(const fs::path& got, const fs::path& want) {
    for (const char* file : {"best.pt", "metrics.jsonl", "settings.json", "state.pt"}) {
      EXPECT_EQ(read_file(got / file), read_file(want / file)) << file;
    }
  }

  Dataset dataset_of(const Annotations& annotations) const {
    return {path("features"), annotations, {.recipe = Recipe()}};
  }
  const Dataset& dataset() const { return *dataset_; }
  fs::path path(const std::string& name) const { return dir_.path() / name; }

 private:
  TempDir dir_;
  std::optional<Dataset> dataset_;
};

std::vector<std::int64_t> judged_iterations(TrainingJob job) {
  std::vector<std::int64_t> iterations;
  job.on_judged = [&](std::int64_t iteration, const LossValues&, const Judgement&, bool) {
    iterations.push_back(iteration);
  };
  train(job);
  return iterations;
}

using Iterations = std::vector<std::int64_t>;

TEST_F(Trainer, JudgesAfterTheUpdatesOfTheAuthorsCount) {
  EXPECT_EQ(judged_iterations(job("a")), (Iterations{4, 7}));
  TrainingJob ends_on_one = job("b");
  ends_on_one.options.iterations = 7;
  EXPECT_EQ(judged_iterations(ends_on_one), (Iterations{4, 7}));
  TrainingJob each = job("c");
  each.options.evaluate_every = 1;
  each.options.iterations = 4;
  EXPECT_EQ(judged_iterations(each), (Iterations{2, 3, 4}));
}

TEST_F(Trainer, JudgesAsOftenAsTheAuthorsInAHundredIntervals) {
  TrainingJob hundred = job("a");
  hundred.options.evaluate_every = 2;
  hundred.options.iterations = 200;
  const Iterations judged = judged_iterations(hundred);
  EXPECT_EQ(judged.size(), 99u);
  EXPECT_EQ(judged.front(), 3);
  EXPECT_EQ(judged.back(), 199);
}

TEST_F(Trainer, JudgesTheLastModelWhereNoOtherWasOrWhereItIsClean) {
  TrainingJob brief = job("brief");
  brief.options.iterations = brief.options.evaluate_every;
  EXPECT_EQ(judged_iterations(brief), (Iterations{3}));
  EXPECT_EQ(train(brief).best_iteration, 3);
  TrainingJob clean = job("clean");
  clean.options.compat = Compat::kClean;
  EXPECT_EQ(judged_iterations(clean), (Iterations{4, 7, 9}));
}

TEST_F(Trainer, InterruptedAnywhereEndsWithTheSameBytes) {
  train(job("whole"));
  for (const std::int64_t updates : {1, 4, 5, 6, 9}) {
    const TrainingJob broken = job("after " + std::to_string(updates));
    crash_after(broken, updates);
    train(broken);
    expect_same_files(broken.directory, path("whole"));
  }
}

TEST_F(Trainer, InterruptedAgainAndAgainWithAStateEachUpdateEndsWithTheSameBytes) {
  train(job("whole"));
  TrainingJob often = job("often");
  often.checkpoint_s = 0;
  for (std::int64_t update = 2; update <= 9; ++update) crash_after(often, update);
  often.threads = 3;
  train(often);
  expect_same_files(often.directory, path("whole"));
}

TEST_F(Trainer, SavesItsStateAsOftenAsItIsToldAndWhenItHasJudged) {
  const auto saved_updates = [&](const std::string& name, double checkpoint_s) {
    TrainingJob watched = job(name);
    watched.checkpoint_s = checkpoint_s;
    std::vector<std::int64_t> updates;  // in the state that each update finds
    watched.on_update = [&](std::int64_t, const LossValues&) {
      const fs::path state = watched.directory / "state.pt";
      updates.push_back(
          fs::exists(state) ? read_checkpoint(state).at("updates").item<std::int64_t>() : 0);
    };
    train(watched);
    return updates;
  };
  EXPECT_EQ(saved_updates("each", 0), (std::vector<std::int64_t>{0, 1, 2, 3, 4, 5, 6, 7, 8}));
  EXPECT_EQ(saved_updates("hourly", 3600), (std::vector<std::int64_t>{0, 0, 0, 0, 4, 4, 4, 7, 7}));
}

TEST_F(Trainer, InterruptedWhileJudgingEndsWithTheSameBytes) {
  train(job("whole"));
  for (const double checkpoint_s : {3600., 0.}) {
    TrainingJob broken = job("broken at " + std::to_string(checkpoint_s));
    broken.checkpoint_s = checkpoint_s;
    TrainingJob crashing = broken;
    crashing.on_judged = [](std::int64_t iteration, const LossValues&, const Judgement&, bool) {
      if (iteration == 7) throw Crash();
    };
    EXPECT_THROW(train(crashing), Crash);
    train(broken);
    expect_same_files(broken.directory, path("whole"));
  }
}

TEST_F(Trainer, CutsWhatTheLogHasOfLaterUpdatesOrHalfALine) {
  train(job("whole"));
  const TrainingJob broken = job("broken");
  crash_after(broken, 6);
  const fs::path log = broken.directory / "metrics.jsonl";
  write_file(log, read_file(log) + "{\"iteration\": 5, \"losses\": {}}\n{\"iteration\": 6, \"lo");
  train(broken);
  expect_same_files(broken.directory, path("whole"));
}

TEST_F(Trainer, LogsALineAnUpdateAndALineAJudgement) {
  train(job("a"));
  const std::string log = read_file(path("a") / "metrics.jsonl");
  std::istringstream lines(log);
  std::vector<std::int64_t> updates, judgements;
  for (std::string line; std::getline(lines, line);) {
    const Json json = Json::parse(line);
    const bool is_update = json.contains("losses");
    (is_update ? updates : judgements).push_back(json.at("iteration"));
    if (is_update) {
      EXPECT_EQ(json.at("losses").size(), 7u);
      EXPECT_TRUE(json.at("losses").at("total").is_number_float());
      for (const char* attention : {"attn", "attn_rgb", "attn_flow"}) {
        const Json& figures = json.at("attention").at(attention);
        EXPECT_TRUE(figures.at("mean") > 0 && figures.at("mean") < 1) << figures;
        EXPECT_TRUE(figures.at("deviation") > 0 && figures.at("deviation") < 0.5) << figures;
      }
    } else {
      EXPECT_TRUE(json.at("score").is_number_float() && json.at("best").is_boolean());
      EXPECT_EQ(json.at("of"), "video0");
    }
  }
  EXPECT_EQ(updates, (Iterations{1, 2, 3, 4, 5, 6, 7, 8, 9}));
  EXPECT_EQ(judgements, (Iterations{4, 7}));
}

TEST_F(Trainer, KeepsTheTimeOfItsStepsApartFromWhatIsTheSameEachTime) {
  TrainingJob timed = job("a");
  timed.options.iterations = 200;
  timed.judge = nullptr;
  train(timed);
  std::istringstream lines(read_file(path("a") / "timing.jsonl"));
  Iterations iterations;
  for (std::string line; std::getline(lines, line);) {
    const Json json = Json::parse(line);
    iterations.push_back(json.at("iteration"));
    EXPECT_GT(json.at("seconds_a_step"), 0);
    EXPECT_EQ(json.size(), 2u) << "no GPU's memory on a CPU: " << line;
  }
  EXPECT_EQ(iterations, (Iterations{100, 200}));
}

TEST_F(Trainer, TellsEveryLineOfItsLogAlsoThoseOfAnEarlierCall) {
  TrainingJob broken = job("a");
  crash_after(broken, 6);
  std::string told;
  broken.on_logged = [&](const Json& line) { told += to_text(line) + "\n"; };
  train(broken);
  EXPECT_EQ(told, read_file(path("a") / "metrics.jsonl"));
}

TEST_F(Trainer, KeepsTheBestModelTheFirstOfEquals) {
  TrainingJob until_best = job("until best");
  until_best.options.iterations = 7;
  until_best.judge = nullptr;
  train(until_best);

  TrainingJob best_at_7 = job("best at 7");
  best_at_7.options.iterations = 10;
  judge_by(best_at_7, {1, 2, 2});
  const TrainingResult result = train(best_at_7);
  EXPECT_EQ(result.iterations, 10);
  EXPECT_EQ(result.best_iteration, 7);
  EXPECT_EQ(result.best.score, 2);
  EXPECT_EQ(read_file(best_at_7.model_file), read_file(until_best.model_file));
}

TEST_F(Trainer, KeepsTheLastOfEqualsWhereItIsAskedTo) {
  TrainingJob equals = job("equals");
  equals.options.iterations = 10;
  judge_by(equals, {2, 2, 1});
  equals.later_wins_ties = true;
  EXPECT_EQ(train(equals).best_iteration, 7);
}

TEST_F(Trainer, KeepsTheLastModelWhereNothingJudges) {
  TrainingJob unjudged = job("unjudged");
  unjudged.judge = nullptr;
  EXPECT_EQ(train(unjudged).best_iteration, 9);
}

TEST_F(Trainer, KeepsTheFirstModelEvenIfItsScoreIsNegative) {
  TrainingJob negative = job("negative");
  judge_by(negative, {-5, -6});
  EXPECT_EQ(train(negative).best_iteration, 4);
}

TEST_F(Trainer, StopsOnceItsPatienceIsSpent) {
  TrainingJob patient = job("patient");
  patient.options.iterations = 100;
  patient.options.patience = 2;
  judge_by(patient, {3, 1, 4, 4, 2, 9});
  const TrainingResult result = train(patient);
  EXPECT_EQ(result.iterations, 16);  // the fifth judgement
  EXPECT_EQ(result.best_iteration, 10);
  EXPECT_EQ(train(patient).iterations, 16);
}

TEST_F(Trainer, PatienceOutlivesAnInterruption) {
  TrainingJob patient = job("patient");
  patient.options.iterations = 100;
  patient.options.patience = 2;
  judge_by(patient, {3, 1});
  crash_after(patient, 8);
  judge_by(patient, {2});
  EXPECT_EQ(train(patient).iterations, 10);
}

TEST_F(Trainer, ThatIsFinishedReturnsItsResultAtOnce) {
  const TrainingResult before = train(job("a"));
  TrainingJob again = job("a");
  again.on_update = [](std::int64_t, const LossValues&) { FAIL() << "an update"; };
  again.judge = [](const Co2Net&) -> Judgement { throw Crash(); };
  const TrainingResult result = train(again);
  EXPECT_EQ(result.iterations, before.iterations);
  EXPECT_EQ(result.best_iteration, before.best_iteration);
  EXPECT_EQ(result.best.score, before.best.score);
  EXPECT_EQ(result.best.details, before.best.details);
}

TEST_F(Trainer, RefusesAFolderOfOtherSettingsOrDataAndNamesTheDifference) {
  train(job("a"));
  const auto refuses = [&](const TrainingJob& other, const std::vector<std::string>& words) {
    test::expect_error(ErrorKind::kUsage, words, [&] { train(other); });
  };
  TrainingJob faster = job("a");
  faster.options.learning_rate = 0.5;
  refuses(faster, {"holds another training", "learning_rate", "0.5", "delete"});
  TrainingJob longer = job("a");
  longer.options.iterations = 11;
  refuses(longer, {"iterations 9 -> 11"});
  TrainingJob other_data = job("a");
  other_data.data["videos"] = "these";
  refuses(other_data, {"videos", "those", "these"});
  TrainingJob more_classes = job("a");
  Annotations annotations = dataset().annotations();
  annotations.classes.push_back("class2");
  const Dataset larger = dataset_of(annotations);
  more_classes.dataset = &larger;
  refuses(more_classes, {"classes 2 -> 3"});
}

TEST_F(Trainer, RefusesATrainingThatAnotherVersionBegan) {
  train(job("a"));
  const fs::path file = path("a") / "settings.json";
  Json settings = Json::parse(read_file(file));
  settings["schema"] = "co2net.training/1";
  write_file(file, settings.dump());
  test::expect_error(ErrorKind::kUsage,
                     {"another version", "co2net.training/1, not co2net.training/2", "delete"},
                     [&] { train(job("a")); });
  for (const char* damaged : {"{}", "[1]", "{\"schema\": 1}"}) {
    write_file(file, damaged);
    test::expect_error(ErrorKind::kModel, {file.string(), "'schema'"}, [&] { train(job("a")); });
  }
}

TEST_F(Trainer, DrawsPairsFromThePairedAndTheOthersFromTheVideos) {
  // A video with such features is an error as soon as it is drawn.
  Array broken({6, kFeatureSize});
  broken.values.assign(broken.values.size(), std::numeric_limits<float>::infinity());
  write_file(path("features") / "video0.npy", format_npy(broken));
  const Dataset damaged = dataset_of(dataset().annotations());
  const auto train_with = [&](const std::string& name, bool in_pairs, bool among_others) {
    TrainingJob with = job(name);
    with.dataset = &damaged;
    with.judge = nullptr;
    if (!in_pairs) with.paired.erase(with.paired.begin());
    if (!among_others) with.videos.erase(with.videos.begin());
    train(with);
  };
  EXPECT_NO_THROW(train_with("nowhere", false, false));
  test::expect_error(ErrorKind::kInput, {"video0"}, [&] { train_with("pairs", true, false); });
  test::expect_error(ErrorKind::kInput, {"video0"}, [&] { train_with("others", false, true); });
}

TEST_F(Trainer, DrawsTheLastRowsFromTheBackgroundVideos) {
  Array broken({6, kFeatureSize});
  broken.values.assign(broken.values.size(), std::numeric_limits<float>::infinity());
  write_file(path("features") / "video0.npy", format_npy(broken));
  const Dataset damaged = dataset_of(dataset().annotations());
  const auto train_with = [&](int rows) {
    TrainingJob with = job("rows " + std::to_string(rows));
    with.dataset = &damaged;
    with.judge = nullptr;
    with.options.background_rows = rows;
    with.background = {0};
    for (auto* videos : {&with.paired, &with.videos}) videos->erase(videos->begin());
    train(with);
  };
  EXPECT_NO_THROW(train_with(0));
  test::expect_error(ErrorKind::kInput, {"video0"}, [&] { train_with(1); });
}

TEST_F(Trainer, TellsBackgroundRowsOnlyWhereThereIsBackgroundAndThenTheyMakeAnotherTraining) {
  const auto options_of = [&](const std::string& name) {
    return Json::parse(read_file(path(name) / "settings.json")).at("options");
  };
  train(job("without"));
  EXPECT_FALSE(options_of("without").contains("background_rows"));
  TrainingJob ignored = job("without");
  ignored.options.background_rows = 2;
  EXPECT_NO_THROW(train(ignored));
  TrainingJob with = job("without");
  with.background = {0};
  test::expect_error(ErrorKind::kUsage, {"holds another training", "background_rows"},
                     [&] { train(with); });
  with = job("with");
  with.background = {0};
  train(with);
  EXPECT_EQ(options_of("with").at("background_rows"), 1);
}

TEST_F(Trainer, CutsABatchAtItsLongestCountOfNonzeroSnippetsUnlessItIsClean) {
  constexpr int kLength = 6, kNonzero = 4;
  // The same snippets, once with zeros behind them.
  const auto losses = [&](const std::string& name, int length, Compat compat) {
    for (int i = 0; i < kVideos; ++i) {
      const std::string id = "video" + std::to_string(i);
      Array rows = test::hashfill(id, {kNonzero, kFeatureSize}, 1);
      rows.shape[0] = length;
      rows.values.resize(static_cast<std::size_t>(length) * kFeatureSize);
      write_file(path("features") / (id + ".npy"), format_npy(rows));
    }
    const Dataset features = dataset_of(dataset().annotations());
    TrainingJob of_length = job(name);
    of_length.dataset = &features;
    of_length.options.length = length;
    of_length.options.compat = compat;
    of_length.judge = nullptr;
    train(of_length);
    return read_file(path(name) / "metrics.jsonl");
  };
  const std::string without_zeros = losses("without", kNonzero, Compat::kAuthors);
  EXPECT_EQ(losses("authors", kLength, Compat::kAuthors), without_zeros);
  EXPECT_NE(losses("clean", kLength, Compat::kClean), without_zeros);
}

TEST_F(Trainer, ADamagedStateIsAnErrorThatNamesItAndTheRemedy) {
  train(job("a"));
  const fs::path file = path("a") / "state.pt";
  const std::string whole = read_file(file);
  const auto refuses = [&] {
    test::expect_error(ErrorKind::kModel, {file.string(), "delete the folder"},
                       [&] { train(job("a")); });
  };
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{10}, whole.size() / 2, whole.size() - 1}) {
    write_file(file, whole.substr(0, size));
    refuses();
  }
  write_file(file, whole);
  Tensors state = read_checkpoint(file);
  for (const std::string name : {"progress", "updates", "moment1/fusion.0.bias"}) {
    Tensors less = state;
    less.erase(name);
    write_checkpoint(file, less);
    refuses();
  }
}

TEST_F(Trainer, RefusesVideosWithoutAPair) {
  TrainingJob unpaired = job("a");
  unpaired.paired.resize(2);
  test::expect_error(ErrorKind::kInput, {"no class has two"}, [&] { train(unpaired); });
}

TEST_F(Trainer, DependsOnTheSeed) {
  train(job("a"));
  TrainingJob other = job("b");
  ++other.options.seed;
  train(other);
  EXPECT_NE(read_file(path("b") / "metrics.jsonl"), read_file(path("a") / "metrics.jsonl"));
}

}  // namespace
}  // namespace co2net
