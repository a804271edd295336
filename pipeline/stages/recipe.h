#pragma once

#include <string>
#include <vector>

#include "pipeline/base/choice.h"
#include "pipeline/base/json.h"

namespace co2net {

// How frames are resized: to width x height, or keeping the aspect ratio.
enum class ResizeMode { kExact, kShortSide };
template <>
inline constexpr Choice<ResizeMode> kChoices<ResizeMode>[] = {
    {ResizeMode::kExact, "exact"}, {ResizeMode::kShortSide, "short-side"}};

// What the networks see of a frame: its middle, the frame resized, or ten views (corners and
// middle, and their mirror images).
enum class CropMode { kCenter, kFull, kTen };
template <>
inline constexpr Choice<CropMode> kChoices<CropMode>[] = {
    {CropMode::kCenter, "center"}, {CropMode::kFull, "full"}, {CropMode::kTen, "ten"}};

// What becomes of the rows of ten views: their mean, or one row a view.
enum class TenCrop { kAverage, kKeep };
template <>
inline constexpr Choice<TenCrop> kChoices<TenCrop>[] = {{TenCrop::kAverage, "average"},
                                                        {TenCrop::kKeep, "keep"}};

// What becomes of an incomplete last snippet; padding repeats the last frame.
enum class Tail { kDrop, kPad };
template <>
inline constexpr Choice<Tail> kChoices<Tail>[] = {{Tail::kDrop, "drop"}, {Tail::kPad, "pad"}};

// Whose algorithm gives the flow's numbers: our definition (extractors/flow/README.md), which is
// near that of OpenCV's CUDA code; OpenCV's CPU code; or OpenCV's CUDA code itself.
enum class FlowVariant { kPortable, kOpencvCpu, kOpencvCuda };
template <>
inline constexpr Choice<FlowVariant> kChoices<FlowVariant>[] = {
    {FlowVariant::kPortable, "portable"},
    {FlowVariant::kOpencvCpu, "opencv-cpu"},
    {FlowVariant::kOpencvCuda, "opencv-cuda"}};

// Every choice that changes features. Snippet i of a video is the frames
// [i * stride, i * stride + window); flow j goes from frame j to frame j + 1, and a video's last
// frame repeats its last flow.
struct Recipe {
  struct Resize {
    ResizeMode mode = ResizeMode::kExact;
    int width = 340, height = 256;
    int short_side = 256;
  };
  // TV-L1 (Zach, Pock, Bischof 2007) with the parameters and the names of OpenCV's solver.
  struct Flow {
    FlowVariant variant = FlowVariant::kPortable;
    double tau = 0.25, lambda = 0.15, theta = 0.3;
    int scales = 5;
    double scale_step = 0.8;
    int warps = 5;
    double epsilon = 0.01;
    int outer_iterations = 10, inner_iterations = 30;
    int median = 5;     // median filter's size; kOpencvCpu only
    double bound = 20;  // pixels: [-bound, bound] becomes 0..255, rounded half to even
  };

  std::string name = "wtalc";  // of the preset; "custom (from ...)" once a key was changed
  std::string fps = "25";      // a number, a ratio such as "30000/1001", or "source"
  int window = 16;
  int stride = 16;
  Resize resize;
  CropMode crop = CropMode::kCenter;
  int crop_size = 224;
  TenCrop ten_crop = TenCrop::kAverage;
  Tail tail = Tail::kDrop;
  Flow flow;
};

// What a name means; throws Error(kUsage) listing the known ones.
Recipe recipe_preset(const std::string& name);
std::vector<std::string> recipe_preset_names();

// The JSON form holds every field, so that it says all there is to know, and its schema. Reading
// takes the same keys, and those of co2net.recipe/1, which had flow.precision and no schema; throws
// Error(kModel) naming a key that is unknown, missing or out of range, and for "fast" of the
// former.
Json to_json(const Recipe& recipe);
Recipe recipe_from_json(Json json);

// Changes fields, "flow.bound=15" each. What they make together is checked, so that their order
// does not matter. Throws Error(kUsage), for an unknown key with the known ones.
Recipe with_settings(const Recipe& recipe, const std::vector<std::string>& keys_and_values);
Recipe with_setting(const Recipe& recipe, const std::string& key_and_value);

// Whether features made by one may be used for the other: every field but the name is equal.
bool same_features(const Recipe& a, const Recipe& b);

// Frames a second after resampling: the recipe's, or the source's own. Throws Error(kInput) if the
// recipe asks for the source's and the container does not name it.
double frame_rate(const Recipe& recipe, double source_fps);

// Snippets of a video of `frames` frames by the recipe's window, stride and tail; a video shorter
// than a window has one (its last frame is repeated), an empty one none.
std::int64_t snippet_count(const Recipe& recipe, std::int64_t frames);

}  // namespace co2net
