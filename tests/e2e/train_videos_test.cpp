#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>

#include "pipeline/datasets/labelled_videos.h"
#include "tests/e2e/program.h"
#include "tests/unit/expect_error.h"

namespace co2net::test {
namespace {

// A workplace with videos of two classes, bow and jump, in sub-folders.
class OwnActions {
 public:
  explicit OwnActions(int videos_a_class = 2) {
    for (int i = 0; i < videos_a_class; ++i) {
      for (const std::string label : {"bow", "jump"}) {
        clip(label + "/" + label + std::to_string(i) + ".mkv", 1 + i * 2 + (label == "bow"));
      }
    }
  }

  std::string clip(const std::string& name, int seed, int frames = 16) const {
    return here_.clip("videos/" + name, frames, seed);
  }
  fs::path path(const std::string& name) const { return here_.path(name); }
  const Workplace& here() const { return here_; }

  Strings arguments(const std::string& labels) const {
    return {"train",       "--videos", path("videos"), "--labels", labels,      "--extractor",
            here_.model(), "--cache",  here_.cache(),  "-o",       path("mine")};
  }
  // Just enough training to have a model.
  Outcome train(const std::string& labels, const Strings& more = {}) const {
    return co2net(arguments(labels) + Strings{"--iterations", "2"} + more);
  }
  std::string csv(const std::string& text) const {
    write_file(path("labels.csv"), text);
    return path("labels.csv");
  }
  // Leaves nothing but the features.
  void forget_training() const {
    fs::rename(path("mine/features"), path("features"));
    fs::remove_all(path("mine"));
    fs::create_directories(path("mine"));
    fs::rename(path("features"), path("mine/features"));
  }
  Json model() const { return Json::parse(read_file(path("mine/model.json"))); }

 private:
  Workplace here_;
};

TEST(TrainVideos, SubFoldersBecomeTheClassesOfABundleThatRunTakes) {
  const OwnActions own(3);
  const Outcome outcome = own.train("by-folder");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_NE(outcome.out.find("on 2 held-out videos"), std::string::npos) << outcome.out;
  EXPECT_NE(outcome.out.find("         1             2  bow\n"), std::string::npos) << outcome.out;
  EXPECT_TRUE(outcome.says("settings for 6 videos of 1 snippets")) << outcome.err;
  EXPECT_EQ(own.model().at("classes"), (Strings{"bow", "jump"}));
  EXPECT_EQ(own.model().at("provenance").at("options").at("length"), 30);

  const Outcome run = co2net({"run", own.path("videos/bow/bow0.mkv"), "--model", own.path("mine"),
                              "--cache", own.here().cache(), "--format", "csv"});
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(own.here().entries("features"), 6);  // not computed anew
}

TEST(TrainVideos, ReadsLabelsFromACsvFileByPathOrName) {
  const OwnActions own;
  own.clip("both.mkv", 9);
  const std::string labels = own.csv(
      "file,label\nbow/bow0.mkv,crouch\nbow1.mkv, crouch\n\"jump0.mkv\",jump\njump1.mkv,jump\n"
      "both.mkv,jump;crouch\nboth.mkv,\"with, comma\"\njump0.mkv,\"with, comma\"\n");
  const Outcome outcome = own.train(labels, {"--select", "last"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(own.model().at("classes"), (Strings{"crouch", "jump", "with, comma"}));
  EXPECT_EQ(own.model().at("provenance").at("training").at("videos"), 5);
}

TEST(TrainVideos, LearnFromOneSubsetOfAnnotationsAsOfFeatures) {
  const OwnActions own;
  for (const std::string id : {"idle", "later", "later2"})
    own.clip(id + ".mkv", 30 + int(id.size()));
  const auto video = [](const std::string& subset, const Json& label) {
    Json segments = Json::array();
    if (!label.is_null()) segments.push_back({{"segment", {0, 0.5}}, {"label", label}});
    return Json{{"subset", subset}, {"annotations", segments}};
  };
  write_file(own.path("mine.json"), Json{{"database",
                                          {{"bow0", video("validation", "bow")},
                                           {"bow1", video("validation", "bow")},
                                           {"jump0", video("validation", "jump")},
                                           {"jump1", video("validation", "jump")},
                                           {"idle", video("validation", nullptr)},
                                           {"later", video("test", "wave")},
                                           {"later2", video("test", "wave")}}}}
                                        .dump());
  const Strings last = {"--select", "last"};
  const Outcome unsaid = own.train(own.path("mine.json"), {});
  EXPECT_EQ(unsaid.code, 2);
  EXPECT_TRUE(unsaid.says("has the subsets test, validation; choose")) << unsaid.err;

  const Outcome outcome =
      own.train(own.path("mine.json"), last + Strings{"--train-subset", "validation"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(outcome.says("of its subset validation the labels of whole videos")) << outcome.err;
  EXPECT_TRUE(outcome.says("left out, of other subsets: 2 videos (later, later2)")) << outcome.err;
  EXPECT_EQ(own.model().at("classes"), (Strings{"bow", "jump"}));
  EXPECT_EQ(own.model().at("provenance").at("training").at("videos"), 4);
  EXPECT_EQ(own.model().at("provenance").at("background").at("videos"), 1);
  EXPECT_FALSE(fs::exists(own.path("mine/features/later.npy")));

  own.forget_training();
  const Outcome test = own.train(own.path("mine.json"), last + Strings{"--train-subset", "test"});
  EXPECT_EQ(test.code, 0) << test.err;
  EXPECT_EQ(own.model().at("classes"), Strings{"wave"});

  const Outcome by_folder = own.train("by-folder", {"--train-subset", "test"});
  EXPECT_EQ(by_folder.code, 2);
  EXPECT_TRUE(by_folder.says("only annotations have subsets")) << by_folder.err;
}

TEST(TrainVideos, LearnFromBackgroundVideosAndHoldOneOut) {
  const OwnActions own(3);
  for (int i = 0; i < 3; ++i) own.clip("background/idle" + std::to_string(i) + ".mkv", 30 + i);
  const Outcome too_few = own.train("by-folder", {"--false-alarms", "1"});
  EXPECT_EQ(too_few.code, 2) << too_few.err;
  EXPECT_TRUE(too_few.says("cannot be shown with 0.000889 hours of held-out background"))
      << too_few.err;
  const Outcome outcome = own.train("by-folder");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(outcome.says("settings for 6 videos")) << outcome.err;
  EXPECT_TRUE(
      outcome.says("videos of background: 2 to learn from, in 1 of a batch's rows, and 1 held out"))
      << outcome.err;
  EXPECT_NE(outcome.out.find("on 3 held-out videos"), std::string::npos) << outcome.out;
  EXPECT_EQ(own.model().at("classes"), (Strings{"bow", "jump"}));
  const Json provenance = own.model().at("provenance");
  EXPECT_EQ(provenance.at("options").at("background_rows"), 1);
  EXPECT_EQ(provenance.at("training").at("videos"), 4);
  EXPECT_EQ(provenance.at("background").at("videos"), 2);
  EXPECT_EQ(provenance.at("held_out_background").at("videos"), 1);
  EXPECT_TRUE(outcome.says("model own-actions has no operating point")) << outcome.err;
  const Json point = own.model().at("operating_point");
  EXPECT_FALSE(point.contains("thresholds"));
  EXPECT_EQ(point.at("videos_chose_iteration"), true);
  ASSERT_EQ(point.at("videos").size(), 3u);
  EXPECT_EQ(point.at("videos").back().at("labels"), Json::array());
  EXPECT_EQ(point.at("videos").back().at("segments").size(), 2u);
  EXPECT_NEAR(point.at("videos").back().at("hours").get<double>(), 3.2 / 3600, 1e-9);

  const Outcome run = co2net({"run", own.path("videos/background/idle0.mkv"), "--model",
                              own.path("mine"), "--cache", own.here().cache(), "--format", "csv"});
  EXPECT_EQ(run.code, 0) << run.err;

  own.forget_training();
  const Outcome deaf = own.train("by-folder", {"--set", "loss.oppo=0", "--false-alarms", "1e6"});
  EXPECT_EQ(deaf.code, 0) << deaf.err;
  EXPECT_TRUE(deaf.says("loss.oppo=0: without this term background videos")) << deaf.err;
  EXPECT_EQ(own.model().at("operating_point").at("false_alarms"), 1e6);
  EXPECT_GE(own.model().at("operating_point").at("thresholds").at("all"), 0.5);
}

TEST(TrainVideos, NamesWhatIsWrongWithTheSetBeforeItStarts) {
  const OwnActions own;
  own.clip("plain.mkv", 20);
  own.clip("single.mkv", 21);
  fs::create_directories(own.path("videos/other"));
  fs::copy(own.path("videos/bow/bow0.mkv"), own.path("videos/other/copy.mkv"));
  own.here().broken("videos/broken.mp4");
  const std::string labels = own.csv(
      "bow0.mkv,bow\nbow1.mkv,bow\njump0.mkv,jump\njump1.mkv,jump\nsingle.mkv,wave\n"
      "copy.mkv,jump\nbroken.mp4,jump\nnowhere.mkv,jump\n");
  const Outcome outcome = own.train(labels, {"--select", "last"});
  EXPECT_EQ(outcome.code, 1) << outcome.err;  // for the broken one
  for (const std::string words :
       {"listed but not in", "1 video (nowhere.mkv) (", "without a label: plain (",
        "broken.mp4: decode: ", "for the errors above: broken (", "copy is the same video as bow0",
        "labels bow, jump", "a single video where training compares two: wave (single)",
        "of no other class: single",
        "fewer than 5 videos, hard to learn from: bow (2), jump (3)"}) {
    EXPECT_TRUE(outcome.says(words)) << words << " is not in\n" << outcome.err;
  }
  EXPECT_LT(outcome.err.find("hard to learn from"), outcome.err.find("never computed"));
  EXPECT_EQ(own.model().at("classes"), (Strings{"bow", "jump"}));
  EXPECT_EQ(own.model().at("provenance").at("training").at("videos"), 4);
  EXPECT_FALSE(fs::exists(own.path("mine/features/single.npy")));
}

TEST(TrainVideos, KeepsFeaturesOfAnEarlierRunThatAreOfTheSameVideoAndRecipe) {
  const OwnActions own;
  ASSERT_EQ(own.train("by-folder", {"--no-cache"}).code, 0);
  const auto made = fs::last_write_time(own.path("mine/features/bow0.npy"));
  const Outcome again = own.train("by-folder", {"--no-cache"});
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_TRUE(again.says("bow0.npy is there already"));
  EXPECT_EQ(fs::last_write_time(own.path("mine/features/bow0.npy")), made);

  const Outcome finer = own.train("by-folder", {"--no-cache", "--recipe-set", "flow.bound=15"});
  EXPECT_EQ(finer.code, 2);
  EXPECT_TRUE(finer.says("holds another training: ")) << finer.err;
  EXPECT_TRUE(finer.says("data.origin.recipe.flow.bound 20.0 -> 15.0")) << finer.err;
  EXPECT_FALSE(finer.says("is there already"));

  own.forget_training();
  own.clip("jump/jump0.mkv", 30);
  const Outcome other = own.train("by-folder", {"--no-cache", "--recipe-set", "flow.bound=15"});
  EXPECT_EQ(other.code, 0) << other.err;
  EXPECT_FALSE(other.says("jump0.npy is there already"));
  EXPECT_TRUE(other.says("jump1.npy is there already"));
}

TEST(TrainVideos, GoesOnWithTheRestWhenAVideoFailsLater) {
  const OwnActions own;
  const std::string clip = own.clip("bow/damaged.mp4", 40, kFrames);
  std::string bytes = read_file(clip);
  std::fill_n(bytes.begin() + std::ssize(bytes) / 3, bytes.size() / 5, '\0');
  write_file(clip, bytes);
  const Outcome outcome = own.train("by-folder", {"--strict"});
  EXPECT_EQ(outcome.code, 1) << outcome.err;
  EXPECT_TRUE(outcome.says("for the errors above: damaged")) << outcome.err;
  EXPECT_EQ(own.model().at("classes"), (Strings{"bow", "jump"}));
}

TEST(TrainVideos, GoesOnAfterAnInterruptedExtraction) {
  const OwnActions own;
  own.clip("jump/long.mkv", 50, 4000);
  {
    Process program(own.arguments("by-folder") + Strings{"--iterations", "2"});
    program.wait_for(own.path("mine/features/jump1.npy"));
    program.send(SIGINT);
    EXPECT_EQ(program.wait(), 130);
  }
  EXPECT_FALSE(fs::exists(own.path("mine/features/long.npy")));
  EXPECT_FALSE(fs::exists(own.path("mine/model.json")));
  own.clip("jump/long.mkv", 50, 32);  // what was long to wait for
  const Outcome outcome = own.train("by-folder");
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_TRUE(outcome.says("jump1.npy is there already")) << outcome.err;
  EXPECT_EQ(own.model().at("classes"), (Strings{"bow", "jump"}));
}

TEST(TrainVideos, WhatIsGivenWinsOverWhatTheSetsSizeSuggests) {
  const OwnActions own(3);
  const Outcome outcome = own.train("by-folder", {"--set", "length=20", "--held-out", "0"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  const Json options = own.model().at("provenance").at("options");
  EXPECT_EQ(options.at("length"), 20);
  EXPECT_EQ(options.at("iterations"), 2);
  EXPECT_EQ(options.at("learning_rate"), 2e-4);
  EXPECT_EQ(own.model().at("provenance").at("held_out").at("videos"), 0);
}

TEST(TrainVideos, ShortVideosServeInPairsUnlessItIsClean) {
  const OwnActions own;
  own.clip("bow/long.mkv", 60, 32);
  own.clip("jump/long.mkv", 61, 32);
  const Strings of_two_snippets = {"--select", "last", "--set", "min_snippets=2"};
  const Outcome authors = own.train("by-folder", of_two_snippets);
  EXPECT_EQ(authors.code, 0) << authors.err;
  EXPECT_TRUE(authors.says("in pairs all the same, as in the authors' code, 4 short videos"))
      << authors.err;
  EXPECT_EQ(own.model().at("provenance").at("training").at("videos"), 2);
  EXPECT_EQ(own.model().at("min_snippets"), 2);

  own.forget_training();
  const Outcome clean = own.train("by-folder", of_two_snippets + Strings{"--compat", "clean"});
  EXPECT_EQ(clean.code, 1) << clean.err;
  EXPECT_TRUE(clean.says("left out, shorter than min_snippets=2: ")) << clean.err;
  EXPECT_TRUE(clean.says("no class has two videos")) << clean.err;
}

TEST(TrainVideos, RefusesWhatOnlyTheOtherFormTakes) {
  const auto says = [](const Strings& arguments, const std::string& words) {
    const Outcome outcome = co2net(Strings{"train", "-o", "out"} + arguments);
    EXPECT_EQ(outcome.code, 2) << outcome.err;
    EXPECT_TRUE(outcome.says(words)) << outcome.err;
  };
  says({}, "give --features and --annotations, or --videos, --labels and --extractor");
  says({"--videos", "v", "--annotations", "a"}, "--annotations has no meaning with --videos");
  says({"--videos", "v", "--test-subset", "t"}, "--test-subset has no meaning with --videos");
  says({"--videos", "v", "--features", "f"}, "--features has no meaning with --videos");
  says({"--features", "f", "--labels", "by-folder"}, "--labels has no meaning with --features");
  says({"--features", "f", "--no-cache"}, "--no-cache has no meaning with --features");
  says({"--videos", "v"}, "give --extractor");

  const Outcome select = OwnActions().train("by-folder", {"--select", "test"});
  EXPECT_EQ(select.code, 2);
  EXPECT_TRUE(select.says("--select test needs test videos")) << select.err;
}

TEST(TrainVideos, SaysWhichInputIsNotAsItShouldBe) {
  const OwnActions own;
  const auto fails = [&](const Strings& parts, const std::string& labels) {
    expect_error(ErrorKind::kInput, parts,
                 [&] { find_labelled_videos(own.path("videos"), {labels}); });
  };
  fails({"line 2", "1 fields", "file,label[;label...]"}, own.csv("a.mkv,jump\nb.mkv\n"));
  fails({"line 1", "3 fields"}, own.csv("a.mkv,jump,bow\n"));
  fails({"line 1", "not UTF-8"}, own.csv("a.mkv,\xff\n"));
  fails({"line 1", "file is missing"}, own.csv(",jump\n"));
  own.clip("jump/same.mkv", 1);
  own.clip("bow/same.mkv", 1);
  fails({"line 1", "bow/same.mkv or", "write its path below"}, own.csv("same.mkv,jump\n"));

  EXPECT_EQ(own.train(own.path("absent.csv")).code, 2);
  EXPECT_EQ(own.train(own.csv("bow0.mkv,bow\njump0.mkv,jump\n")).code, 1);  // no pair
  fs::create_directories(own.path("mine/photos"));
  const Outcome elsewhere = own.train("by-folder");
  EXPECT_EQ(elsewhere.code, 2);
  EXPECT_TRUE(elsewhere.says("something else than a training"));
}

}  // namespace
}  // namespace co2net::test
