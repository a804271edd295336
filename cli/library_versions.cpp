#include "cli/library_versions.h"

#include <cairo.h>
#include <fontconfig/fontconfig.h>
#include <hwy/highway.h>
#include <librsvg/rsvg.h>
#include <oneapi/dnnl/dnnl.h>
#include <oneapi/tbb/version.h>
#include <openssl/crypto.h>
#include <simdjson.h>
#include <spdlog/version.h>
#include <xxhash.h>
#include <zip.h>
#include <zlib.h>
#include <pugixml.hpp>

#include <boost/version.hpp>
#include <nlohmann/json.hpp>
#include <opencv2/core/utility.hpp>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavfilter/avfilter.h>
#include <libavformat/avformat.h>
#include <libavutil/avutil.h>
#include <libswscale/swscale.h>
}

#include "pipeline/devices/torch_version.h"

namespace co2net {
namespace {

std::string dotted(int major, int minor, int patch) {
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
}

std::string av(unsigned number) {
  return dotted(static_cast<int>(AV_VERSION_MAJOR(number)),
                static_cast<int>(AV_VERSION_MINOR(number)),
                static_cast<int>(AV_VERSION_MICRO(number)));
}

std::string ffmpeg() {
  return std::string("FFmpeg ") + av_version_info() + " (libavcodec " + av(avcodec_version()) +
         ", libavformat " + av(avformat_version()) + ", libavfilter " + av(avfilter_version()) +
         ", libavutil " + av(avutil_version()) + ", libswscale " + av(swscale_version()) + ")";
}

std::string opencv() {
#ifdef CO2NET_HAVE_CUDAOPTFLOW
  return "OpenCV " + cv::getVersionString() + " with optical flow by CUDA";
#else
  return "OpenCV " + cv::getVersionString() + " without optical flow by CUDA";
#endif
}

std::string onednn() {
  const dnnl_version_t& version = *dnnl_version();
  return "oneDNN " + dotted(version.major, version.minor, version.patch);
}

std::string xxhash() {
  const int number = static_cast<int>(XXH_versionNumber());
  return "xxHash " + dotted(number / 10000, number / 100 % 100, number % 100);
}

std::string fontconfig() {
  const int number = FcGetVersion();
  return "fontconfig " + dotted(number / 10000, number / 100 % 100, number % 100);
}

constexpr const char* kDecoders[] = {"h264", "hevc",  "vp8",        "vp9",
                                     "av1",  "mpeg4", "mpeg2video", "ffv1"};
constexpr const char* kEncoders[] = {"libx264", "ffv1"};

// Of AV1, libavcodec's own decoder needs hardware; those of libraries do not.
bool can_decode(const std::string& name) {
  if (name != "av1") return avcodec_find_decoder_by_name(name.c_str()) != nullptr;
  return avcodec_find_decoder_by_name("libdav1d") != nullptr ||
         avcodec_find_decoder_by_name("libaom-av1") != nullptr;
}

}  // namespace

Codecs ffmpeg_codecs() {
  Codecs codecs;
  for (const std::string name : kDecoders) {
    (can_decode(name) ? codecs.decoders : codecs.missing_decoders).push_back(name);
  }
  for (const std::string name : kEncoders) {
    const bool is_there = avcodec_find_encoder_by_name(name.c_str()) != nullptr;
    (is_there ? codecs.encoders : codecs.missing_encoders).push_back(name);
  }
  return codecs;
}

std::string library_versions() {
  const std::string lines[] = {
      torch_version(),
      ffmpeg(),
      opencv(),
      onednn(),
      std::string("oneTBB ") + TBB_runtime_version(),
      "Highway " + dotted(HWY_MAJOR, HWY_MINOR, HWY_PATCH),
      "Boost " + dotted(BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100),
      "nlohmann_json " + dotted(NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR,
                                NLOHMANN_JSON_VERSION_PATCH),
      "simdjson " + dotted(simdjson::SIMDJSON_VERSION_MAJOR, simdjson::SIMDJSON_VERSION_MINOR,
                           simdjson::SIMDJSON_VERSION_REVISION),
      "spdlog " + dotted(SPDLOG_VER_MAJOR, SPDLOG_VER_MINOR, SPDLOG_VER_PATCH),
      "pugixml " + dotted(PUGIXML_VERSION / 1000, PUGIXML_VERSION / 10 % 100, PUGIXML_VERSION % 10),
      std::string("Cairo ") + cairo_version_string(),
      std::string("librsvg ") + LIBRSVG_VERSION,
      fontconfig(),
      OpenSSL_version(OPENSSL_VERSION),
      std::string("libzip ") + zip_libzip_version(),
      std::string("zlib ") + zlibVersion(),
      xxhash()};
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

}  // namespace co2net
