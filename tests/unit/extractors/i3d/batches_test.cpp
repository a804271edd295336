// Several clips at once, as a GPU takes them, in libtorch on the CPU.

#include <c10/util/Exception.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "extractors/i3d/i3d.h"
#include "extractors/i3d/i3d_network.h"
#include "pipeline/base/files.h"
#include "pipeline/devices/gpu_memory.h"
#include "tests/support.h"
#include "tests/unit/expect_error.h"
#include "tests/unit/extractors/i3d/scripted.h"

namespace co2net {
namespace {

constexpr int kSide = 32;

Array clips(std::int64_t count) { return test::hashfill("clips", {count, 2, 16, kSide, kSide}, 1); }

Array row_of(const Array& rows, std::int64_t row) {
  return {{1, rows.dim(1)}, {rows.row(row), rows.row(row) + rows.dim(1)}};
}

class Batches : public testing::Test {
 protected:
  I3d load(int clips_at_once) const {
    return {path_,
            {.channels = 2, .feature_size = size_, .side = kSide, .clips_at_once = clips_at_once}};
  }
  // Of two features a clip.
  I3d scripted(const std::string& lines, int clips_at_once) {
    test::module_of(lines, {}).save(path_.string());
    size_ = 2;
    return load(clips_at_once);
  }

  TempDir dir_;
  std::filesystem::path path_ = dir_.path() / "i3d.pt";
  int size_ = 64;
};

TEST_F(Batches, GiveAClipTheSameBytesWhateverItsNeighbours) {
  save_i3d(path_, {.channels = 2, .width = 1.0 / 16}, he_uniform(1));
  const I3d four = load(4);
  EXPECT_FALSE(four.is_compiled());
  const Array all = four.features(clips(7));
  Array swapped = clips(7);
  std::swap_ranges(swapped.row(1), swapped.row(2), swapped.row(6));
  const Array among_others = four.features(swapped);
  for (const std::int64_t row : {0, 2, 3, 4, 5}) {
    EXPECT_EQ(row_of(among_others, row), row_of(all, row)) << row;
  }
  EXPECT_EQ(row_of(among_others, 6), row_of(all, 1));
  EXPECT_EQ(four.features(clips(1)), row_of(all, 0)) << "filled up with zeros";
  EXPECT_LT(largest_distance(all, load(1).features(clips(7))), 1e-5);
}

TEST_F(Batches, AreAlwaysOfTheSameSize) {
  const I3d i3d = scripted("return torch.zeros([x.size(0), 2]) + x.size(0)", 4);
  for (const std::int64_t count : {1, 3, 4, 5}) {
    EXPECT_EQ(i3d.features(clips(count)).values,
              std::vector<float>(static_cast<std::size_t>(2 * count), 4))
        << count;
  }
}

TEST_F(Batches, AreTakenAsTheyComeByANetworkThatLooksAtStrides) {
  const std::string lines = "return x.view([x.size(0), 2, -1]).mean([2])";
  const Array wanted = scripted(lines, 1).features(clips(5));
  EXPECT_LT(largest_distance(scripted(lines, 4).features(clips(5)), wanted), 1e-5);
}

constexpr const char* kShort = "assert x.size(0) <= %, \"CUDA out of memory. Tried to allocate\"\n";

std::string of_at_most(const std::string& clips) {
  std::string lines = kShort;
  lines.replace(lines.find('%'), 1, clips);
  return lines + "return x.mean([2, 3, 4])";
}

TEST_F(Batches, ThatDoNotFitAreToBeTriedAgainSmaller) {
  test::expect_error(ErrorKind::kRetry, {path_.string(), "no place for 4 clips at once"},
                     [&] { scripted(of_at_most("2"), 4); });
  EXPECT_EQ(scripted(of_at_most("2"), 2).features(clips(3)).dim(0), 3);
}

TEST_F(Batches, ThatStopFittingAreToBeTriedAgainSmallerToo) {
  const std::string unless_zeros = "if float(x.abs().sum()) > 0:\n    ";
  const I3d i3d = scripted(unless_zeros + of_at_most("2"), 4);
  test::expect_error(ErrorKind::kRetry, {path_.string(), "no place for 4 clips at once"},
                     [&] { i3d.features(clips(4)); });
}

TEST_F(Batches, OfOneClipThatDoNotFitAreAnErrorWithTheRemedy) {
  test::expect_error(ErrorKind::kInternal, {"no place for a single clip", "--device cpu"},
                     [&] { scripted(of_at_most("0"), 1); });
}

TEST(GpuMemory, IsShortByTheTypeOrTheWordsOfWhatIsThrown) {
  EXPECT_TRUE(is_short_of_gpu_memory(c10::OutOfMemoryError({"f", "file", 1}, "full")));
  for (const char* words : {"RuntimeError: CUDA out of memory. Tried to allocate 2 GiB",
                            "cuDNN error: CUDNN_STATUS_ALLOC_FAILED",
                            "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling x"}) {
    EXPECT_TRUE(is_short_of_gpu_memory(std::runtime_error(words))) << words;
  }
  EXPECT_FALSE(is_short_of_gpu_memory(std::runtime_error("size mismatch")));
  EXPECT_EQ(take_peak_gpu_memory({}), 0);
}

TEST(LargestDistance, IsAShareOfTheLargest) {
  EXPECT_DOUBLE_EQ(largest_distance(Array({3}, {1, -4, 2.5}), Array({3}, {1, -4, 2})), 0.125);
  EXPECT_EQ(largest_distance(Array({1}, {0}), Array({1}, {0})), 0);
}

}  // namespace
}  // namespace co2net
