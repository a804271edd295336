#include "extractors/video/display_filter.h"

extern "C" {
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
#include <libavutil/opt.h>
}

#include <cmath>
#include <initializer_list>
#include <map>

#include "extractors/video/av.h"

namespace co2net {
namespace {

int even(double length) { return 2 * static_cast<int>(std::ceil(length / 2)); }

using Options = std::map<std::string, std::string>;

}  // namespace

PictureSize display_size(int width, int height, double aspect) {
  constexpr double kMost = 4;
  if (!(aspect >= 1 / kMost && aspect <= kMost)) aspect = 1;
  return aspect >= 1 ? PictureSize{even(std::round(width * aspect)), even(height)}
                     : PictureSize{even(width), even(std::round(height / aspect))};
}

struct DisplayFilter::Graph {
  GraphPtr filters;
  AVFilterContext* source = nullptr;
  AVFilterContext* last = nullptr;

  Graph(const AVFrame& first, const std::string& time_base, const DisplayOptions& options)
      : filters(allocated(avfilter_graph_alloc())) {
    const AVRational base = parse_ratio(time_base);
    source = add("buffer", source_options(first, {base.num * kScriptSeconds, base.den}));
    const auto [width, height] = options.size;
    // A row or column more is padding, not worth a blur.
    if (width > first.width + 1 || height > first.height + 1) {
      add("scale",
          {{"w", std::to_string(width)}, {"h", std::to_string(height)}, {"flags", "bicubic"}});
      add("setsar", {{"sar", "1"}});
    }
    add("pad", {{"w", std::to_string(width)}, {"h", std::to_string(height + options.below)}});
    if (!options.script.empty()) add("ass", {{"filename", options.script.string()}});
    add("buffersink", {});
    check_av(avfilter_graph_config(filters.get(), nullptr), "filter");
  }

  static Options source_options(const AVFrame& frame, AVRational time_base) {
    Options options = {{"width", std::to_string(frame.width)},
                       {"height", std::to_string(frame.height)},
                       {"pix_fmt", std::to_string(frame.format)},
                       {"time_base", to_string(time_base)}};
#if LIBAVFILTER_VERSION_MAJOR >= 10
    options["colorspace"] = std::to_string(frame.colorspace);
    options["range"] = std::to_string(frame.color_range);
#endif
    return options;
  }

  // A filter after the last one. Values are set and not parsed: a path may hold anything.
  AVFilterContext* add(const char* name, const Options& values) {
    const AVFilter* filter = avfilter_get_by_name(name);
    if (filter == nullptr) {
      throw Error(ErrorKind::kIo, std::string("libav was built without the filter ") + name +
                                      "; install one that has it (Debian's has)");
    }
    AVFilterContext* added = allocated(avfilter_graph_alloc_filter(filters.get(), filter, name));
    for (const auto& [key, value] : values) {
      check_av(av_opt_set(added, key.c_str(), value.c_str(), AV_OPT_SEARCH_CHILDREN),
               std::string("filter ") + name + ": " + key);
    }
    check_av(avfilter_init_str(added, nullptr), std::string("filter ") + name);
    if (last != nullptr) check_av(avfilter_link(last, 0, added, 0), "filter");
    return last = added;
  }
};

DisplayFilter::DisplayFilter(const AVFrame& first, const std::string& time_base,
                             const DisplayOptions& options)
    : graph_(std::make_unique<Graph>(first, time_base, options)) {}

DisplayFilter::~DisplayFilter() = default;

void DisplayFilter::apply(AVFrame& frame) {
  check_av(av_buffersrc_add_frame(graph_->source, &frame), "filter");
  check_av(av_buffersink_get_frame(graph_->last, &frame), "filter");
}

}  // namespace co2net
