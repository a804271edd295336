// The definition of `portable` (README.md) on a device, in words that OpenCL C 1.2 and CUDA (NVRTC)
// both take. Only additions, products, correctly rounded reciprocals and roots, conversions and
// integers; the compiler is told to contract nothing.
//
// Many pairs are in flight, each in a slot of every array and with a state of its own: a launch
// does for every pair what is next for that pair, and nothing where that is another kernel's.
//
// The host gives TILE, ROWS, FUSED (tvl1_gpu.cpp) and, where a device needs it, EMULATED_ROUNDING.

#ifdef __OPENCL_VERSION__
#pragma OPENCL FP_CONTRACT OFF
#define LONG long
#define KERNEL __kernel
#define GLOBAL __global
#define LOCAL __local
#define FUNCTION static inline
#define OF_GROUPS(x, y) __attribute__((reqd_work_group_size(x, y, 1)))
#define BARRIER() barrier(CLK_LOCAL_MEM_FENCE)
#define GROUP(axis) ((int)get_group_id(axis))
#define ITEM(axis) ((int)get_local_id(axis))
#define MIN(a, b) fmin(a, b)
#define MAX(a, b) fmax(a, b)
#define ADD(to, value) atomic_add(to, value)
#define FMA(a, b, c) fma(a, b, c)
#define AS_INT(x) as_int(x)
#define AS_FLOAT(x) as_float(x)
#define RECIPROCAL(x) (1.f / (x))
#define ROOT(x) sqrt(x)
#else
#define LONG long long
#define KERNEL extern "C" __global__
#define GLOBAL
#define LOCAL __shared__
#define FUNCTION static __device__ __forceinline__
#define OF_GROUPS(x, y) __launch_bounds__((x) * (y))
#define BARRIER() __syncthreads()
#define AXIS(of, axis) ((axis) == 0 ? (int)of.x : (axis) == 1 ? (int)of.y : (int)of.z)
#define GROUP(axis) AXIS(blockIdx, axis)
#define ITEM(axis) AXIS(threadIdx, axis)
#define MIN(a, b) fminf(a, b)
#define MAX(a, b) fmaxf(a, b)
#define ADD(to, value) atomicAdd(to, value)
#define RECIPROCAL(x) __frcp_rn(x)
#define ROOT(x) __fsqrt_rn(x)
typedef unsigned char uchar;
typedef unsigned int uint;
#endif

#ifdef EMULATED_ROUNDING
//#include exact_rounding.cl
#undef RECIPROCAL
#undef ROOT
#define RECIPROCAL(x) rounded_reciprocal(x, 1.f / (x))
#define ROOT(x) rounded_root(x, sqrt(x))
#endif

// What the host knows of a level of the pyramid, 0 being the finest.
typedef struct {
  LONG threshold;          // of a change, in steps of the sum
  int width, height;
  int start;               // its first pixel in a pyramid
  float shrink;            // its pixels in those of the finer level
  float x_scale, y_scale;  // its pixels in those of the coarser level
} Level;

// What is next for a pair.
#define TAKE_UP 1  // the coarser level's flow, and so begin the level
#define WARP 2
#define ITERATE 3
#define DONE 4

// How far a pair is. There are three a pair: launch n reads number n and writes number n + 1, where
// it also adds up the change that it looks at, and clears the sum of number n + 2. So a launch
// decides by the sum of the one before, without a word from the host.
typedef struct {
  LONG iteration, credit;
  uint low, high;  // the sum: its groups' lower 16 bits, and the rest in units of 2^16
  int phase, level, warp;
  int looked;   // whether the sum is one to decide by
  int current;  // which of the two states is the newer
  int is_new;   // whether its pyramids are to be made
  int serial;   // of the pair
} Progress;

// What the launch finds, with what the last one leaves to decide.
FUNCTION Progress progress_at(GLOBAL const Progress* of_pair, int launch,
                              GLOBAL const Level* levels, LONG iterations, int warps) {
  Progress p = of_pair[launch % 3];
  if (p.phase != ITERATE) return p;
  int rests = p.iteration >= iterations;
  if (p.looked) {
    p.credit = (LONG)p.high * 65536 + (LONG)p.low;
    if (p.credit <= levels[p.level].threshold) rests = 1;
    p.looked = 0;
  }
  if (!rests) return p;
  if (p.warp + 1 < warps) {
    p.phase = WARP;
    p.warp += 1;
  } else if (p.level > 0) {
    p.phase = TAKE_UP;
    p.level -= 1;
    p.warp = 0;
  } else {
    p.phase = DONE;
  }
  return p;
}

// By one item of each pair. The next number's sum is not touched: other groups add to it.
FUNCTION void hand_on(GLOBAL Progress* of_pair, int launch, Progress p) {
  GLOBAL Progress* next = of_pair + (launch + 1) % 3;
  next->iteration = p.iteration;
  next->credit = p.credit;
  next->phase = p.phase;
  next->level = p.level;
  next->warp = p.warp;
  next->looked = p.looked;
  next->current = p.current;
  next->is_new = p.is_new;
  next->serial = p.serial;
  of_pair[(launch + 2) % 3].low = 0;
  of_pair[(launch + 2) % 3].high = 0;
}

FUNCTION int clamped(int i, int size) { return min(max(i, 0), size - 1); }

#define COLUMN (GROUP(0) * TILE + ITEM(0))
#define ROW (GROUP(1) * ROWS + ITEM(1))

// 1. Pyramid, of pairs that are new. `images` is [slot][first, second][pyramid], `gradients`
// [slot][x, y][pyramid] of the second image.

// The third axis of groups: slot, then image.
KERNEL OF_GROUPS(TILE, ROWS) void load(GLOBAL const uchar* frames, GLOBAL float* images,
                                       GLOBAL const Progress* progress, int launch,
                                       GLOBAL const Level* levels, int pyramid) {
  const int x = COLUMN, y = ROW, image = GROUP(2);
  const int width = levels[0].width, height = levels[0].height;
  if (x >= width || y >= height || !progress[image / 2 * 3 + launch % 3].is_new) return;
  const int at = y * width + x;
  images[(LONG)image * pyramid + at] = (float)frames[(LONG)image * width * height + at];
}

// Of pixel (x, y) of a resized image; beyond an image its edge is seen.
FUNCTION float resampled(GLOBAL const float* from, int width, int height, int x, int y,
                         float x_scale, float y_scale) {
  const float px = (float)x * x_scale, py = (float)y * y_scale;
  const int left = min((int)px, width - 1), top = min((int)py, height - 1);
  const int right = min(left + 1, width - 1), bottom = min(top + 1, height - 1);
  const float wx = px - (float)left, wy = py - (float)top;
  const float vx = 1.f - wx, vy = 1.f - wy;
  const float upper = from[top * width + left] * vx + from[top * width + right] * wx;
  const float lower = from[bottom * width + left] * vx + from[bottom * width + right] * wx;
  return upper * vy + lower * wy;
}

// Makes a level of the one before.
KERNEL OF_GROUPS(TILE, ROWS) void shrink(GLOBAL float* images, GLOBAL const Progress* progress,
                                         int launch, GLOBAL const Level* levels, int level,
                                         int pyramid) {
  const int x = COLUMN, y = ROW, image = GROUP(2);
  const Level fine = levels[level - 1], coarse = levels[level];
  if (x >= coarse.width || y >= coarse.height) return;
  if (!progress[image / 2 * 3 + launch % 3].is_new) return;
  images += (LONG)image * pyramid;
  images[coarse.start + y * coarse.width + x] =
      resampled(images + fine.start, fine.width, fine.height, x, y, coarse.shrink, coarse.shrink);
}

KERNEL OF_GROUPS(TILE, ROWS) void gradient(GLOBAL const float* images, GLOBAL float* gradients,
                                           GLOBAL const Progress* progress, int launch,
                                           GLOBAL const Level* levels, int count, int pyramid) {
  const int x = COLUMN, y = ROW, pair = GROUP(2);
  if (!progress[pair * 3 + launch % 3].is_new) return;
  for (int i = 0; i < count; ++i) {
    const int width = levels[i].width, height = levels[i].height;
    if (x >= width || y >= height) return;
    GLOBAL const float* image = images + (2 * (LONG)pair + 1) * pyramid + levels[i].start;
    GLOBAL float* to = gradients + 2 * (LONG)pair * pyramid + levels[i].start + y * width + x;
    GLOBAL const float* row = image + y * width;
    to[0] = 0.5f * (row[min(x + 1, width - 1)] - row[max(x - 1, 0)]);
    to[pyramid] =
        0.5f * (image[min(y + 1, height - 1) * width + x] - image[max(y - 1, 0) * width + x]);
  }
}

// 2. From level to level. A state is [slot][u1, u2, p11, p12, p21, p22][pixel].

KERNEL OF_GROUPS(TILE, ROWS) void take_up(GLOBAL float* state0, GLOBAL float* state1,
                                          GLOBAL Progress* progress, int launch,
                                          GLOBAL const Level* levels, int count, LONG iterations,
                                          int warps, float factor) {
  const int x = COLUMN, y = ROW, pair = GROUP(2);
  progress += 3 * pair;
  const Progress p = progress_at(progress, launch, levels, iterations, warps);
  if (x == 0 && y == 0) {
    Progress next = p;
    if (p.phase == TAKE_UP) {
      next.phase = WARP;
      next.current = !p.current;
      next.is_new = 0;
    }
    hand_on(progress, launch, next);
  }
  const Level level = levels[p.level];
  if (p.phase != TAKE_UP || x >= level.width || y >= level.height) return;
  const int area = levels[0].width * levels[0].height;
  GLOBAL const float* from = (p.current ? state1 : state0) + 6 * (LONG)pair * area;
  GLOBAL float* to = (p.current ? state0 : state1) + 6 * (LONG)pair * area + y * level.width + x;
  for (int plane = 0; plane < 6; ++plane) {
    float value = 0.f;
    if (plane < 2 && p.level + 1 < count) {
      const Level coarse = levels[p.level + 1];
      value = resampled(from + plane * (LONG)area, coarse.width, coarse.height, x, y, level.x_scale,
                        level.y_scale) *
              factor;
    }
    to[plane * (LONG)area] = value;
  }
}

// 3. Warp. `data` is [slot][gx, gy, rho_c, inv][pixel].

FUNCTION float near_weight(float x) { return (x * x) * (1.5f * x - 2.5f) + 1.f; }
FUNCTION float far_weight(float x) { return x * (x * (-0.5f * x + 2.5f) - 4.f) + 2.f; }

// Returns the first of the four pixels that are seen at a position.
FUNCTION int weigh(float position, int size, float* weights) {
  const float seen = MIN(MAX(position, -3.f), (float)size + 1.f);
  const float whole = floor(seen), t = seen - whole;
  weights[0] = far_weight(1.f + t);
  weights[1] = near_weight(t);
  weights[2] = near_weight(1.f - t);
  weights[3] = far_weight(2.f - t);
  return (int)whole - 1;
}

KERNEL OF_GROUPS(TILE, ROWS) void warp(GLOBAL const float* images, GLOBAL const float* gradients,
                                       GLOBAL const float* state0, GLOBAL const float* state1,
                                       GLOBAL float* data, GLOBAL Progress* progress, int launch,
                                       GLOBAL const Level* levels, LONG iterations, int warps,
                                       int pyramid) {
  const int x = COLUMN, y = ROW, pair = GROUP(2);
  progress += 3 * pair;
  const Progress p = progress_at(progress, launch, levels, iterations, warps);
  if (x == 0 && y == 0) {
    Progress next = p;
    if (p.phase == WARP) {
      next.phase = ITERATE;
      next.iteration = 0;
      next.credit = 0;
    }
    hand_on(progress, launch, next);
  }
  const int width = levels[p.level].width, height = levels[p.level].height;
  if (p.phase != WARP || x >= width || y >= height) return;
  const int area = levels[0].width * levels[0].height, at = y * width + x;
  GLOBAL const float* state = (p.current ? state1 : state0) + 6 * (LONG)pair * area + at;
  GLOBAL const float* first = images + 2 * (LONG)pair * pyramid + levels[p.level].start;
  GLOBAL const float* second = first + pyramid;
  GLOBAL const float* second_x = gradients + 2 * (LONG)pair * pyramid + levels[p.level].start;
  GLOBAL const float* second_y = second_x + pyramid;
  const float u1 = state[0], u2 = state[area];
  float across[4], down[4];
  const int left = weigh((float)x + u1, width, across);
  const int top = weigh((float)y + u2, height, down);
  float sum = 0.f, sum_x = 0.f, sum_y = 0.f, weights = 0.f;
  for (int j = 0; j < 4; ++j) {
    const int row = clamped(top + j, height) * width;
    float part = 0.f, part_x = 0.f, part_y = 0.f;
    for (int i = 0; i < 4; ++i) {
      const int pixel = row + clamped(left + i, width);
      const float weight = down[j] * across[i];
      weights = weights + weight;
      part = part + second[pixel] * weight;
      part_x = part_x + second_x[pixel] * weight;
      part_y = part_y + second_y[pixel] * weight;
    }
    sum = sum + part;
    sum_x = sum_x + part_x;
    sum_y = sum_y + part_y;
  }
  const float scale = RECIPROCAL(weights);
  const float gx = sum_x * scale, gy = sum_y * scale;
  data += 4 * (LONG)pair * area + at;
  data[0] = gx;
  data[area] = gy;
  data[2 * (LONG)area] = ((sum * scale - gx * u1) - gy * u2) - first[at];
  data[3 * (LONG)area] = RECIPROCAL(MAX(gx * gx + gy * gy, 0x1p-23f));
}

// 4. Iterations: up to FUSED on a tile in local memory, whose margin of FUSED pixels is computed in
// vain, since each iteration needs a pixel more around. The last one's change may be looked at.

#define INNER (TILE - 2 * FUSED)
#define RUNS (TILE / ROWS)  // rows of the tile that an item has, ROWS apart

FUNCTION float moved(float u, float gradient, float factor, float divergence, float theta) {
  return (((u - factor * gradient) + theta * divergence) + 12.f) - 12.f;
}

FUNCTION float dual_scale(float ux, float uy, float taut) {
  return RECIPROCAL(1.f + taut * ROOT(ux * ux + uy * uy));
}

KERNEL OF_GROUPS(TILE, ROWS) void iterate(GLOBAL float* state0, GLOBAL float* state1,
                                          GLOBAL const float* data, GLOBAL Progress* progress,
                                          int launch, GLOBAL const Level* levels, LONG iterations,
                                          int warps, float l_t, float taut, float theta) {
  LOCAL float u1[TILE * TILE], u2[TILE * TILE];
  LOCAL float p11[TILE * TILE], p12[TILE * TILE], p21[TILE * TILE], p22[TILE * TILE];
  LOCAL uint group_change;
  const int lx = ITEM(0), ly = ITEM(1), pair = GROUP(2);
  const bool is_first_item = lx == 0 && ly == 0;
  progress += 3 * pair;
  const Progress p = progress_at(progress, launch, levels, iterations, warps);
  const Level level = levels[p.level];
  const int width = level.width, height = level.height;

  LONG credit = p.credit;
  int sweeps = 0, looks = 0;
  while (p.phase == ITERATE && !looks && sweeps < FUSED && p.iteration + sweeps < iterations) {
    looks = ((p.iteration + sweeps) & 1) && credit < level.threshold;
    if (!looks) credit -= level.threshold;
    ++sweeps;
  }
  if (is_first_item && GROUP(0) == 0 && GROUP(1) == 0) {
    Progress next = p;
    next.iteration += sweeps;
    next.credit = credit;
    next.looked = looks;
    if (p.phase == ITERATE) next.current = !p.current;
    hand_on(progress, launch, next);
  }
  if (p.phase != ITERATE || GROUP(0) * INNER >= width || GROUP(1) * INNER >= height) return;

  const int area = levels[0].width * levels[0].height;
  GLOBAL const float* from = (p.current ? state1 : state0) + 6 * (LONG)pair * area;
  GLOBAL float* to = (p.current ? state0 : state1) + 6 * (LONG)pair * area;
  data += 4 * (LONG)pair * area;
  const int x = GROUP(0) * INNER - FUSED + lx, y_of_tile = GROUP(1) * INNER - FUSED;
  float gx[RUNS], gy[RUNS], rho_c[RUNS], inverse[RUNS];
  uint change = 0;
  if (is_first_item) group_change = 0;
  for (int run = 0; run < RUNS; ++run) {
    const int ty = ly + run * ROWS, y = y_of_tile + ty, at = y * width + x, l = ty * TILE + lx;
    const bool is_inside = x >= 0 && x < width && y >= 0 && y < height;
    u1[l] = is_inside ? from[at] : 0.f;
    u2[l] = is_inside ? from[area + at] : 0.f;
    p11[l] = is_inside ? from[2 * (LONG)area + at] : 0.f;
    p12[l] = is_inside ? from[3 * (LONG)area + at] : 0.f;
    p21[l] = is_inside ? from[4 * (LONG)area + at] : 0.f;
    p22[l] = is_inside ? from[5 * (LONG)area + at] : 0.f;
    gx[run] = is_inside ? data[at] : 0.f;
    gy[run] = is_inside ? data[area + at] : 0.f;
    rho_c[run] = is_inside ? data[2 * (LONG)area + at] : 0.f;
    inverse[run] = is_inside ? data[3 * (LONG)area + at] : 0.f;
  }
  for (int sweep = 0; sweep < sweeps; ++sweep) {
    BARRIER();
    for (int run = 0; run < RUNS; ++run) {
      const int ty = ly + run * ROWS, y = y_of_tile + ty, l = ty * TILE + lx;
      const int west = l - (lx > 0 ? 1 : 0), north = l - (ty > 0 ? TILE : 0);
      const float p11_left = x > 0 ? p11[west] : 0.f, p12_above = y > 0 ? p12[north] : 0.f;
      const float p21_left = x > 0 ? p21[west] : 0.f, p22_above = y > 0 ? p22[north] : 0.f;
      const float old1 = u1[l], old2 = u2[l];
      const float rho = gy[run] * old2 + (gx[run] * old1 + rho_c[run]);
      const float factor = MIN(MAX(rho * inverse[run], -l_t), l_t);
      const float div1 = (p11[l] - p11_left) + (p12[l] - p12_above);
      const float div2 = (p21[l] - p21_left) + (p22[l] - p22_above);
      const float new1 = moved(old1, gx[run], factor, div1, theta);
      const float new2 = moved(old2, gy[run], factor, div2, theta);
      u1[l] = new1;
      u2[l] = new2;
      const bool is_mine = lx >= FUSED && lx < TILE - FUSED && ty >= FUSED && ty < TILE - FUSED;
      if (looks && sweep + 1 == sweeps && is_mine && x < width && y < height) {
        const float d1 = new1 - old1, d2 = new2 - old2;
        const float squared = d1 * d1 + d2 * d2;
        change += (uint)(MIN(squared, 4.f) * 0x1p20f);
      }
    }
    BARRIER();
    for (int run = 0; run < RUNS; ++run) {
      const int ty = ly + run * ROWS, y = y_of_tile + ty, l = ty * TILE + lx;
      const int east = l + (lx < TILE - 1 ? 1 : 0), south = l + (ty < TILE - 1 ? TILE : 0);
      const float u1x = x < width - 1 ? u1[east] - u1[l] : 0.f;
      const float u1y = y < height - 1 ? u1[south] - u1[l] : 0.f;
      const float u2x = x < width - 1 ? u2[east] - u2[l] : 0.f;
      const float u2y = y < height - 1 ? u2[south] - u2[l] : 0.f;
      const float scale1 = dual_scale(u1x, u1y, taut), scale2 = dual_scale(u2x, u2y, taut);
      p11[l] = (p11[l] + taut * u1x) * scale1;
      p12[l] = (p12[l] + taut * u1y) * scale1;
      p21[l] = (p21[l] + taut * u2x) * scale2;
      p22[l] = (p22[l] + taut * u2y) * scale2;
    }
  }
  if (looks) ADD(&group_change, change);
  BARRIER();
  for (int run = 0; run < RUNS; ++run) {
    const int ty = ly + run * ROWS, y = y_of_tile + ty, at = y * width + x, l = ty * TILE + lx;
    const bool is_mine = lx >= FUSED && lx < TILE - FUSED && ty >= FUSED && ty < TILE - FUSED;
    if (!is_mine || x >= width || y >= height) continue;
    to[at] = u1[l];
    to[area + at] = u2[l];
    to[2 * (LONG)area + at] = p11[l];
    to[3 * (LONG)area + at] = p12[l];
    to[4 * (LONG)area + at] = p21[l];
    to[5 * (LONG)area + at] = p22[l];
  }
  if (looks && is_first_item) {
    GLOBAL Progress* next = progress + (launch + 1) % 3;
    ADD(&next->low, group_change & 0xffffu);
    ADD(&next->high, group_change >> 16);
  }
}

// 5. Bytes of a pair that is done: how many of the 255 steps, which ascend, are not above a value.

FUNCTION uchar quantised(float value, GLOBAL const float* steps) {
  int byte = 0;
  for (int span = 128; span > 0; span /= 2) {
    if (value >= steps[byte + span - 1]) byte += span;
  }
  return (uchar)byte;
}

// `bytes` is [slot][pixel][u, v].
KERNEL OF_GROUPS(TILE, ROWS) void quantise(GLOBAL const float* state, GLOBAL uchar* bytes,
                                           GLOBAL const Level* levels, GLOBAL const float* steps,
                                           int pair) {
  const int x = COLUMN, y = ROW, width = levels[0].width, height = levels[0].height;
  if (x >= width || y >= height) return;
  const LONG area = (LONG)width * height, at = (LONG)y * width + x;
  state += 6 * pair * area + at;
  bytes += 2 * (pair * area + at);
  bytes[0] = quantised(state[0], steps);
  bytes[1] = quantised(state[area], steps);
}
