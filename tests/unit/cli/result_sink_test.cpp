#include "cli/result_sink.h"

#include <gtest/gtest.h>

#include <sstream>

namespace co2net {
namespace {

std::string csv_of(const VideoResult& result, bool is_terminal) {
  std::istringstream in;
  std::ostringstream out, err;
  Io io{in, out, err, false, is_terminal};
  ResultOptions options;
  options.format = ResultFormat::kCsv;
  ResultSink sink(options, Json::object(), Json::object(), io);
  sink.add(result);
  sink.finish();
  return out.str();
}

TEST(ResultSink, GivesCsvAsItIsToAllButTerminals) {
  const VideoResult result = {"a\x1b[31m\x07", {{"\u009bred", 0.5, 1, 2}}, Json::object()};
  const std::string header = "id,label,score,start_s,end_s\n";
  EXPECT_EQ(csv_of(result, false), header + "a\x1b[31m\x07,\u009bred,0.5,1.0,2.0\n");
  EXPECT_EQ(csv_of(result, true), header + R"(a\x1b[31m\x07,\u009bred,0.5,1.0,2.0)" + "\n");
}

}  // namespace
}  // namespace co2net
