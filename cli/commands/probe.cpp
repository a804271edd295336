#include <boost/program_options.hpp>

#include "cli/options.h"
#include "cli/through_inputs.h"
#include "cli/workflows/each_input.h"
#include "extractors/video/video_reader.h"

namespace po = boost::program_options;

namespace co2net {
namespace {

Json to_json(const SourceInfo& source) {
  return {{"stream", source.stream},
          {"codec", source.codec},
          {"pixel_format", source.pixel_format},
          {"width", source.width},
          {"height", source.height},
          {"stored_width", source.stored_width},
          {"stored_height", source.stored_height},
          {"rotation", source.rotation},
          {"sample_aspect_ratio", source.sample_aspect_ratio},
          {"average_fps", source.average_fps},
          {"declared_frames", source.declared_frames},
          {"duration_s", source.duration_s},
          {"start_s", source.start_s}};
}

void add_probe_options(po::options_description& options) {
  add_input_options(options);
  add_opening_limit_options(options);
  add_spool_option(options);
  add_timeout_option(options);
}

int run_probe(const po::variables_map& args, Io& io) {
  const VideoOptions options = parse_video_options(args);
  const std::vector<Input> inputs =
      parse_inputs(args, "VIDEO", kVideoSuffixes, options, io.in).files;
  const auto print = [&](const Input& input) {
    const Deadline deadline = options.each.deadline();
    const auto file = open_or_spool(input.path, options.each.spool, deadline);
    const Probe probe = probe_video(file, options.each.limits, deadline);
    Json streams = Json::array();
    for (const SourceInfo& source : probe.streams) streams.push_back(to_json(source));
    const SourceInfo& chosen = probe.streams.at(probe.chosen);
    io.out << to_text({{"path", input.path.string()},
                       {"container", chosen.container},
                       {"chosen_stream", chosen.stream},
                       {"video_streams", streams}})
           << "\n";
  };
  return through_inputs(options, io, [&](Stats&, const Observer& observer) {
    return for_each_input(source_of(inputs), options.fail_fast, observer, print);
  });
}

}  // namespace

const Command kProbeCommand = {"probe", add_probe_options, run_probe};

}  // namespace co2net
