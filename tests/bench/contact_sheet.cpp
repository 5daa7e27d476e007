// SPDX-License-Identifier: LGPL-2.1-or-later
// Draws captions in awkward cases on one sheet, to be looked at: sizes, formats, scripts, long
// text.
//
//   build/tests/bench/contact_sheet out/contact-sheet.png
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include <gst/gst.h>
#include <gst/video/video.h>

#include "plugin/overlay/overlay.h"
#include "plugin/overlay/video_convert.h"

#include <cairo.h>

namespace jetsoncaption {
namespace {

constexpr int kColumns = 4;
constexpr int kCellWidth = 480;
constexpr int kCellHeight = 300;
constexpr int kLabelHeight = 24;

struct Case {
  const char* label;
  GstVideoFormat format;
  int width;
  int height;
  std::string text;
  OverlayStyle style;
  double opacity = 1;
  int pixel_aspect_n = 1;
  int pixel_aspect_d = 1;
};

OverlayStyle style_of(HAlign halignment, VAlign valignment, int max_lines = 2,
                      const char* font = "") {
  OverlayStyle style;
  style.halignment = halignment;
  style.valignment = valignment;
  style.max_lines = max_lines;
  style.font_desc = font;
  return style;
}

OverlayStyle colored(uint32_t text, uint32_t background) {
  OverlayStyle style;
  style.text_color = text;
  style.background_color = background;
  return style;
}

const std::string kDog = "a brown dog runs through the snow";
const std::string kLong =
    "a man in a red jacket and a woman in a blue dress are standing next to each other in front of "
    "a very large white building with many windows while two children play with a small dog";

std::vector<Case> cases() {
  return {
      {"1080p NV12", GST_VIDEO_FORMAT_NV12, 1920, 1080, kDog, {}},
      {"4K RGBA", GST_VIDEO_FORMAT_RGBA, 3840, 2160, kDog, {}},
      {"641x479 I420", GST_VIDEO_FORMAT_I420, 641, 479, kDog, {}},
      {"320x240 YUY2", GST_VIDEO_FORMAT_YUY2, 320, 240, kDog, {}},
      {"160x120 GRAY8", GST_VIDEO_FORMAT_GRAY8, 160, 120, kDog, {}},
      {"64x48 RGB", GST_VIDEO_FORMAT_RGB, 64, 48, kDog, {}},
      {"3x3: nothing fits", GST_VIDEO_FORMAT_RGB, 3, 3, kDog, {}},
      {"portrait 1080x1920", GST_VIDEO_FORMAT_NV12, 1080, 1920, kDog, {}},
      {"banner 1920x100", GST_VIDEO_FORMAT_BGRx, 1920, 100, kDog, {}},
      {"720x576, pixels 64:45", GST_VIDEO_FORMAT_UYVY, 720, 576, kDog, {}, 1, 64, 45},
      {"long text", GST_VIDEO_FORMAT_NV12, 1280, 720, kLong, {}},
      {"long text, 5 lines, left, top", GST_VIDEO_FORMAT_NV12, 1280, 720, kLong,
       style_of(HAlign::Left, VAlign::Top, 5)},
      {"Arabic",
       GST_VIDEO_FORMAT_NV12,
       1280,
       720,
       "كلب بني يركض في "
       "الثلج",
       {}},
      {"Korean", GST_VIDEO_FORMAT_NV12, 1280, 720, "갈색 개가 눈밭을 달린다", {}},
      {"emoji", GST_VIDEO_FORMAT_RGB, 1280, 720, "a dog \U0001F415 in the snow \u2744", {}},
      {"markup, line break, bad UTF-8",
       GST_VIDEO_FORMAT_NV12,
       1280,
       720,
       "<b>a & b</b>\n\"quoted\" \xff",
       {}},
      {"one long word", GST_VIDEO_FORMAT_NV12, 640, 360, std::string(200, 'w'), {}},
      {"stale: dimmed", GST_VIDEO_FORMAT_NV12, 1280, 720, kDog, {}, 0.5},
      {"yellow, no box", GST_VIDEO_FORMAT_ARGB, 1280, 720, kDog, colored(0xFFFFFF00, 0)},
      {"font-desc Serif 40", GST_VIDEO_FORMAT_Y444, 1280, 720, kDog,
       style_of(HAlign::Right, VAlign::Center, 2, "Serif Italic 40")},
  };
}

// A frame with something behind the caption: vertical bars of gray.
std::vector<uint8_t> make_pixels(const GstVideoInfo& info) {
  std::vector<uint8_t> pixels(GST_VIDEO_INFO_SIZE(&info), 0x80);
  GstVideoFrame frame = wrap_pixels(info, pixels.data());
  const guint components = GST_VIDEO_INFO_IS_RGB(&info) ? 3 : 1;
  for (guint c = 0; c < components; c++) {
    const int step = GST_VIDEO_FRAME_COMP_PSTRIDE(&frame, c);
    const int stride = GST_VIDEO_FRAME_COMP_STRIDE(&frame, c);
    auto* data = static_cast<uint8_t*>(GST_VIDEO_FRAME_COMP_DATA(&frame, c));
    for (int y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT(&frame, c); y++) {
      for (int x = 0; x < GST_VIDEO_FRAME_COMP_WIDTH(&frame, c); x++)
        data[y * stride + x * step] = static_cast<uint8_t>(60 + 150 * (x * 8 / info.width) / 7);
    }
  }
  return pixels;
}

void draw_case(cairo_t* cairo, const Case& shown, int index) {
  GstVideoInfo info;
  gst_video_info_set_format(&info, shown.format, static_cast<guint>(shown.width),
                            static_cast<guint>(shown.height));
  info.par_n = shown.pixel_aspect_n;
  info.par_d = shown.pixel_aspect_d;
  std::vector<uint8_t> pixels = make_pixels(info);
  GstVideoFrame frame = wrap_pixels(info, pixels.data());
  CaptionOverlay().drawn(shown.text, frame.info, shown.style, shown.opacity).blend(&frame);

  // BGRx is what Cairo calls RGB24, on little-endian machines.
  GstVideoInfo plain;
  gst_video_info_set_format(&plain, GST_VIDEO_FORMAT_BGRx, static_cast<guint>(shown.width),
                            static_cast<guint>(shown.height));
  std::vector<uint8_t> converted(GST_VIDEO_INFO_SIZE(&plain));
  GstVideoFrame target = wrap_pixels(plain, converted.data());
  const VideoConverter converter(gst_video_converter_new(&info, &plain, nullptr));
  gst_video_converter_frame(converter.get(), &frame, &target);

  const double aspect = static_cast<double>(shown.pixel_aspect_n) / shown.pixel_aspect_d;
  const double scale = std::min(kCellWidth / (shown.width * aspect),
                                static_cast<double>(kCellHeight - kLabelHeight) / shown.height);
  cairo_surface_t* picture =
      cairo_image_surface_create_for_data(converted.data(), CAIRO_FORMAT_RGB24, shown.width,
                                          shown.height, GST_VIDEO_INFO_PLANE_STRIDE(&plain, 0));
  cairo_save(cairo);
  cairo_translate(cairo, index % kColumns * kCellWidth, index / kColumns * kCellHeight);
  cairo_set_source_rgb(cairo, 1, 1, 1);
  cairo_move_to(cairo, 4, kLabelHeight - 8);
  cairo_set_font_size(cairo, 14);
  cairo_show_text(cairo, shown.label);
  cairo_translate(cairo, 0, kLabelHeight);
  cairo_scale(cairo, scale * aspect, scale);
  cairo_set_source_surface(cairo, picture, 0, 0);
  cairo_paint(cairo);
  cairo_restore(cairo);
  cairo_surface_destroy(picture);
}

}  // namespace
}  // namespace jetsoncaption

int main(int argc, char** argv) {
  using namespace jetsoncaption;
  gst_init(&argc, &argv);
  if (argc != 2 || argv[1][0] == '-') {
    std::fprintf(stderr, "Usage: contact_sheet FILE.png\n");
    return 2;
  }
  const std::vector<Case> all = cases();
  const int rows = (static_cast<int>(all.size()) + kColumns - 1) / kColumns;
  cairo_surface_t* sheet =
      cairo_image_surface_create(CAIRO_FORMAT_RGB24, kColumns * kCellWidth, rows * kCellHeight);
  cairo_t* cairo = cairo_create(sheet);
  for (size_t i = 0; i < all.size(); i++)
    draw_case(cairo, all[i], static_cast<int>(i));
  const bool written = cairo_surface_write_to_png(sheet, argv[1]) == CAIRO_STATUS_SUCCESS;
  cairo_destroy(cairo);
  cairo_surface_destroy(sheet);
  if (!written)
    std::fprintf(stderr, "%s cannot be written.\n", argv[1]);
  return written ? 0 : 1;
}
