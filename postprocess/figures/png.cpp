#include "postprocess/figures/png.h"

#include <cairo.h>
#include <fontconfig/fontconfig.h>
#include <librsvg/rsvg.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <pugixml.hpp>
#include <set>

#include "pipeline/base/error.h"
#include "pipeline/base/handle.h"

namespace co2net {
namespace {

using Handle = std::unique_ptr<RsvgHandle, FreeOf<g_object_unref>>;
using Surface = std::unique_ptr<cairo_surface_t, FreeOf<cairo_surface_destroy>>;
using Context = std::unique_ptr<cairo_t, FreeOf<cairo_destroy>>;
using Pattern = std::unique_ptr<FcPattern, FreeOf<FcPatternDestroy>>;
using FontSet = std::unique_ptr<FcFontSet, FreeOf<FcFontSetDestroy>>;
using CharSet = std::unique_ptr<FcCharSet, FreeOf<FcCharSetDestroy>>;

Error failure(const std::string& why) { return {ErrorKind::kInternal, "draw a picture: " + why}; }

void check(gboolean is_done, GError* error) {
  if (is_done) return;
  const std::unique_ptr<GError, FreeOf<g_error_free>> owned(error);
  throw failure(owned ? owned->message : "librsvg gives no reason");
}

void check(cairo_status_t status) {
  if (status != CAIRO_STATUS_SUCCESS) throw failure(cairo_status_to_string(status));
}

Handle loaded(const std::string& svg) {
  GError* error = nullptr;
  Handle handle(
      rsvg_handle_new_from_data(reinterpret_cast<const guint8*>(svg.data()), svg.size(), &error));
  check(handle != nullptr, error);
  return handle;
}

// Height / width.
double shape_of(RsvgHandle* handle) {
  gboolean has_width = FALSE, has_height = FALSE, has_box = FALSE;
  RsvgLength width, height;
  RsvgRectangle box = {};
  rsvg_handle_get_intrinsic_dimensions(handle, &has_width, &width, &has_height, &height, &has_box,
                                       &box);
  check(has_box != FALSE && box.width > 0 && box.height > 0, nullptr);
  return box.height / box.width;
}

cairo_status_t append(void* text, const unsigned char* bytes, unsigned int size) {
  static_cast<std::string*>(text)->append(reinterpret_cast<const char*>(bytes), size);
  return CAIRO_STATUS_SUCCESS;
}

FontSet all_fonts(CharSet& characters) {
  const Pattern any(FcPatternCreate());
  FcCharSet* together = nullptr;
  FcResult result = FcResultMatch;
  FontSet fonts(FcFontSort(nullptr, any.get(), FcFalse, &together, &result));
  characters.reset(together);
  return fonts;
}

}  // namespace

std::string png_of(const std::string& svg, int width) {
  constexpr double kMostPixels = 32767;  // of cairo
  const Handle handle = loaded(svg);
  const double height = std::round(width * shape_of(handle.get()));
  if (width > kMostPixels || height > kMostPixels) {
    throw Error(ErrorKind::kInput, "a picture of " + std::to_string(width) + " x " +
                                       std::to_string(std::llround(height)) +
                                       " pixels cannot be drawn; make it smaller");
  }
  const Surface surface(
      cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, std::max(1, static_cast<int>(height))));
  check(cairo_surface_status(surface.get()));
  const Context context(cairo_create(surface.get()));
  cairo_set_source_rgb(context.get(), 1, 1, 1);
  cairo_paint(context.get());
  const RsvgRectangle whole = {.x = 0, .y = 0, .width = 1. * width, .height = height};
  GError* error = nullptr;
  check(rsvg_handle_render_document(handle.get(), context.get(), &whole, &error), error);
  check(cairo_status(context.get()));
  std::string png;
  check(cairo_surface_write_to_png_stream(surface.get(), append, &png));
  return png;
}

void expect_fonts() {
  CharSet characters;
  const FontSet fonts = all_fonts(characters);
  if (fonts && fonts->nfont > 0) return;
  throw Error(ErrorKind::kIo,
              "no font is installed, so that pictures would have no text: install one, as by "
              "'apt-get install fonts-dejavu-core', or write SVG");
}

std::string without_font(std::string_view text) {
  CharSet known;
  const FontSet fonts = all_fonts(known);
  std::set<wchar_t> unknown;
  for (const wchar_t character : pugi::as_wide(std::string(text))) {
    const bool is_shown = known && FcCharSetHasChar(known.get(), static_cast<FcChar32>(character));
    if (character > ' ' && !is_shown) unknown.insert(character);
  }
  return pugi::as_utf8(std::wstring(unknown.begin(), unknown.end()));
}

}  // namespace co2net
