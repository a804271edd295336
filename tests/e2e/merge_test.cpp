#include <gtest/gtest.h>

#include "pipeline/base/text.h"
#include "tests/e2e/program.h"
#include "tests/unit/environment.h"

namespace co2net::test {
namespace {

Json read_json(const fs::path& path) { return Json::parse(read_file(path)); }

// The same names, and the same bytes in each.
void expect_same_folder(const fs::path& one, const fs::path& other) {
  const auto names = [](const fs::path& folder) {
    Strings found;
    for (const fs::path& file : files_below(folder)) {
      found.push_back(file.lexically_relative(folder));
    }
    return found;
  };
  ASSERT_EQ(names(one), names(other));
  for (const std::string& name : names(one)) {
    EXPECT_EQ(read_file(one / name), read_file(other / name)) << name;
  }
}

// Five videos, two of the same name, and one that is none.
class Merge : public testing::Test {
 protected:
  Merge() {
    for (int i = 0; i < 3; ++i) here_.clip(video(std::to_string(i) + ".mkv"), kFrames, i);
    for (const char* folder : {"x", "y"}) {
      here_.clip(video(folder + std::string("/same.mkv")), kFrames, folder[0]);
    }
    here_.broken(video("broken.mkv"));
  }

  static std::string video(const std::string& name) { return "videos/" + name; }
  std::string videos() const { return here_.path("videos"); }
  std::string path(const std::string& name) const { return here_.path(name); }

  // A command's shares, each as a task of its own; the paths of what they wrote.
  Strings shares(const std::string& command, const Strings& arguments, const std::string& suffix) {
    Strings parts;
    for (const char* task : {"0", "1", "2"}) {
      const Environment id("SLURM_ARRAY_TASK_ID", task);
      parts.push_back(path("part-" + std::string(task) + suffix));
      here_.call(command, arguments + Strings{"--shard", "env/3", "-o", parts.back()});
    }
    return parts;
  }

  const Workplace here_;
};

TEST_F(Merge, GivesTheBytesOfOneProcessInEachFormat) {
  for (const std::string format : {"activitynet", "jsonl", "csv"}) {
    const std::string whole = path("whole." + format), all = path("all." + format);
    here_.call("run", {videos(), "--format", format, "-o", whole});
    const Strings parts = shares("run", {videos(), "--format", format}, "." + format);
    const Outcome merged =
        co2net(Strings{"merge"} + parts + Strings{"--inputs", videos(), "-o", all});
    EXPECT_EQ(merged.code, 1) << "one failed: " << merged.err;
    EXPECT_TRUE(merged.says("broken")) << merged.err;
    EXPECT_EQ(read_file(all), read_file(whole)) << format;
    EXPECT_EQ(co2net(Strings{"merge"} + parts + Strings{"--inputs", videos()}).out,
              read_file(whole));
  }
}

TEST_F(Merge, GivesTheFoldersOfOneProcess) {
  here_.call("extract", {videos(), "-o", path("whole")});
  const Strings parts = shares("extract", {videos()}, "-features");
  const std::string list = path("missing.txt");
  const Outcome merged =
      co2net(Strings{"merge"} + parts +
             Strings{"-o", path("all"), "--inputs", videos(), "--missing", list});
  EXPECT_EQ(merged.code, 1) << merged.err;
  EXPECT_EQ(read_file(list), path("videos/broken.mkv") + "\n");
  expect_same_folder(path("all"), path("whole"));

  here_.call("localize", {path("all"), "-o", path("whole.json"), "--save-scores", path("scores")});
  for (const std::string part : {"0", "1"}) {
    here_.call("localize", {path("all"), "--shard", part + "/2", "-o", path(part + ".json"),
                            "--save-scores", path("scores-" + part)});
  }
  const Strings scores = {path("scores-0"), path("scores-1")};
  EXPECT_EQ(co2net(Strings{"merge"} + scores + Strings{"-o", path("all-scores")}).code, 0);
  expect_same_folder(path("all-scores"), path("scores"));
}

TEST_F(Merge, RunsWhatIsMissingFromItsListAndIsComplete) {
  fs::remove(path("videos/broken.mkv"));
  fs::remove_all(path("videos/y"));  // whose video's id would be another by the list alone
  const Strings parts = shares("run", {videos()}, ".json");
  here_.call("run", {videos(), "-o", path("whole.json")});
  const Strings lost = {parts[0], parts[2]};
  const Outcome unknown = co2net(Strings{"merge"} + lost + Strings{"-o", path("all.json")});
  EXPECT_EQ(unknown.code, 1);
  EXPECT_TRUE(unknown.says("no part is of 1 shard (1/3)")) << unknown.err;

  const Strings all = {"-o",     path("all.json"), "--inputs",
                       videos(), "--missing",      path("missing.txt")};
  EXPECT_EQ(co2net(Strings{"merge"} + lost + all).code, 1);
  const std::size_t done = read_json(path("all.json")).at("results").size();
  const std::size_t missing = lines_of(read_file(path("missing.txt"))).size();
  EXPECT_EQ(done + missing, 4u);
  EXPECT_GT(missing, 0u);
  here_.call("run", {"@" + path("missing.txt"), "-o", path("again.json")});
  const Outcome complete = co2net(Strings{"merge"} + lost + Strings{path("again.json")} + all);
  EXPECT_EQ(complete.code, 0) << complete.err;
  EXPECT_EQ(read_file(path("missing.txt")), "");
  EXPECT_EQ(read_file(path("all.json")), read_file(path("whole.json")));
}

TEST_F(Merge, TellsTheShardInTheLogAndTheHeader) {
  const Outcome run = here_.call("run", {videos(), "--shard", "1/3"});
  const Json note = run.json().at("shard");
  EXPECT_EQ(note.at("index"), 1);
  EXPECT_EQ(note.at("count"), 3);
  EXPECT_EQ(note.at("of"), 6);
  const std::size_t videos_here = run.json().at("videos").size() + run.json().at("errors").size();
  EXPECT_EQ(note.at("videos"), videos_here);
  const std::string words = "shard 1/3: " + std::to_string(videos_here) + " of 6 videos";
  EXPECT_TRUE(run.says(words)) << run.err;
  EXPECT_TRUE(
      here_.call("run", {"-", "--format", "jsonl", "--shard", "1/3"}, videos()).says("shard 1/3: "))
      << run.err;
  EXPECT_FALSE(here_.call("run", {videos()}).json().contains("shard"));
}

TEST_F(Merge, EvalReportAndProposeReadPartsAsTheWhole) {
  fs::remove(path("videos/broken.mkv"));
  const std::string whole = path("whole.json");
  here_.call("run", {videos(), "-o", whole, "--save-scores", path("scores")});
  Strings parts, scores, given;
  for (const std::string part : {"0", "1"}) {
    parts.push_back(path(part + ".json"));
    scores.push_back(path("scores-" + part));
    here_.call("run", {videos(), "--shard", part + "/2", "-o", parts.back(), "--save-scores",
                       scores.back()});
    given = given + Strings{"--scores", scores.back()};
  }
  const Json results = read_json(whole).at("results");
  Json truth;
  for (const auto& [id, segments] : results.items()) {
    truth["database"][id] = {
        {"subset", "test"},
        {"duration", 12.8},
        {"annotations", {{{"label", segments.at(0).at("label")}, {"segment", {0, 4.5}}}}}};
  }
  write_file(path("gt.json"), truth.dump());
  const Strings judged = {"--ground-truth", path("gt.json"), "--json"};
  const Outcome eval = co2net(Strings{"eval", whole, "--scores", path("scores")} + judged);
  EXPECT_EQ(eval.code, 0) << eval.err;
  EXPECT_EQ(co2net(Strings{"eval"} + parts + given + judged).out, eval.out);
  EXPECT_EQ(co2net(Strings{"eval"} + parts + judged + Strings{"--final"}).out,
            co2net(Strings{"eval", whole} + judged + Strings{"--final"}).out);

  EXPECT_EQ(co2net({"report", whole, "--scores", path("scores"), "-o", path("page"), "--svg"}).code,
            0);
  EXPECT_EQ(co2net(Strings{"report"} + parts + given + Strings{"-o", path("pages"), "--svg"}).code,
            0);
  expect_same_folder(path("pages"), path("page"));

  const auto proposed = [&](const Strings& folders) {
    Json json = here_.call("propose", folders).json();
    for (auto& [id, facts] : json.at("videos").items()) facts.erase("path");
    return json;
  };
  EXPECT_EQ(proposed(scores), proposed({path("scores")}));
  EXPECT_EQ(proposed(scores + scores), proposed({path("scores")})) << "each once";
}

TEST_F(Merge, RefusesPartsThatOtherOptionsMade) {
  for (const std::string format : {"activitynet", "jsonl"}) {
    for (const Strings& more : {Strings{"--final"}, Strings{"--top-k", "1"}}) {
      here_.call("run", {videos(), "--format", format, "--shard", "0/2", "-o", path("0")});
      here_.call("run",
                 Strings{videos(), "--format", format, "--shard", "1/2", "-o", path("1")} + more);
      const Outcome outcome = co2net({"merge", path("0"), path("1"), "-o", path("all")});
      EXPECT_EQ(outcome.code, 1) << outcome.err;
      EXPECT_TRUE(outcome.says(path("1") + ": ")) << outcome.err;
      EXPECT_FALSE(fs::exists(path("all")));
    }
  }
}

TEST_F(Merge, NeverPutsTheListInThePlaceOfTheResults) {
  here_.call("run", {videos(), "-o", path("part.json")});
  for (const std::string list : {"all.json", "x/../all.json"}) {
    const Outcome outcome = co2net({"merge", path("part.json"), "--inputs", videos(), "-o",
                                    path("all.json"), "--missing", path(list)});
    EXPECT_EQ(outcome.code, 2) << outcome.err;
    EXPECT_TRUE(outcome.says("--missing")) << outcome.err;
  }
}

TEST_F(Merge, RefusesMissingWithoutInputs) {
  const Outcome outcome = co2net({"merge", "part.json", "--missing", path("missing.txt")});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_TRUE(outcome.says("--inputs")) << outcome.err;
}

}  // namespace
}  // namespace co2net::test
