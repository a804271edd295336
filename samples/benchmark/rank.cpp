// co2net_rank: of results, what a bootstrap over videos needs: which detections of each class are
// right, in falling order. Some kilobytes where results are megabytes.

#include <boost/program_options.hpp>
#include <filesystem>
#include <string>

#include "pipeline/base/choice.h"
#include "pipeline/base/files.h"
#include "pipeline/datasets/annotations.h"
#include "postprocess/evaluation.h"
#include "postprocess/predictions.h"
#include "samples/benchmark/ranking_file.h"
#include "samples/program.h"

namespace po = boost::program_options;

namespace co2net {
namespace {

void run(const po::variables_map& args) {
  const auto text = [&](const char* option) { return args[option].as<std::string>(); };
  const auto protocol = named<Protocol>(text("protocol"));
  if (!protocol)
    throw po::error("--protocol must be " + wanted_instead_of<Protocol>(text("protocol")));
  const EvaluationOptions options = {
      .protocol = *protocol, .subset = text("subset"), .tiou = parse_tiou(text("tiou"))};
  const Ranking ranking =
      rank(read_predictions(text("results")), read_annotations(text("ground-truth")), options);
  write_file(text("output"), to_json(RankingFile{options.tiou, ranking}).dump() + "\n");
}

SampleProgram program() {
  po::options_description options;
  options.add_options()  //
      ("results", po::value<std::string>()->value_name("FILE")->required(),
       "as co2net wrote them")  //
      ("ground-truth", po::value<std::string>()->value_name("FILE")->required(),
       "annotations of the videos")  //
      ("subset", po::value<std::string>()->value_name("NAME")->default_value("test"),
       "only this subset's videos")  //
      ("protocol", po::value<std::string>()->value_name("NAME")->default_value("activitynet"),
       "of co2net eval: activitynet or thumos")  //
      ("tiou", po::value<std::string>()->value_name("GRID")->default_value("0.1:0.1:0.7"),
       "thresholds")  //
      ("output,o", po::value<std::string>()->value_name("FILE")->required(),
       "the ranking, as JSON");
  return {"co2net_rank", "--results FILE --ground-truth FILE -o FILE", options, run};
}

}  // namespace
}  // namespace co2net

int main(int argc, char** argv) { return co2net::run_program(argc, argv, co2net::program()); }
