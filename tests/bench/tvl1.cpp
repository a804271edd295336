// Compares our TV-L1 solver with OpenCV's on consecutive frames of a video, spread over it: each
// pair by OpenCV, then by ours in every way, in one process. Prints seconds a pair and how many
// times faster than OpenCV ours is, with medians; first on one thread, then with a pair on each.
//   co2net_bench_tvl1 VIDEO [PAIRS]

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <opencv2/core.hpp>
#include <string>
#include <thread>
#include <vector>

#include "extractors/flow/tvl1_cpu.h"
#include "extractors/video/frame.h"
#include "extractors/video/video_reader.h"
#include "pipeline/base/statistics.h"
#include "tests/opencv_tvl1.h"
#include "tests/solved_flow.h"

namespace {

struct Pair {
  cv::Mat from, to;
};

struct Way {
  std::string name;
  std::function<cv::Mat(const Pair&)> solve;
  std::vector<double> ratios;
};

std::vector<Pair> pairs_of(const std::string& video, std::size_t count) {
  co2net::VideoReader reader(video,
                             {.fps = "25", .stream = -1, .format = co2net::PixelFormat::kBgr24});
  std::vector<cv::Mat> frames;
  while (const AVFrame* frame = reader.next()) {
    frames.push_back(co2net::scale_frame(*frame, co2net::Recipe::Resize())->gray);
  }
  std::vector<Pair> pairs;
  for (std::size_t i = 0; i < count && frames.size() > 1; ++i) {
    const std::size_t at = i * (frames.size() - 1) / count;
    pairs.push_back({frames[at], frames[at + 1]});
  }
  return pairs;
}

cv::Mat solve_with_opencv(const Pair& pair) {
  co2net::Recipe::Flow flow;
  flow.variant = co2net::FlowVariant::kOpencvCpu;
  cv::Mat result;
  co2net::test::make_opencv_tvl1(flow)->calc(pair.from, pair.to, result);
  return result;
}

std::vector<Way> ways() {
  std::vector<Way> all;
  for (const co2net::Tvl1Kernels& kernels : co2net::tvl1_kernels()) {
    for (const co2net::FlowVariant variant :
         {co2net::FlowVariant::kPortable, co2net::FlowVariant::kOpencvCpu}) {
      co2net::Recipe::Flow flow;
      flow.variant = variant;
      const auto solve = [=, &kernels](const Pair& pair) {
        return co2net::test::solved_flow(*co2net::make_tvl1_cpu(flow, kernels), pair.from, pair.to);
      };
      all.push_back({std::string(kernels.name) + " " + name_of(variant), solve, {}});
    }
  }
  return all;
}

// Seconds a pair with `threads` pairs at once.
double seconds(const std::function<cv::Mat(const Pair&)>& solve, const Pair& pair, int threads) {
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back([&] { solve(pair); });
  solve(pair);
  for (std::thread& other : others) other.join();
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  return elapsed.count() / threads;
}

// The mean absolute difference of a component.
double mean_distance(const cv::Mat& a, const cv::Mat& b) {
  const cv::Scalar mean = cv::mean(cv::abs(a - b));
  return (mean[0] + mean[1]) / 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s VIDEO [PAIRS]\n", argv[0]);
    return 2;
  }
  const std::vector<Pair> pairs = pairs_of(argv[1], argc > 2 ? std::stoul(argv[2]) : 10);
  if (pairs.empty()) {
    std::fprintf(stderr, "%s: has no two frames\n", argv[1]);
    return 1;
  }
  cv::setNumThreads(1);
  const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  for (const int threads : {1, cores}) {
    std::vector<Way> tried = ways();
    std::vector<double> opencv;
    for (const Pair& pair : pairs) {
      opencv.push_back(seconds(solve_with_opencv, pair, threads));
      std::printf("%d at once: OpenCV %.4f s;", threads, opencv.back());
      for (Way& way : tried) {
        const double ours = seconds(way.solve, pair, threads);
        way.ratios.push_back(opencv.back() / ours);
        std::printf(" %.4f", ours);
      }
      std::printf("\n");
      std::fflush(stdout);
    }
    std::printf("%d at once, medians: OpenCV %.4f s a pair\n", threads, co2net::median(opencv));
    for (const Way& way : tried)
      std::printf("  %-26s %5.2fx\n", way.name.c_str(), co2net::median(way.ratios));
  }
  std::printf("mean distance from OpenCV of a component, in pixels, for the first pair:\n");
  const cv::Mat reference = solve_with_opencv(pairs.front());
  for (const Way& way : ways()) {
    std::printf("  %-26s %.5f\n", way.name.c_str(),
                mean_distance(way.solve(pairs.front()), reference));
  }
}
