#include "postprocess/merged_results.h"

#include <gtest/gtest.h>

#include "postprocess/exporters.h"
#include "tests/unit/expect_error.h"

namespace co2net {
namespace {

using Strings = std::vector<std::string>;

VideoResult result(const std::string& id, double score = 0.1) {
  return {id,
          {{"run, jump", score, 0, 1.25}, {"\"bow\"", -2, 3, 1e22}},
          {{"path", "videos/" + id + ".mp4"}, {"fps", 25}, {"duration", 4.0}},
          {{{"run, jump", score, 0, 1}}}};
}

const VideoResult kA = result("a"), kB = result("b/\u00e4 \u202e.mp4"), kC = result("c");
const VideoError kBroken = {"broken", "decode", "no frame could be decoded"};
const Json kModel = {{"name", "m"}, {"classes", {"run, jump", "\"bow\""}}};
const Json kRecipe = {{"fps", 25}, {"flow", {{"bound", 20}}}};

std::string document(const std::vector<VideoResult>& results,
                     const std::vector<VideoError>& errors = {}, const Json& shard = nullptr,
                     const Json& recipe = kRecipe) {
  Json json = results_document(results, errors, kModel, recipe);
  if (!shard.is_null()) json["shard"] = shard;
  return to_text(json) + "\n";
}

Json shard(int index, int count) {
  return {{"index", index}, {"count", count}, {"videos", 1}, {"of", 3}};
}

std::string lines(const std::vector<VideoResult>& results) {
  std::string text;
  for (const VideoResult& video : results) text += jsonl_line(video);
  return text;
}

std::string rows(const std::vector<VideoResult>& results) {
  std::string text(kCsvHeader);
  for (const VideoResult& video : results) text += csv_rows(video);
  return text;
}

MergedResults merged(const Strings& parts) {
  MergedResults results;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    results.add(parts[i], "part-" + std::to_string(i));
  }
  return results;
}

void expect_refused(const Strings& parts, const Strings& words) {
  test::expect_error(ErrorKind::kInput, words, [&] { merged(parts); });
}

TEST(MergedResults, AreTheBytesOfOneProcess) {
  EXPECT_EQ(
      merged({document({kC}, {}, shard(1, 2)), document({kA, kB}, {kBroken}, shard(0, 2))}).text(),
      document({kA, kB, kC}, {kBroken}));
  const Strings order = {"c", "broken", "a", kB.id};
  EXPECT_EQ(merged({jsonl_line(kBroken) + jsonl_line(kA), lines({kC}), lines({kB})}).text(order),
            lines({kC}) + jsonl_line(kBroken) + lines({kA, kB}));
  EXPECT_EQ(merged({rows({kA, kC}), rows({kB})}).text({"c", "a", kB.id}), rows({kC, kA, kB}));
}

TEST(MergedResults, TakeAShareWithoutVideos) {
  EXPECT_EQ(merged({document({}), document({kA})}).text(), document({kA}));
  EXPECT_EQ(merged({"", lines({kA}), ""}).text(), lines({kA}));
  EXPECT_EQ(merged({rows({}), rows({kA})}).text(), rows({kA}));
  EXPECT_EQ(merged({""}).text(), "");
}

TEST(MergedResults, AreByIdWhereNoOrderIsGiven) {
  EXPECT_EQ(merged({lines({kC}), lines({kB, kA})}).text(), lines({kA, kB, kC}));
  EXPECT_EQ(merged({lines({kC, kB, kA})}).text({"b/\u00e4 \u202e.mp4"}), lines({kB, kA, kC}));
}

TEST(MergedResults, TakeTheSameVideoOnce) {
  EXPECT_EQ(merged({document({kA, kC}), document({kA})}).text(), document({kA, kC}));
  EXPECT_EQ(merged({lines({kA, kC}), lines({kA})}).text(), lines({kA, kC}));
  EXPECT_EQ(merged({rows({kA, kC}), rows({kA})}).text(), rows({kA, kC}));
}

TEST(MergedResults, RefuseAVideoThatIsAnotherInAnotherPart) {
  const VideoResult other = result("a", 0.2);
  expect_refused({document({kA}), document({kC, other})}, {"part-1", "part-0", "video a", "score"});
  expect_refused({lines({kA}), lines({other})}, {"part-1: line 1", "part-0", "score 0.1 -> 0.2"});
  expect_refused({rows({kA}), rows({other})}, {"part-1", "part-0", "video a"});
  VideoResult moved = kA;
  moved.video["path"] = "/mnt/a.mp4";
  expect_refused({document({kA}), document({moved})},
                 {"videos.path", "videos/a.mp4", "/mnt/a.mp4"});
}

TEST(MergedResults, LetAFailureGiveWay) {
  const VideoError failed = {"a", "decode", "first"}, again = {"a", "input", "second"};
  for (const Strings& parts : {Strings{document({}, {failed}), document({kA})},
                               Strings{document({kA}), document({}, {failed})}}) {
    EXPECT_EQ(merged(parts).text(), document({kA}));
    EXPECT_EQ(merged(parts).failed(), Strings());
  }
  EXPECT_EQ(merged({document({}, {failed}), document({}, {again})}).text(), document({}, {again}));
  EXPECT_EQ(merged({jsonl_line(failed), lines({kA})}).text(), lines({kA}));
  EXPECT_EQ(merged({lines({kA}), jsonl_line(failed)}).text(), lines({kA}));
  EXPECT_EQ(merged({jsonl_line(failed), lines({kC})}).failed(), Strings{"a"});
  EXPECT_EQ(merged({document({kC}, {failed})}).failed(), Strings{"a"});
}

TEST(MergedResults, NameInWhatTheMakersDiffer) {
  Json recipe = kRecipe;
  recipe["flow"]["bound"] = 15;
  expect_refused({document({kA}), document({kC}, {}, nullptr, recipe)},
                 {"part-1", "part-0", "recipe.flow.bound 20 -> 15"});
  Json newer = Json::parse(document({kC}));
  newer["version"] = "co2net 9";
  newer["model"]["name"] = "n";
  expect_refused({document({kA}), newer.dump()}, {"model.name", "version", "co2net 9"});
}

TEST(MergedResults, RefuseLinesOfOtherMakers) {
  const auto made_by = [](const VideoResult& video, const std::string& name) {
    return jsonl_line(video, name);
  };
  expect_refused({made_by(kA, "f00d"), made_by(kC, "beef")},
                 {"part-1", "line 1", "made_by \"beef\"", "f00d"});
  EXPECT_EQ(merged({made_by(kA, "f00d") + jsonl_line(kBroken), lines({kC}), made_by(kB, "f00d")})
                .ids()
                .size(),
            4u);
}

TEST(MergedResults, RefuseWhatIsBrokenOff) {
  const std::string whole = rows({kA, kC});
  for (std::size_t size = 1; size < whole.size(); ++size) {
    if (whole[size - 1] == '\n') continue;  // which nothing tells from a whole one
    expect_refused({rows({kB}), whole.substr(0, size)}, {"part-1"});
  }
  expect_refused({rows({kB}), std::string(kCsvHeader) + "a,run,x,0,1\n"}, {"part-1", "'x'"});
  expect_refused({R"({"id": "v", "segments": 7})"}, {"part-0", "segments"});
}

TEST(MergedResults, RefuseDifferentFormatsAndWhatHoldsNoResults) {
  expect_refused({document({kA}), lines({kC, kB})}, {"part-1", "JSON lines", "part-0"});
  expect_refused({rows({kA}), document({kC})}, {"part-1", "a JSON document", "CSV"});
  expect_refused({document({kA}), ""}, {"part-1", "JSON lines"});
  expect_refused({"{}"}, {"part-0", "no predictions"});
  expect_refused({"id,label\n"}, {"part-0"});
  expect_refused({document({kA}).substr(0, 100)}, {"part-0", "not valid JSON"});
  expect_refused({"{\"results\": {\"a\": []}, \"videos\": []}"}, {"part-0", "'videos'"});
  expect_refused({document({}, {}, shard(2, 2))}, {"part-0", "2/2"});
}

TEST(MergedResults, NameTheShardsThatNoPartIsOf) {
  const auto missing = [](const Strings& parts) { return merged(parts).missing_shards(); };
  const std::string first = document({kA}, {}, shard(0, 4)),
                    third = document({kB}, {}, shard(2, 4));
  EXPECT_EQ(missing({third, first}), (Strings{"1/4", "3/4"}));
  EXPECT_EQ(missing({third, first, document({kC})}), (Strings{"1/4", "3/4"}))
      << "one part does not say it";
  EXPECT_EQ(missing({first, third, document({kC}, {}, shard(0, 2))}),
            (Strings{"1/2", "1/4", "3/4"}));
  EXPECT_EQ(missing({first, document({kB}, {}, shard(0, 2)), document({kC}, {}, shard(1, 2))}),
            Strings())
      << "all of two are all";
  EXPECT_EQ(missing({document({kA})}), Strings());
  EXPECT_EQ(missing({document({kA}, {}, shard(0, 2)), document({kB}, {}, shard(1, 2))}), Strings());
}

TEST(MergedResults, TakeAResultsFileOfSomebodyElse) {
  EXPECT_EQ(merged({R"({"version": "x", "results": {"b": []}})",
                    "{\"version\": \"x\",\n \"results\": {\"a\": [ ]}}"})
                .text(),
            "{\"results\":{\"a\":[],\"b\":[]},\"version\":\"x\"}\n");
}

}  // namespace
}  // namespace co2net
