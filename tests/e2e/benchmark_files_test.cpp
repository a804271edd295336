#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "pipeline/datasets/annotations.h"
#include "pipeline/formats/npy.h"
#include "pipeline/stages/recipe.h"
#include "tests/e2e/program.h"
#include "tests/pipes.h"
#include "tests/support.h"

namespace co2net::test {
namespace {

const Strings kIds = {"c", "a", "b"};

Annotations three_videos() {
  Annotations annotations;
  annotations.classes = {"Bow", "Jump"};
  for (const std::string& id : kIds) {
    annotations.videos.push_back({id, "test", 2, {"Bow"}, {{"Bow", 0.5, 1.25}}});
  }
  return annotations;
}

Array features_of(const std::string& id) { return hashfill(id, {id == "a" ? 3 : 2, 8}, 1); }

// Annotations of three videos and a folder with their features.
struct Dataset {
  Dataset() {
    write_annotations(three_videos(), annotations, AnnotationFormat::kActivityNet);
    for (const std::string& id : kIds) write(id, features_of(id));
  }
  void write(const std::string& id, const Array& array) const {
    write_file(features / (id + ".npy"), format_npy(array));
  }
  void write_sidecar(const std::string& id, const Recipe& recipe) const {
    const Json sidecar = {{"schema", "co2net.features/1"},
                          {"recipe", to_json(recipe)},
                          {"streams", {"rgb", "flow"}},
                          {"files", Json::object()},
                          {"video", {{"fps", frame_rate(recipe, 25)}, {"duration", 1}}}};
    write_file(features / (id + ".json"), to_text(sidecar));
  }
  Outcome pack(const Strings& more = {}) const {
    return co2net(Strings{"pack", features, "--annotations", annotations, "-o", packed} + more);
  }
  Outcome unpack(const Strings& more = {}) const {
    return co2net(Strings{"unpack", packed, "--annotations", annotations, "-o", unpacked} + more);
  }

  TempDir dir;
  fs::path annotations = dir.path() / "annotations.json", features = dir.path() / "features",
           packed = dir.path() / "packed.npy", unpacked = dir.path() / "unpacked";
};

TEST(Pack, AndUnpackGiveTheSameFilesAgain) {
  const Dataset data;
  const Outcome packed = data.pack();
  EXPECT_EQ(packed.code, 0) << packed.err;
  EXPECT_FALSE(packed.says("warning")) << packed.err;
  const Outcome unpacked = data.unpack();
  EXPECT_EQ(unpacked.code, 0) << unpacked.err;
  for (const std::string& id : kIds) {
    EXPECT_EQ(read_file(data.unpacked / (id + ".npy")), read_file(data.features / (id + ".npy")));
    EXPECT_FALSE(fs::exists(data.unpacked / (id + ".json")));
  }
  EXPECT_TRUE(unpacked.says("--recipe")) << unpacked.err;
}

TEST(Pack, IsReadByNumpyInTheOrderOfTheAnnotations) {
  const Dataset data;
  ASSERT_EQ(data.pack().code, 0);
  EXPECT_EQ(run_shell("cd " + shell_quoted(data.dir.path()) + R"( && /usr/bin/python3 -c '
import numpy
packed = numpy.load("packed.npy", allow_pickle=True)
print(packed.dtype, len(packed), packed[0].dtype)
for video, name in zip(packed, "cab"):
    print(video.shape, (video == numpy.load("features/" + name + ".npy")).all())')"),
            "object 3 float32\n(2, 8) True\n(3, 8) True\n(2, 8) True\n");
}

TEST(Unpack, ReadsWhatNumpyPacks) {
  const Dataset data;
  run_shell("cd " + shell_quoted(data.dir.path()) + R"( && /usr/bin/python3 -c '
import numpy
videos = [numpy.load("features/" + name + ".npy") for name in "cab"]
numpy.save("packed.npy", numpy.array(videos, dtype=object))')");
  EXPECT_EQ(data.unpack().code, 0);
  for (const std::string& id : kIds) {
    EXPECT_EQ(read_npy(data.unpacked / (id + ".npy")), features_of(id));
  }
}

TEST(Pack, AVideoWithoutFeaturesIsAnErrorUnlessItIsAllowed) {
  const Dataset data;
  fs::remove(data.features / "a.npy");
  for (const char* id : {"stray0", "stray1", "stray2", "stray3"}) data.write(id, Array({2, 8}));
  const Outcome refused = data.pack();
  EXPECT_EQ(refused.code, 1);
  EXPECT_TRUE(refused.says("1 video (a);")) << refused.err;
  EXPECT_TRUE(refused.says("--allow-missing")) << refused.err;
  EXPECT_FALSE(fs::exists(data.packed));

  const Outcome allowed = data.pack({"--allow-missing"});
  EXPECT_EQ(allowed.code, 0) << allowed.err;
  EXPECT_TRUE(allowed.says("no features of a\n")) << allowed.err;
  EXPECT_TRUE(allowed.says("(stray0.npy, stray1.npy, stray2.npy, ...)")) << allowed.err;
  const Outcome unpacked = data.unpack();
  EXPECT_EQ(unpacked.code, 0) << unpacked.err;
  EXPECT_TRUE(unpacked.says("no features of a\n")) << unpacked.err;
  EXPECT_FALSE(fs::exists(data.unpacked / "a.npy"));
  EXPECT_EQ(read_npy(data.unpacked / "b.npy"), features_of("b"));
}

TEST(Pack, WritesIntoAPipeThatIsThere) {
  const Dataset data;
  ASSERT_EQ(data.pack().code, 0);
  const fs::path pipe = data.dir.path() / "pipe";
  const Fifo fifo(pipe);
  const Outcome piped =
      co2net({"pack", data.features, "--annotations", data.annotations, "-o", pipe});
  EXPECT_EQ(piped.code, 0) << piped.err;
  ASSERT_TRUE(fs::is_fifo(pipe));
  EXPECT_EQ(fifo.read(), read_file(data.packed));
}

TEST(Pack, RefusesFeaturesThatWereMadeByDifferentRecipes) {
  const Dataset data;
  data.write_sidecar("a", recipe_preset("wtalc-cpu"));
  data.write_sidecar("c", recipe_preset("wtalc-cpu"));
  const Outcome partly = data.pack();
  EXPECT_EQ(partly.code, 0);
  EXPECT_TRUE(partly.says("nothing beside 1 file (b)")) << partly.err;
  data.write_sidecar("b", with_setting(recipe_preset("wtalc-cpu"), "fps=10"));
  const Outcome mixed = data.pack();
  EXPECT_EQ(mixed.code, 1);
  EXPECT_TRUE(mixed.says("b was made otherwise than c")) << mixed.err;
  EXPECT_TRUE(mixed.says("recipe.fps 25 -> 10")) << mixed.err;
}

TEST(Pack, LeavesNothingBehindWhenAVideosFeaturesAreBroken) {
  const Dataset data;
  Array broken = features_of("b");
  broken.values.back() = std::numeric_limits<float>::infinity();
  data.write("b", broken);
  const Outcome outcome = data.pack();
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(outcome.says("features of b: snippet 1, column 7")) << outcome.err;
  EXPECT_EQ(std::distance(fs::directory_iterator(data.dir.path()), fs::directory_iterator()), 2);
}

TEST(Unpack, KeepsARecipeThatIsNamedForTheModelsThatAskForIt) {
  const Workplace here;
  const int width = here.feature_size();
  Annotations annotations = three_videos();
  write_annotations(annotations, here.path("a.json"), AnnotationFormat::kActivityNet);
  for (const std::string& id : kIds) {
    write_file(here.path("features") / (id + ".npy"), format_npy(hashfill(id, {4, width}, 1)));
  }
  const Strings videos = {"--annotations", here.path("a.json")};
  EXPECT_EQ(co2net(Strings{"pack", here.path("features"), "-o", here.path("x.npy")} + videos).code,
            0);
  const Strings unpack = Strings{"unpack", here.path("x.npy")} + videos;
  const Strings recipe = Strings{"--recipe", "wtalc", "--recipe-set", "fps=5"} + cheap_flow();
  const Outcome same = co2net(unpack + Strings{"-o", here.path("same")} + recipe);
  EXPECT_EQ(same.code, 0) << same.err;
  const Outcome localized = here.call("localize", {here.path("same")});
  EXPECT_EQ(localized.code, 0) << localized.err;
  EXPECT_FALSE(localized.says("taken to be made")) << localized.err;
  EXPECT_EQ(localized.json().at("videos").at("a").at("duration"), 4 * 16 / 5.);

  EXPECT_EQ(co2net(unpack + Strings{"-o", here.path("other"), "--recipe", "kinetics"}).code, 0);
  EXPECT_EQ(here.call("localize", {here.path("other")}).code, 1);
}

TEST(Unpack, WritesIntoNewOrEmptyFoldersOnly) {
  const Dataset data;
  ASSERT_EQ(data.pack().code, 0);
  write_file(data.unpacked / "mine.txt", "mine");
  const Outcome refused = data.unpack();
  EXPECT_EQ(refused.code, 1);
  EXPECT_TRUE(refused.says("mine.txt")) << refused.err;
  fs::remove(data.unpacked / "mine.txt");
  EXPECT_EQ(data.unpack().code, 0);
}

TEST(Unpack, AnotherNumberOfVideosIsAnError) {
  const Dataset data;
  ASSERT_EQ(data.pack().code, 0);
  Annotations fewer = three_videos();
  fewer.videos.pop_back();
  write_annotations(fewer, data.annotations, AnnotationFormat::kActivityNet);
  const Outcome outcome = data.unpack();
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(outcome.says("3 arrays")) << outcome.err;
  EXPECT_FALSE(fs::exists(data.unpacked));
}

TEST(Convert, GoesThroughEveryFormatAndBack) {
  const TempDir dir;
  const auto at = [&](const std::string& name) { return (dir.path() / name).string(); };
  write_annotations(three_videos(), at("a.json"), AnnotationFormat::kActivityNet);
  write_file(at("list.txt"), "a  0 1\n");
  const Strings ambiguous = {"--ambiguous", at("list.txt")};
  EXPECT_EQ(co2net(Strings{"convert", at("a.json"), "-o", at("npy")} + ambiguous).code, 0);
  const Outcome back = co2net({"convert", at("npy"), "-o", at("b.json")});
  EXPECT_EQ(back.code, 0) << back.err;
  EXPECT_FALSE(back.says("warning")) << back.err;
  EXPECT_EQ(read_annotations(at("b.json")).videos, three_videos().videos);
  EXPECT_EQ(read_annotations(at("b.json")).ambiguous.size(), 1u);
  EXPECT_EQ(co2net({"convert", at("npy")}).out, read_file(at("b.json")));

  const Outcome text = co2net({"convert", at("b.json"), "-o", at("text"), "--format", "thumos"});
  EXPECT_EQ(text.code, 0);
  EXPECT_TRUE(text.says("the durations of 3 videos")) << text.err;
  EXPECT_TRUE(text.says("the order of the videos")) << text.err;
  EXPECT_EQ(read_file(at("text/Bow_test.txt")), "c  0.5 1.25\na  0.5 1.25\nb  0.5 1.25\n");
}

TEST(Convert, TakesResultsAsItTakesAnnotations) {
  const TempDir dir;
  const auto at = [&](const std::string& name) { return (dir.path() / name).string(); };
  write_file(at("results.csv"),
             "id,label,score,start_s,end_s\na,Bow,0.5,1,3\na,Bow,0.75,2,4\nb,Bow,0.5,1,2\n");
  const Outcome folder =
      co2net({"convert", at("results.csv"), "--format", "vtt", "-o", at("subtitles") + "/"});
  EXPECT_EQ(folder.code, 0) << folder.err;
  EXPECT_TRUE(folder.says("no operating point")) << folder.err;
  EXPECT_EQ(read_file(at("subtitles/a.vtt")), "WEBVTT\n\n00:00:02.000 --> 00:00:04.000\nBow\n");
  const Outcome all = co2net({"convert", at("results.csv"), "--format", "jsonl"});
  EXPECT_EQ(all.code, 0) << all.err;
  EXPECT_EQ(std::ranges::count(all.out, '\n'), 2);
  EXPECT_EQ(co2net({"convert", at("results.csv"), "--format", "labelstudio", "--all", "--fps", "10",
                    "-o", at("tasks")})
                .code,
            0);
  EXPECT_TRUE(fs::exists(at("tasks/config.xml")));
}

TEST(GroundTruth, MayHaveBeenMarkedInOtherPrograms) {
  const TempDir dir;
  const auto at = [&](const std::string& name) { return (dir.path() / name).string(); };
  write_annotations(three_videos(), at("truth.json"), AnnotationFormat::kActivityNet);
  write_file(at("results.csv"), "id,label,score,start_s,end_s\na,Bow,0.5,0.5,1.25\n");
  const Outcome by_json =
      co2net({"eval", at("results.csv"), "--ground-truth", at("truth.json"), "--json"});
  EXPECT_GT(by_json.json().at("average"), 0);
  for (const std::string format : {"csv", "elan", "labelstudio"}) {
    Strings convert = {"convert", at("truth.json"), "--format", format, "-o", at(format)};
    if (format == "elan") convert.back() += "/";
    if (format == "labelstudio") convert = convert + Strings{"--fps", "20"};
    ASSERT_EQ(co2net(convert).code, 0) << format;
    EXPECT_EQ(co2net({"eval", at("results.csv"), "--ground-truth", at(format), "--json"}).out,
              by_json.out)
        << format;
  }
}

TEST(Convert, MergesItsInputsAndRefusesThoseThatContradict) {
  const TempDir dir;
  const auto at = [&](const std::string& name) { return (dir.path() / name).string(); };
  Annotations others = three_videos();
  for (AnnotatedVideo& video : others.videos) video.subset = "validation";
  write_annotations(three_videos(), at("a.json"), AnnotationFormat::kActivityNet);
  write_annotations(others, at("b.json"), AnnotationFormat::kActivityNet);
  const Strings both = {"convert", at("a.json"), at("b.json"), "-o", at("c.json")};
  const Outcome refused = co2net(both);
  EXPECT_EQ(refused.code, 1);
  EXPECT_TRUE(refused.says(at("b.json") + ": video c: another subset")) << refused.err;
  EXPECT_FALSE(fs::exists(at("c.json")));

  for (AnnotatedVideo& video : others.videos) video.id = "new " + video.id;
  write_annotations(others, at("b.json"), AnnotationFormat::kActivityNet);
  EXPECT_EQ(co2net(both).code, 0);
  EXPECT_EQ(read_annotations(at("c.json")).videos.size(), 6u);
}

TEST(Convert, NeverWritesOverItsInputs) {
  const TempDir dir;
  const auto at = [&](const std::string& name) { return (dir.path() / name).string(); };
  write_annotations(three_videos(), at("a.json"), AnnotationFormat::kActivityNet);
  write_annotations(three_videos(), at("npy"), AnnotationFormat::kWtalc);
  write_file(at("list.json"), "a  0 1\n");
  const std::string labels = read_file(at("npy/labels.npy"));
  for (const Strings& arguments :
       std::vector<Strings>{{at("a.json"), "-o", at("a.json")},
                            {at("a.json"), "--ambiguous", at("list.json"), "-o", at("list.json")},
                            {at("npy"), "-o", at("npy")},
                            {at("npy"), "--format", "activitynet", "-o", at("npy/labels.npy")}}) {
    const Outcome outcome = co2net(Strings{"convert"} + arguments);
    EXPECT_EQ(outcome.code, 2) << testing::PrintToString(arguments);
    EXPECT_TRUE(outcome.says("overwrite")) << outcome.err;
  }
  EXPECT_EQ(read_file(at("list.json")), "a  0 1\n");
  EXPECT_EQ(read_file(at("npy/labels.npy")), labels);
}

TEST(Convert, NamesWhatItDoesNotCarryOver) {
  const TempDir dir;
  write_file(dir.path() / "a.json",
             R"({"database": {"a": {"subset": "test", "url": "u", "annotations": []}}})");
  const Outcome outcome = co2net({"convert", dir.path() / "a.json"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_TRUE(outcome.says("not carried over: url")) << outcome.err;
}

TEST(BenchmarkFiles, AFileThatCannotBeReadExitsWith1) {
  const Dataset data;
  const std::string folder = data.features, file = data.annotations, none = data.dir.path() / "no";
  for (const Strings& arguments : std::vector<Strings>{
           {"convert", none},
           {"convert", file, none},
           {"convert", file, "--ambiguous", none},
           {"pack", folder, "--annotations", none, "-o", data.packed},
           {"unpack", none, "--annotations", file, "-o", data.unpacked},
           {"train", "--features", none, "--annotations", file, "--train-subset", "test", "-o",
            data.unpacked},
           {"train", "--features", folder, "--annotations", none, "-o", data.unpacked},
       }) {
    const Outcome outcome = co2net(arguments);
    EXPECT_EQ(outcome.code, 1) << testing::PrintToString(arguments) << outcome.err;
    EXPECT_TRUE(outcome.says(none)) << outcome.err;
  }
  write_file(none, "a file");
  const Outcome outcome = co2net({"convert", file, "-o", none});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_TRUE(outcome.says("is a file, want a folder")) << outcome.err;
}

TEST(BenchmarkFiles, WrongUseExitsWith2AndNamesWhatIsWanted) {
  const Dataset data;
  const std::string folder = data.features, file = data.annotations;
  struct Case {
    Strings arguments;
    std::string words;
  };
  for (const Case& wrong : std::vector<Case>{
           {{"convert"}, "FILE"},
           {{"convert", file, "-o", file}, "overwrite"},
           {{"convert", file, "--format", "xml"}, "activitynet, jsonl, csv, wtalc, thumos"},
           {{"convert", file, "--format", "thumos"}, "-o DIR"},
           {{"convert", file, "--format", "labelstudio"}, "-o DIR"},
           {{"convert", file, "-o", "a.csv"}, "--format"},
           {{"convert", file, "--format", "vtt"}, "-o DIR/"},
           {{"convert", file, "--format", "csv", "-o", folder}, "name a file"},
           {{"convert", file, "--final", "--all"}, "exclude"},
           {{"convert", file, "--final"}, "no candidates"},
           {{"convert", file, "--fps", "25"}, "--fps has no meaning"},
           {{"convert", file, "--format", "otio", "--fps", "0"}, "--fps must be"},
           {{"pack", "--annotations", file, "-o", data.packed}, "FEATURES_DIR"},
           {{"pack", folder, "-o", data.packed}, "--annotations"},
           {{"pack", folder, "--annotations", file}, "-o FILE.npy"},
           {{"pack", folder, "--annotations", file, "-o", "-"}, "-o FILE.npy"},
           {{"pack", folder, "--annotations", file, "-o", folder}, "folder"},
           {{"pack", folder, "--annotations", file, "-o", folder + "/a.npy"}, "overwrite"},
           {{"pack", file, "--annotations", file, "-o", data.packed}, "folder"},
           {{"pack", folder, folder, "--annotations", file, "-o", data.packed}, "one"},
           {{"unpack", file, "-o", data.unpacked}, "--annotations"},
           {{"unpack", file, "--annotations", file}, "-o DIR"},
           {{"unpack", folder, "--annotations", file, "-o", data.unpacked}, "folder"},
           {{"unpack", file, "--annotations", file, "-o", data.unpacked, "--recipe-set", "fps=5"},
            "--recipe"},
           {{"unpack", file, "--annotations", file, "-o", data.unpacked, "--recipe", "cmcs"},
            "name the rate"},
       }) {
    const Outcome outcome = co2net(wrong.arguments);
    EXPECT_EQ(outcome.code, 2) << testing::PrintToString(wrong.arguments) << outcome.err;
    EXPECT_TRUE(outcome.says(wrong.words)) << outcome.err;
  }
}

}  // namespace
}  // namespace co2net::test
