#pragma once

#include <gtest/gtest.h>

extern "C" {
#include <libavutil/frame.h>
}

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "extractors/video/video_reader.h"
#include "extractors/video/video_writer.h"
#include "tests/support.h"

// Videos whose every frame tells its number, and whose sound tells its time. Included by sources.
namespace co2net::test {

inline constexpr int kNumberBits = 8;
inline constexpr int kNumberedWidth = 160, kNumberedHeight = 120;

// The number as a Gray code, a column a bit, white for 1. A key frame every 10 frames, B-frames
// between.
inline void draw_numbered(const std::filesystem::path& path, int frames, const std::string& fps,
                          int width = kNumberedWidth, int height = kNumberedHeight) {
  VideoWriter writer(path, {.width = width,
                            .height = height,
                            .fps = fps,
                            .encoder = "libx264",
                            .pixel_format = width % 2 + height % 2 > 0 ? "yuv444p" : "yuv420p",
                            .encoder_options = {{"crf", "10"}, {"g", "10"}, {"bf", "2"}}});
  std::vector<std::uint8_t> pixels(std::size_t{3} * width * height);
  for (int i = 0; i < frames; ++i) {
    const unsigned code = static_cast<unsigned>(i) ^ (static_cast<unsigned>(i) >> 1);
    for (std::size_t at = 0; at < pixels.size(); ++at) {
      const int column = static_cast<int>(at / 3) % width * kNumberBits / width;
      pixels[at] = (code >> column & 1) != 0 ? 230 : 20;
    }
    writer.write(pixels.data(), std::ptrdiff_t{3} * width);
  }
  writer.finish();
}

struct NumberedFrame {
  int number = 0;
  double time_s = 0;  // from the container's start on
};

inline int number_of(const AVFrame& gray, int picture_height) {
  unsigned code = 0;
  for (int bit = 0; bit < kNumberBits; ++bit) {
    const int x = (2 * bit + 1) * gray.width / (2 * kNumberBits);
    const std::uint8_t* row =
        gray.data[0] + std::ptrdiff_t{gray.linesize[0]} * (picture_height / 2);
    if (row[x] > 125) code |= 1u << bit;
  }
  unsigned number = code;
  for (unsigned shift = 1; shift < kNumberBits; ++shift) number ^= code >> shift;
  return static_cast<int>(number);
}

// Every frame of a video, the rows below `picture_height` left out.
inline std::vector<NumberedFrame> numbered_frames(const std::filesystem::path& path,
                                                  int picture_height = kNumberedHeight) {
  VideoReader reader(path, {.fps = "", .format = PixelFormat::kGray8});
  const std::string& base = reader.source().time_base;
  const double tick_s = std::stod(base) / std::stod(base.substr(base.find('/') + 1));
  std::vector<NumberedFrame> frames;
  while (const AVFrame* frame = reader.next()) {
    frames.push_back({number_of(*frame, picture_height), static_cast<double>(frame->pts) * tick_s});
  }
  return frames;
}

inline std::vector<int> numbers_of(const std::vector<NumberedFrame>& frames) {
  std::vector<int> numbers;
  for (const NumberedFrame& frame : frames) numbers.push_back(frame.number);
  return numbers;
}

inline std::vector<int> numbers_from(int first, int end) {
  std::vector<int> numbers;
  for (int i = first; i < end; ++i) numbers.push_back(i);
  return numbers;
}

// A tone that is there in the second half of every second.
inline std::string tone(double seconds) {
  return "-f lavfi -i \"aevalsrc='0.8*sin(2000*PI*t)*gte(mod(t\\,1)\\,0.5)':s=48000:d=" +
         std::to_string(seconds) + "\" ";
}
inline bool sounds_at(double time_s) { return time_s >= 0 && time_s - std::floor(time_s) >= 0.5; }

inline constexpr int kSoundRate = 8000;
inline std::vector<std::int16_t> sound_of(const std::filesystem::path& path, int track = 0) {
  const std::filesystem::path raw = path.string() + ".raw";
  run_shell("ffmpeg -nostdin -v error -y -i " + shell_quoted(path) + " -map 0:a:" +
            std::to_string(track) + " -af aresample=async=1:first_pts=0 -f s16le -ac 1 -ar " +
            std::to_string(kSoundRate) + " " + shell_quoted(raw));
  std::ifstream file(raw, std::ios::binary);
  std::vector<std::int16_t> samples;
  for (std::int16_t sample; file.read(reinterpret_cast<char*>(&sample), sizeof sample);) {
    samples.push_back(sample);
  }
  return samples;
}

// Expects the tone of moments [from_s, until_s) where a file begins with the source's `zero_s`; 20
// ms around a change are anybody's.
inline void expect_tone(const std::filesystem::path& path, double zero_s, double from_s,
                        double until_s, int track = 0) {
  const std::vector<std::int16_t> samples = sound_of(path, track);
  const auto at = [&](double time_s) {
    return static_cast<std::size_t>(std::lround((time_s - zero_s) * kSoundRate));
  };
  ASSERT_GE(samples.size(), at(until_s) - kSoundRate / 100) << path;
  constexpr double kStep_s = 0.01, kSlack_s = 0.02;
  for (double time_s = from_s + kSlack_s; time_s < until_s - kSlack_s; time_s += kStep_s) {
    if (sounds_at(time_s - kSlack_s) != sounds_at(time_s + kSlack_s)) continue;
    int loudest = 0;
    for (int i = 0; i < kSoundRate / 200; ++i) {  // 5 ms, five waves
      loudest = std::max(loudest, std::abs(int{samples.at(at(time_s) + i)}));
    }
    ASSERT_EQ(loudest > 10000, sounds_at(time_s)) << path << " at " << time_s << " s";
  }
}

}  // namespace co2net::test
