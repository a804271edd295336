#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "pipeline/base/text.h"
#include "pipeline/formats/csv.h"
#include "pipeline/formats/npy.h"
#include "tests/e2e/program.h"

namespace co2net::test {
namespace {

using Names = std::set<std::string>;

// Names that a file system takes, without suffix.
const Strings kNames = {
    "two words",
    "trailing blank ",
    "it's \"quoted\", twice",
    "line\nfeed",
    "not UTF-8 \xff\xfe",
    "-dash",
    "--model",
    "@list",
    "\x1b[2J\x1b]0;title\x07",
    "\u202eright to left",
    "caf\u00e9",
    "cafe\u0301",
    "a",
    "A",
    "\u0430",  // Cyrillic
    "$(touch run)`touch run`;touch run",
    "*?[a]",
    "back\\slash",
    "%2e%2e",
};

// A folder of videos of all these names, of which "A" alone shows something else.
class NamedVideos {
 public:
  NamedVideos() {
    const std::string clip = here_.clip("clip.mkv"), other = here_.clip("other.mkv", kFrames, 2);
    fs::create_directories(videos());
    for (const std::string& name : kNames) {
      fs::copy(name == "A" ? other : clip, videos() / (name + ".mkv"));
    }
    remember_files();
  }

  const Workplace& here() const { return here_; }
  fs::path videos() const { return here_.path("videos"); }

  // Files that came since, but for those of the cache and of `output`.
  Strings strays(const std::string& output) const {
    Strings strays;
    for (const std::string& file : files()) {
      const bool is_expected = file.starts_with("cache/") || file.starts_with(output + "/");
      if (!is_expected && before_.count(file) == 0) strays.push_back(file);
    }
    return strays;
  }

 private:
  Names files() const {
    const fs::path root = here_.path("");
    Names files;
    for (const auto& file : fs::recursive_directory_iterator(root)) {
      if (!file.is_directory()) files.insert(file.path().lexically_relative(root).string());
    }
    return files;
  }
  void remember_files() { before_ = files(); }

  Workplace here_;
  Names before_;
};

Names ids_of(const Json& object) {
  Names ids;
  for (const auto& [id, value] : object.items()) ids.insert(id);
  return ids;
}

// Ids are UTF-8; what is not is written as in a URL.
Names expected_ids() {
  Names ids(kNames.begin(), kNames.end());
  ids.erase("not UTF-8 \xff\xfe");
  ids.insert("not UTF-8 %FF%FE");
  return ids;
}

TEST(Names, OfAnyKindAreIdsInValidJson) {
  const NamedVideos named;
  const Outcome run = named.here().call("run", {named.videos()});
  EXPECT_EQ(run.code, 0) << printable(run.err);
  EXPECT_TRUE(is_utf8(run.out));
  const Json results = run.json();
  EXPECT_EQ(ids_of(results.at("results")), expected_ids());
  EXPECT_NE(results.at("results").at("A"), results.at("results").at("a"));
  EXPECT_EQ(results.at("results").at("caf\u00e9"), results.at("results").at("cafe\u0301"));
  EXPECT_EQ(named.strays("none"), Strings());
}

TEST(Names, OfAnyKindAreReadBackFromJsonLinesAndCsv) {
  const NamedVideos named;
  const Outcome lines = named.here().call("run", {named.videos(), "--format", "jsonl"});
  Names ids;
  for (const std::string& line : lines_of(lines.out)) {
    ids.insert(parse_json(line, "line", ErrorKind::kInput).at("id").get<std::string>());
  }
  EXPECT_EQ(ids, expected_ids());

  const Outcome csv = named.here().call("run", {named.videos(), "--format", "csv"});
  ids.clear();
  for (const CsvRow& row : parse_csv(csv.out, "csv")) {
    ASSERT_EQ(row.fields.size(), 5u) << row.line;
    if (row.line > 1) ids.insert(row.fields[0]);
  }
  EXPECT_EQ(ids, expected_ids());
}

TEST(Names, OfAnyKindAreFilesInTheOutputFolderAlone) {
  const NamedVideos named;
  const fs::path features = named.here().path("features");
  const Outcome extract = named.here().call("extract", {named.videos(), "-o", features});
  EXPECT_EQ(extract.code, 0) << printable(extract.err);
  EXPECT_EQ(named.strays("features"), Strings());
  Names ids;
  for (const auto& file : fs::directory_iterator(features)) {
    if (file.path().extension() == ".npy") ids.insert(file.path().stem().string());
  }
  EXPECT_EQ(ids, expected_ids());
  EXPECT_NE(read_npy(features / "A.npy"), read_npy(features / "a.npy"));

  const fs::path scores = named.here().path("scores");
  const Outcome localized =
      named.here().call("localize", {features, "--save-scores", scores, "-o", scores / "r.json"});
  EXPECT_EQ(localized.code, 0) << printable(localized.err);
  EXPECT_EQ(named.strays("scores").size(), 2 * kNames.size());  // the features
  const Json results = parse_json(read_file(scores / "r.json"), "r", ErrorKind::kInput);
  EXPECT_EQ(ids_of(results.at("results")), expected_ids());
}

TEST(Names, OfAnyKindAreJudged) {
  const NamedVideos named;
  const std::string results = named.here().path("results.json");
  ASSERT_EQ(named.here().call("run", {named.videos(), "-o", results}).code, 0);
  const Json found = parse_json(read_file(results), "results", ErrorKind::kInput).at("results");
  Json database = Json::object();
  for (const std::string& id : expected_ids()) {
    database[id] = {
        {"subset", "test"},
        {"annotations", {{{"label", found.at(id).at(0).at("label")}, {"segment", {0, 1}}}}}};
  }
  const std::string truth = named.here().path("truth.json");
  write_file(truth, to_text({{"database", database}}));
  const Outcome converted = co2net({"convert", truth});
  EXPECT_EQ(converted.code, 0) << converted.err;
  EXPECT_EQ(ids_of(converted.json().at("database")), expected_ids());

  const Outcome judged = co2net({"eval", results, "--ground-truth", truth, "--json"});
  EXPECT_EQ(judged.code, 0) << judged.err;
  EXPECT_EQ(judged.json().at("counts").at("videos"), kNames.size());
  EXPECT_EQ(judged.json().at("counts").at("foreign_predictions"), 0);
}

TEST(Names, ThatAreTooLongForTheFilesToMakeFailAlone) {
  const Workplace here;
  constexpr std::size_t kMost = 255;
  const std::string longest(kMost - 4, 'x');
  const Strings videos = {here.clip(longest + ".mkv", 16), here.clip("b.mkv", 16, 2)};
  const Outcome run = here.call("run", videos);
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(ids_of(run.json().at("results")), (Names{longest, "b"}));

  const Outcome extract = here.call("extract", videos + Strings{"-o", here.path("features")});
  EXPECT_EQ(extract.code, 1) << extract.err;
  EXPECT_TRUE(extract.says("too long")) << extract.err;
  EXPECT_FALSE(extract.says("filesystem error")) << extract.err;
  EXPECT_TRUE(fs::exists(here.path("features/b.npy")));

  const Outcome none = here.call("run", videos + Strings{"-o", here.path(longest + ".json")});
  EXPECT_NE(none.code, 0);
  EXPECT_TRUE(none.says("too long")) << none.err;
  EXPECT_FALSE(none.says("decode")) << "before anything is done: " << none.err;
}

TEST(Names, OfAnnotationsCannotLeadOutOfTheOutputFolder) {
  const Workplace here;
  write_file(here.path("packed.npy"), format_npy(Array({1, 2, 4})));
  for (const std::string id : {"../evil", "/tmp/evil", "a/../../evil", "..", ".", "", "a/"}) {
    write_file(
        here.path("truth.json"),
        to_text({{"database", {{id, {{"subset", "test"}, {"annotations", Json::array()}}}}}}));
    const Outcome unpacked = co2net({"unpack", here.path("packed.npy"), "--annotations",
                                     here.path("truth.json"), "-o", here.path("out/features")});
    EXPECT_NE(unpacked.code, 0) << id;
    EXPECT_FALSE(fs::exists(here.path("out"))) << id;
  }
}

}  // namespace
}  // namespace co2net::test
