#pragma once

#include <filesystem>
#include <memory>
#include <string>

struct AVFrame;

namespace co2net {

// The size of a picture as people see it: square pixels, and even sides, which H.264 needs.
struct PictureSize {
  int width = 0;
  int height = 0;
};

// `aspect` is a pixel's width relative to its height; what is not between 1/4 and 4 is taken for
// damaged, hence for 1. The longer side of pixels is what grows.
PictureSize display_size(int width, int height, double aspect);

struct DisplayOptions {
  PictureSize size;                   // display_size()
  int below = 0;                      // even; black rows that are added under the picture
  std::filesystem::path script = {};  // an ASS script to draw, empty: none
};

// Makes frames (yuv420p) as people see them. A script's seconds are kScriptSeconds to one of the
// video, since ASS counts in hundredths: its times are thus exact to a millisecond.
inline constexpr int kScriptSeconds = 10;
class DisplayFilter {
 public:
  // Errors: Error(kIo) where libav was built without a filter; Error(kInput).
  // `time_base` is that of the frames' pts, which count from the script's zero.
  DisplayFilter(const AVFrame& first, const std::string& time_base, const DisplayOptions& options);
  ~DisplayFilter();

  // Replaces the frame by what is shown of it.
  void apply(AVFrame& frame);

 private:
  struct Graph;
  std::unique_ptr<Graph> graph_;
};

}  // namespace co2net
