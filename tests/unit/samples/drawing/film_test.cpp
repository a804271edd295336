#include "samples/drawing/film.h"

#include <gtest/gtest.h>

#include <opencv2/core.hpp>
#include <vector>

#include "pipeline/base/files.h"

namespace co2net {
namespace {

struct Film {
  Scene scene;
  Script script;
};

Film some_film(std::uint64_t seed, int frames) {
  Dice dice(seed);
  std::vector<const Motion*> motions;
  for (const Motion& motion : benchmark_motions()) motions.push_back(&motion);
  Film film;
  film.script = plan_untrimmed(motions, *motions.front(), frames, dice);
  film.scene = some_scene(Scenery::kRoad, frames, dice);
  return film;
}

// The name benchmark/1 stands for these frames: whoever changes them makes another benchmark. They
// are the same on every instruction set and with every release of the libraries.
TEST(Film, HasTheFramesThatItHadWhenTheBenchmarkWasNamed) {
  const Film film = some_film(1, 200);
  EXPECT_EQ(hash_film(film.scene, film.script),
            "9c87211bc1bf95cca23e9ac3a9dac9726c177a5cfab617d76093f5c1f53d23ab");
}

TEST(Film, IsHashedAsItIsDrawnNotAsItIsEncoded) {
  const TempDir dir;
  Film film = some_film(2, 30);
  const std::string hash = hash_film(film.scene, film.script);
  film.scene.crf = 20;
  EXPECT_EQ(write_film(dir.path() / "a.mp4", film.scene, film.script), hash);
  film.scene.crf = 40;
  EXPECT_EQ(write_film(dir.path() / "b.mp4", film.scene, film.script), hash);
  EXPECT_GT(read_file(dir.path() / "a.mp4").size(), 2 * read_file(dir.path() / "b.mp4").size());
  film.scene.figure.x += 1;
  EXPECT_NE(hash_film(film.scene, film.script), hash);
}

TEST(Film, DiffersFromFrameToFrame) {
  const Film film = some_film(3, 150);
  const Picture before = draw_frame(film.scene, film.script, 0);
  EXPECT_EQ(before.size(), cv::Size(kWidth, kHeight));
  EXPECT_GT(cv::norm(before, draw_frame(film.scene, film.script, 100), cv::NORM_INF), 30);
}

// A picture of one colour stays one, wherever a camera looks.
TEST(Scenery, IsSeenWithoutSeams) {
  const Picture plain(kHeight + 2 * kMargin, kWidth + 2 * kMargin, Colour(7, 80, 201));
  for (const double zoom : {0.8, 1., 1.3}) {
    const Picture picture = seen(plain, {zoom, -300, 250});
    EXPECT_EQ(cv::norm(picture, Picture(kHeight, kWidth, Colour(7, 80, 201)), cv::NORM_INF), 0);
  }
}

TEST(Scenery, IsSeenWhereThingsAreDrawn) {
  Picture background(kHeight + 2 * kMargin, kWidth + 2 * kMargin, Colour(0, 0, 0));
  Brush(background, {1, kMargin, kMargin}).disc({100, 80}, 10, {255, 255, 255});
  const Camera camera{1.2, -7.3, 4.6};
  const Picture picture = seen(background, camera);
  Picture drawn(kHeight, kWidth, Colour(0, 0, 0));
  Brush(drawn, camera).disc({100, 80}, 10, {255, 255, 255});
  EXPECT_LT(cv::norm(picture, drawn, cv::NORM_L1), 0.1 * cv::norm(drawn, cv::NORM_L1));
}

}  // namespace
}  // namespace co2net
