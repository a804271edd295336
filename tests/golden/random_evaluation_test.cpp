// Against a transcription of the protocols in Python, tests/python/evaluation.py.
#include <gtest/gtest.h>

#include <sstream>

#include "pipeline/base/json.h"
#include "pipeline/datasets/annotation_formats.h"
#include "postprocess/evaluation.h"
#include "tests/golden/golden.h"
#include "tests/support.h"

namespace co2net {
namespace {

Evaluation evaluated(const Json& run, const Json& set) {
  return evaluate(parse_predictions(set.at("predictions").get<std::string>(), "predictions"),
                  parse_activitynet(set.at("ground_truth").get<std::string>(), "ground truth"),
                  {*named<Protocol>(run.at("protocol").get<std::string>()), run.at("subset"),
                   parse_tiou(run.at("tiou")), run.at("ignore_unknown_videos")});
}

TEST(RandomEvaluation, GivesWhatTheTranscriptionGives) {
  constexpr int kSets = 2000;
  std::istringstream sets(test::run_shell("/usr/bin/python3 -B " +
                                          test::shell_quoted(CO2NET_RANDOM_EVALUATIONS) + " 1 " +
                                          std::to_string(kSets)));
  std::map<std::string, int> compared;
  int number = 0;
  for (std::string line; std::getline(sets, line) && !HasFailure(); ++number) {
    const Json set = parse_json(line, "set", ErrorKind::kInput);
    for (const Json& run : set.at("runs")) {
      SCOPED_TRACE("set " + std::to_string(number) + ", " + to_text(run) + "\n" + line);
      const Evaluation got = evaluated(run, set);
      test::expect_near(got.mAP, run.at("mAP"), 1e-12);
      ASSERT_EQ(got.per_class.size(), run.at("per_class").size());
      for (const auto& [label, precisions] : run.at("per_class").items()) {
        test::expect_near(got.per_class.at(label), precisions, 1e-12);
      }
      ++compared[run.at("protocol")];
    }
  }
  EXPECT_EQ(number, kSets);
  for (const char* protocol : {"activitynet", "co2net", "thumos"}) {
    EXPECT_GT(compared[protocol], kSets * 3 / 4) << protocol;
  }
}

}  // namespace
}  // namespace co2net
