// SPDX-License-Identifier: LGPL-2.1-or-later
// Lays a caption out with Pango and draws it with Cairo.
#include "plugin/overlay/caption_renderer.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <tuple>

#include <glib.h>

#include "plugin/overlay/pixels.h"

#include <pango/pangocairo.h>

namespace jetsoncaption {

namespace {

// Proportions that subtitles on television use.
constexpr double kFontOfFrame = 0.047;   // font size by the frame's shorter side
constexpr double kMarginOfFrame = 0.05;  // outside this much of each edge nothing is drawn
constexpr double kMinFontPixels = 10.0;  // smaller letters cannot be read
// Around the words, by font size.
constexpr double kPaddingX = 0.5;
constexpr double kPaddingY = 0.25;
constexpr double kCornerRadius = 0.3;
// More can be seen on no screen, and laying out a whole book would stop the video.
constexpr glong kMaxCharacters = 1000;
constexpr double kMaxTextPixels = 32767;  // as wide as Cairo draws; Pango's units would overflow
constexpr int kGrid = 4;                  // see CaptionPicture

template <typename T, void (*Free)(T*)>
struct FreeWith {
  void operator()(T* object) const { Free(object); }
};
struct ObjectUnref {
  void operator()(gpointer object) const { g_object_unref(object); }
};
using Surface = std::unique_ptr<cairo_surface_t, FreeWith<cairo_surface_t, cairo_surface_destroy>>;
using Cairo = std::unique_ptr<cairo_t, FreeWith<cairo_t, cairo_destroy>>;
using Font = std::unique_ptr<PangoFontDescription,
                             FreeWith<PangoFontDescription, pango_font_description_free>>;

// Valid UTF-8 in one line: a line break or control character would start a paragraph of its own,
// and the limit on lines counts within paragraphs.
std::string to_single_line(const std::string& text) {
  std::unique_ptr<gchar, FreeWith<void, g_free>> valid(
      g_utf8_make_valid(text.data(), static_cast<gssize>(text.size())));
  std::string line;
  glong characters = 0;
  for (const gchar* at = valid.get(); *at != '\0'; at = g_utf8_next_char(at)) {
    if (characters++ == kMaxCharacters) {
      line += "\u2026";
      break;
    }
    const gunichar character = g_utf8_get_char(at);
    const GUnicodeType type = g_unichar_type(character);
    const bool breaks = type == G_UNICODE_CONTROL || type == G_UNICODE_LINE_SEPARATOR ||
                        type == G_UNICODE_PARAGRAPH_SEPARATOR;
    line.append(breaks ? " " : at, breaks ? 1 : g_utf8_next_char(at) - at);
  }
  const size_t first = line.find_first_not_of(' ');
  return first == std::string::npos ? ""
                                    : line.substr(first, line.find_last_not_of(' ') + 1 - first);
}

// The font of the style, with everything it leaves open filled in. Sizes in display pixels.
Font make_font(const OverlayStyle& style, double width, double height) {
  Font font(pango_font_description_from_string(style.font_desc.empty() ? "Sans Bold"
                                                                       : style.font_desc.c_str()));
  const PangoFontMask set = pango_font_description_get_set_fields(font.get());
  if ((set & PANGO_FONT_MASK_FAMILY) == 0)
    pango_font_description_set_family_static(font.get(), "Sans");

  double pixels = std::max(kMinFontPixels, kFontOfFrame * std::min(width, height));
  if ((set & PANGO_FONT_MASK_SIZE) != 0) {
    constexpr double kPixelsPerPoint = 96.0 / 72.0;  // Pango's own default resolution
    pixels = pango_font_description_get_size(font.get()) / static_cast<double>(PANGO_SCALE);
    if (!pango_font_description_get_size_is_absolute(font.get()))
      pixels *= kPixelsPerPoint;
    // Of a larger letter not even one line would fit between the margins.
    pixels = std::max(1.0, std::min(pixels, height / 2));
  }
  pango_font_description_set_absolute_size(font.get(), pixels * PANGO_SCALE);
  return font;
}

void set_color(cairo_t* cairo, uint32_t argb) {
  const auto channel = [argb](int shift) { return ((argb >> shift) & 0xFFU) / 255.0; };
  cairo_set_source_rgba(cairo, channel(16), channel(8), channel(0), channel(24));
}

void add_rounded_box(cairo_t* cairo, double x, double y, double width, double height, double r) {
  constexpr double kQuarter = G_PI / 2;
  cairo_new_sub_path(cairo);
  cairo_arc(cairo, x + width - r, y + r, r, -kQuarter, 0);
  cairo_arc(cairo, x + width - r, y + height - r, r, 0, kQuarter);
  cairo_arc(cairo, x + r, y + height - r, r, kQuarter, 2 * kQuarter);
  cairo_arc(cairo, x + r, y + r, r, 2 * kQuarter, 3 * kQuarter);
  cairo_close_path(cairo);
}

// The least rectangle on the grid, or on the frame's edge, around a box inside the frame.
CaptionRect snap_to_grid(double x, double y, double width, double height, const FrameShape& shape) {
  const auto down = [](double value) {
    return static_cast<int>(std::floor(value / kGrid)) * kGrid;
  };
  const auto up = [](double value) { return static_cast<int>(std::ceil(value / kGrid)) * kGrid; };
  CaptionRect rect;
  rect.x = std::max(0, down(x));
  rect.y = std::max(0, down(y));
  rect.width = std::min(shape.width, up(x + width)) - rect.x;
  rect.height = std::min(shape.height, up(y + height)) - rect.y;
  return rect;
}

// One of Cairo's premultiplied words as straight A, R, G, B bytes.
Pixel to_straight(const Pixel& premultiplied) {
  uint32_t word = 0;
  std::memcpy(&word, premultiplied.data(), sizeof word);
  Pixel straight{};
  const uint32_t alpha = word >> 24;
  straight[0] = static_cast<uint8_t>(alpha);
  for (int i = 1; i < 4 && alpha > 0; ++i) {
    const uint32_t channel = (word >> (24 - 8 * i)) & 0xFFU;
    straight[i] = static_cast<uint8_t>(std::min(255U, (channel * 255 + alpha / 2) / alpha));
  }
  return straight;
}

PageVector<uint8_t> to_straight_argb(const uint8_t* from, int stride, const CaptionRect& rect) {
  PageVector<uint8_t> to(static_cast<size_t>(rect.width) * rect.height * 4);
  const size_t row_bytes = static_cast<size_t>(rect.width) * 4;
  for (int y = 0; y < rect.height; ++y)
    change_pixels(from + static_cast<ptrdiff_t>(y) * stride,
                  to.data() + static_cast<size_t>(y) * row_bytes, static_cast<size_t>(rect.width),
                  to_straight);
  return to;
}

// Where something begins between the margins; alignment is 0 for the start, 1 the middle, 2 the
// end.
double place(double frame_size, double size, int alignment) {
  const double margin = kMarginOfFrame * frame_size;
  return margin + (frame_size - 2 * margin - size) * alignment / 2;
}

PangoAlignment pango_alignment(HAlign alignment) {
  switch (alignment) {
    case HAlign::Left:
      return PANGO_ALIGN_LEFT;
    case HAlign::Right:
      return PANGO_ALIGN_RIGHT;
    case HAlign::Center:
      break;
  }
  return PANGO_ALIGN_CENTER;
}

}  // namespace

bool OverlayStyle::operator==(const OverlayStyle& other) const {
  const auto fields = [](const OverlayStyle& style) {
    return std::tie(style.font_desc, style.text_color, style.background_color, style.halignment,
                    style.valignment, style.max_lines);
  };
  return fields(*this) == fields(other);
}

bool FrameShape::operator==(const FrameShape& other) const {
  return width == other.width && height == other.height && pixel_aspect == other.pixel_aspect;
}

// A font map of our own, because Pango's default one belongs to a thread and streaming threads
// come and go. Lengths here are display pixels, which are square; those of the frame may not be.
struct CaptionRenderer::Pango {
  Pango()
      : fonts(pango_cairo_font_map_new()), context(pango_font_map_create_context(fonts.get())) {}

  // False: there is nothing to see, or not one line fits.
  bool lay_out(const std::string& text, const OverlayStyle& style, double width, double height);
  CaptionPicture draw(const OverlayStyle& style, const FrameShape& shape) const;

 private:
  bool limit_height(double height);
  void balance_lines();

  std::unique_ptr<PangoFontMap, ObjectUnref> fonts;
  std::unique_ptr<PangoContext, ObjectUnref> context;
  std::unique_ptr<PangoLayout, ObjectUnref> layout;
  double font_pixels = 0;
};

bool CaptionRenderer::Pango::lay_out(const std::string& text, const OverlayStyle& style,
                                     double width, double height) {
  const Font font = make_font(style, width, height);
  font_pixels = pango_font_description_get_size(font.get()) / static_cast<double>(PANGO_SCALE);
  const double text_width =
      std::min(kMaxTextPixels, width * (1 - 2 * kMarginOfFrame) - 2 * kPaddingX * font_pixels);
  if (text_width < 2 * font_pixels)
    return false;  // not even a letter and an ellipsis

  layout.reset(pango_layout_new(context.get()));
  PangoLayout* const lines = layout.get();
  pango_layout_set_font_description(lines, font.get());
  pango_layout_set_alignment(lines, pango_alignment(style.halignment));
  pango_layout_set_wrap(lines, PANGO_WRAP_WORD_CHAR);
  pango_layout_set_ellipsize(lines, PANGO_ELLIPSIZE_END);
  pango_layout_set_width(lines, static_cast<int>(text_width * PANGO_SCALE));
  pango_layout_set_height(lines, -std::max(1, style.max_lines));  // negative: a number of lines
  pango_layout_set_text(lines, text.data(), static_cast<int>(text.size()));
  if (!limit_height(height * (1 - 2 * kMarginOfFrame) - 2 * kPaddingY * font_pixels))
    return false;
  balance_lines();

  int visible_width = 0;
  pango_layout_get_pixel_size(lines, &visible_width, nullptr);
  return visible_width > 0;
}

// Allows fewer lines until they fit. False: one is too many.
bool CaptionRenderer::Pango::limit_height(double height) {
  int allowed = pango_layout_get_line_count(layout.get());
  while (allowed >= 1) {
    int needed = 0;
    pango_layout_get_pixel_size(layout.get(), nullptr, &needed);
    if (needed <= height)
      return true;
    const int fitting = static_cast<int>(allowed * height / needed);
    allowed = std::min(allowed - 1, std::max(1, fitting));
    pango_layout_set_height(layout.get(), -std::max(1, allowed));
  }
  return false;
}

// Gives the lines about the same length, so that no single word is left for the last one: looks
// for the least width that needs no more lines.
void CaptionRenderer::Pango::balance_lines() {
  const int lines = pango_layout_get_line_count(layout.get());
  if (lines < 2 || pango_layout_is_ellipsized(layout.get()))
    return;
  int enough = pango_layout_get_width(layout.get());
  int too_narrow = enough / lines / 2;
  while (enough - too_narrow > font_pixels * PANGO_SCALE) {
    const int tried = too_narrow + (enough - too_narrow) / 2;
    pango_layout_set_width(layout.get(), tried);
    const bool fits = pango_layout_get_line_count(layout.get()) <= lines &&
                      !pango_layout_is_ellipsized(layout.get());
    (fits ? enough : too_narrow) = tried;
  }
  pango_layout_set_width(layout.get(), enough);
}

CaptionPicture CaptionRenderer::Pango::draw(const OverlayStyle& style,
                                            const FrameShape& shape) const {
  PangoRectangle text;
  pango_layout_get_pixel_extents(layout.get(), nullptr, &text);
  const double padding_x = kPaddingX * font_pixels;
  const double padding_y = kPaddingY * font_pixels;
  const double width = text.width + 2 * padding_x;
  const double height = text.height + 2 * padding_y;
  const double frame_width = shape.width * shape.pixel_aspect;
  const double left = place(frame_width, width, static_cast<int>(style.halignment));
  const double top = place(shape.height, height, static_cast<int>(style.valignment));

  CaptionPicture picture;
  picture.rect =
      snap_to_grid(left / shape.pixel_aspect, top, width / shape.pixel_aspect, height, shape);
  const CaptionRect& rect = picture.rect;
  const int stride = cairo_format_stride_for_width(CAIRO_FORMAT_ARGB32, rect.width);
  if (stride < 0)
    return {};  // beyond Cairo's limits
  // Pages of their own: the arena of malloc() that each element's thread has would keep them.
  PageVector<uint8_t> premultiplied(static_cast<size_t>(stride) * static_cast<size_t>(rect.height));
  const Surface surface(cairo_image_surface_create_for_data(
      premultiplied.data(), CAIRO_FORMAT_ARGB32, rect.width, rect.height, stride));
  const Cairo cairo(cairo_create(surface.get()));
  cairo_translate(cairo.get(), -rect.x, -rect.y);
  cairo_scale(cairo.get(), 1 / shape.pixel_aspect, 1);

  set_color(cairo.get(), style.background_color);
  add_rounded_box(cairo.get(), left, top, width, height, kCornerRadius * font_pixels);
  cairo_fill(cairo.get());
  set_color(cairo.get(), style.text_color);
  cairo_move_to(cairo.get(), left + padding_x - text.x, top + padding_y - text.y);
  pango_cairo_show_layout(cairo.get(), layout.get());

  cairo_surface_flush(surface.get());
  if (cairo_status(cairo.get()) != CAIRO_STATUS_SUCCESS)
    return {};  // a frame beyond Cairo's limits, or no memory
  picture.pixels = to_straight_argb(premultiplied.data(), stride, rect);
  return picture;
}

CaptionRenderer::CaptionRenderer() = default;
CaptionRenderer::~CaptionRenderer() = default;

CaptionPicture CaptionRenderer::render(const std::string& text, const FrameShape& shape,
                                       const OverlayStyle& style) {
  const std::string line = to_single_line(text);
  if (line.empty() || shape.width < 1 || shape.height < 1 || !(shape.pixel_aspect > 0))
    return {};
  if (!pango_)
    pango_ = std::make_unique<Pango>();
  if (!pango_->lay_out(line, style, shape.width * shape.pixel_aspect, shape.height))
    return {};
  return pango_->draw(style, shape);
}

}  // namespace jetsoncaption
