#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace co2net {

// Float images of one size in one block of memory: image row y is the rows y of all planes, one
// after another. A plane's row starts at a multiple of 16 floats and has at least one float of
// padding after its last column.
struct Planes {
  float* origin = nullptr;  // (0, 0) of plane 0
  int width = 0, height = 0;
  std::ptrdiff_t stride = 0;  // floats from a plane's row to the next plane's
  int count = 0;

  float* row(int plane, int y) const {
    return origin + (std::ptrdiff_t{y} * count + plane) * stride;
  }
};

// What the iterations change: the flow (u1, u2) and its dual variables, p11 and p12 of u1, p21 and
// p22 of u2. Padding is 0 and stays so.
enum StatePlane { kU1, kU2, kP11, kP12, kP21, kP22, kStatePlanes };
// What they are given: the warped image's gradient, the part of rho(u) that is constant, and the
// gradient's square, or for kPortable the inverse of that.
enum DataPlane { kGradX, kGradY, kRhoConstant, kGradSquare, kDataPlanes };
constexpr DataPlane kGradSquareInverse = kGradSquare;
// What is warped: the second image and its gradient, with a border of kWarpBorder pixels.
enum WarpPlane { kImage, kImageX, kImageY, kWarpPlanes };
constexpr int kWarpBorder = 4;
constexpr int kMaxSweeps = 16;

// Of flow.variant=portable (README.md): the flow's changes in squared pixels count in steps of
// 2^-20, up to 4 a pixel.
constexpr float kChangeSteps = 0x1p20f, kLargestChange = 4;

struct SweepConstants {
  float l_t;   // lambda * theta
  float taut;  // tau / theta
  float theta;
};

// The solver's inner loops, compiled for one instruction set. With FMA contraction off and a fixed
// order of operations they all give the same bits.
struct Tvl1Kernels {
  const char* name;

  // `sweeps` iterations (1 to kMaxSweeps) from `from` to `to`, which differ; `from` stays as it is.
  // changes[k] is the sum of squared changes of the flow by iteration k, to about 2^-20.
  void (*sweep_opencv_cpu)(const Planes& from, const Planes& to, const Planes& data,
                           const SweepConstants& constants, int sweeps, double* changes);
  // The same by the definition of kPortable, in place; returns the last iteration's change.
  std::int64_t (*sweep_portable)(const Planes& state, const Planes& data,
                                 const SweepConstants& constants, int sweeps);

  // Fills `data` from the second image moved by the flow in `state`, and the first image, which is
  // the plane kImage of `first`.
  using Warp = void(const Planes& first, const Planes& second, const Planes& state,
                    const Planes& data);
  Warp* warp_opencv_cpu;  // cv::remap's: bicubic (a = -0.75) at 1/32 pixel; `second` ends in zeros
  Warp* warp_portable;    // bicubic (a = -0.5); the border of `second` repeats its edge

  // The 3x3 or 5x5 median of u1 and u2, borders repeated. `scratch` has kMedianScratch planes of
  // the same width with a border of 2, and one row.
  using Median = void(const Planes& state, const Planes& scratch);
  Median *median3, *median5;
};
constexpr int kMedianScratch = 8;

// Those that this CPU runs, fastest first; the last one's are plain, without vectors.
const std::vector<Tvl1Kernels>& tvl1_kernels();

// The names of all that are compiled in, those too that this CPU cannot run.
std::vector<std::string> compiled_tvl1_kernels();

}  // namespace co2net
