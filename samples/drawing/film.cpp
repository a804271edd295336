#include "samples/drawing/film.h"

#include <cstddef>
#include <functional>
#include <string_view>

#include "extractors/video/video_writer.h"
#include "pipeline/base/digest.h"
#include "pipeline/base/files.h"

namespace co2net {
namespace {

std::string for_each_frame(const Scene& scene, const Script& script,
                           const std::function<void(const Picture&)>& take) {
  std::string hashes;
  for (int frame = 0; frame < script.spells.back().frames.end; ++frame) {
    const Picture picture = draw_frame(scene, script, frame);
    hashes += sha256(std::string_view(reinterpret_cast<const char*>(picture.data),
                                      picture.total() * picture.elemSize()));
    take(picture);
  }
  return sha256(hashes);
}

}  // namespace

std::string write_film(const std::filesystem::path& path, const Scene& scene,
                       const Script& script) {
  VideoWriterOptions options;
  options.width = kWidth;
  options.height = kHeight;
  options.fps = std::to_string(kFps);
  options.encoder = "libx264";
  options.pixel_format = "yuv420p";
  options.encoder_options = {{"crf", std::to_string(scene.crf)}, {"preset", "superfast"}};
  std::string hash;
  write_file_with(path, [&](const std::filesystem::path& temporary) {
    VideoWriter writer(temporary, options);
    hash = for_each_frame(scene, script, [&](const Picture& picture) {
      writer.write(picture.data, static_cast<std::ptrdiff_t>(picture.step[0]));
    });
    writer.finish();
  });
  return hash;
}

std::string hash_film(const Scene& scene, const Script& script) {
  return for_each_frame(scene, script, [](const Picture&) {});
}

}  // namespace co2net
