// SPDX-License-Identifier: LGPL-2.1-or-later
// Where captions are drawn, that nothing else is touched in any format, and that text is safe.
#include "plugin/overlay/overlay.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <gst/gst.h>
#include <gst/video/video.h>
#include <gtest/gtest.h>

#include "test_frame.h"

namespace jetsoncaption {
namespace {

constexpr char kSentence[] = "a brown dog runs across the snow";

// Marks the bytes of the mapping that belong to pixels of the rectangle, by component, so that
// padding and neighbours are told apart.
std::vector<bool> mark_inside(TestFrame& frame, const CaptionRect& rect) {
  const uint8_t* begin = frame.get()->map[0].data;
  std::vector<bool> marks(frame.get()->map[0].size, false);
  for (guint c = 0; c < GST_VIDEO_FRAME_N_COMPONENTS(frame.get()); ++c)
    for (int y = rect.y; y < rect.y + rect.height; ++y)
      for (int x = rect.x; x < rect.x + rect.width; ++x)
        marks[static_cast<size_t>(frame.sample(c, x, y) - begin)] = true;
  return marks;
}

// The padding byte of RGBx and its kin belongs to a pixel of the rectangle but to no component.
bool has_unused_byte(GstVideoFormat format) {
  return format == GST_VIDEO_FORMAT_RGBx || format == GST_VIDEO_FORMAT_BGRx ||
         format == GST_VIDEO_FORMAT_xRGB || format == GST_VIDEO_FORMAT_xBGR;
}

class OverlayFormat : public testing::TestWithParam<std::string> {
 protected:
  static void SetUpTestSuite() { gst_init(nullptr, nullptr); }
  GstVideoFormat format() const { return gst_video_format_from_string(GetParam().c_str()); }
};

TEST_P(OverlayFormat, ChangesOnlyTheRectangle) {
  for (const auto& size : {std::pair<int, int>{640, 480}, {641, 479}, {321, 243}}) {
    for (const int padding : {0, 30}) {
      TestFrame frame(format(), size.first, size.second, padding);
      ASSERT_TRUE(frame.mapped());
      const std::vector<uint8_t> before = frame.bytes();
      CaptionOverlay overlay;
      OverlayStyle style;
      style.halignment = HAlign::Right;  // to reach the odd edge as nearly as captions do

      const CaptionRect rect =
          overlay.drawn(kSentence, frame.get()->info, style).blend(frame.get());

      ASSERT_FALSE(rect.empty());
      const std::vector<uint8_t> after = frame.bytes();
      const std::vector<bool> inside = mark_inside(frame, rect);
      size_t changed = 0;
      for (size_t i = 0; i < after.size(); ++i) {
        if (after[i] == before[i])
          continue;
        ++changed;
        const bool unused = has_unused_byte(format()) && inside[i - i % 4 + (i % 4 == 0 ? 1 : 0)];
        ASSERT_TRUE(inside[i] || unused)
            << "byte " << i << " of " << size.first << "x" << size.second;
      }
      EXPECT_GT(changed, static_cast<size_t>(rect.width) * rect.height / 2);
    }
  }
}

TEST_P(OverlayFormat, DrawsTheColorsOfTheStyle) {
  TestFrame frame(format(), 640, 480);
  OverlayStyle style;
  style.background_color = 0xFF2040C0;
  style.text_color = 0x00000000;  // nothing but the box
  CaptionOverlay overlay;

  const CaptionRect rect = overlay.drawn(kSentence, frame.get()->info, style).blend(frame.get());

  GstVideoInfo rgb_info;
  gst_video_info_set_format(&rgb_info, GST_VIDEO_FORMAT_RGB, 640, 480);
  TestFrame rgb(GST_VIDEO_FORMAT_RGB, 640, 480);
  GstVideoConverter* converter =
      gst_video_converter_new(&frame.get()->info, &rgb.get()->info, nullptr);
  gst_video_converter_frame(converter, frame.get(), rgb.get());
  gst_video_converter_free(converter);
  const auto* pixel = static_cast<const uint8_t*>(GST_VIDEO_FRAME_PLANE_DATA(rgb.get(), 0)) +
                      (rect.y + rect.height / 2) * GST_VIDEO_FRAME_PLANE_STRIDE(rgb.get(), 0) +
                      (rect.x + rect.width / 2) * 3;
  const bool gray = format() == GST_VIDEO_FORMAT_GRAY8;
  const int luma = (299 * 0x20 + 587 * 0x40 + 114 * 0xC0) / 1000;
  // Two conversions round, each by a unit or two.
  EXPECT_NEAR(pixel[0], gray ? luma : 0x20, 4);
  EXPECT_NEAR(pixel[1], gray ? luma : 0x40, 4);
  EXPECT_NEAR(pixel[2], gray ? luma : 0xC0, 4);
}

INSTANTIATE_TEST_SUITE_P(All, OverlayFormat, testing::ValuesIn(supported_formats()),
                         [](const auto& parameter) { return parameter.param; });

class Overlay : public testing::Test {
 protected:
  static void SetUpTestSuite() { gst_init(nullptr, nullptr); }

  static CaptionRect draw(int width, int height, const std::string& text,
                          const OverlayStyle& style = {}) {
    TestFrame frame(GST_VIDEO_FORMAT_I420, width, height);
    return CaptionOverlay().drawn(text, frame.get()->info, style).blend(frame.get());
  }

  // The luma bytes that a text leaves, to compare pictures.
  static std::vector<uint8_t> drawn(const std::string& text, const OverlayStyle& style = {}) {
    TestFrame frame(GST_VIDEO_FORMAT_GRAY8, 640, 480, 0, 0);
    CaptionOverlay().drawn(text, frame.get()->info, style).blend(frame.get());
    return frame.bytes();
  }
};

TEST_F(Overlay, LiesInTheMiddleOfTheBottom) {
  const CaptionRect rect = draw(1920, 1080, kSentence);

  EXPECT_NEAR(rect.x + rect.width / 2, 960, 4);
  EXPECT_GT(rect.y, 1080 * 3 / 4);
  EXPECT_LE(rect.y + rect.height, 1080 * 96 / 100) << "the margin stays free";
}

TEST_F(Overlay, LiesWhereTheStyleSays) {
  OverlayStyle style;
  style.halignment = HAlign::Left;
  style.valignment = VAlign::Top;
  const CaptionRect left = draw(1920, 1080, kSentence, style);
  style.halignment = HAlign::Right;
  style.valignment = VAlign::Center;
  const CaptionRect right = draw(1920, 1080, kSentence, style);

  EXPECT_NEAR(left.x, 96, 4);
  EXPECT_NEAR(left.y, 54, 4);
  EXPECT_NEAR(right.x + right.width, 1920 - 96, 4);
  EXPECT_NEAR(right.y + right.height / 2, 540, 4);
}

TEST_F(Overlay, StaysInsideFramesOfEverySize) {
  for (const auto& size : {std::pair<int, int>{1, 1},
                           {3, 3},
                           {16, 16},
                           {40, 30},
                           {1920, 2},
                           {2, 1080},
                           {99, 33},
                           {641, 479},
                           {1080, 1920},
                           {1920, 1080}}) {
    for (const char* font : {"", "Serif 400", "Mono 1px"}) {
      OverlayStyle style;
      style.font_desc = font;
      const CaptionRect rect = draw(size.first, size.second, kSentence, style);

      if (rect.empty())
        continue;
      EXPECT_GE(rect.x, 0);
      EXPECT_GE(rect.y, 0);
      EXPECT_LE(rect.x + rect.width, size.first);
      EXPECT_LE(rect.y + rect.height, size.second);
    }
  }
}

TEST_F(Overlay, DrawsNothingOnFramesTooSmallForAWord) {
  EXPECT_TRUE(draw(1, 1, kSentence).empty());
  EXPECT_TRUE(draw(3, 3, kSentence).empty());
  EXPECT_TRUE(draw(640, 8, kSentence).empty());
  EXPECT_FALSE(draw(160, 120, kSentence).empty());
}

TEST_F(Overlay, DrawsNothingWithoutWords) {
  EXPECT_TRUE(draw(640, 480, "").empty());
  EXPECT_TRUE(draw(640, 480, " \n\t ").empty());
}

TEST_F(Overlay, TakesAnyText) {
  const std::string korean = "\uac1c\uac00 \ub208 \uc704\ub97c \ub2ec\ub9b0\ub2e4";
  const std::string arabic = "\u0643\u0644\u0628 \u064a\u0631\u0643\u0636";
  const std::string emoji = "\U0001F415 \U0001F469\u200D\U0001F469\u200D\U0001F467";
  const std::string invalid = "caf\xe9 \xff\xfe";
  const std::string nul("dog\0cat", 7);

  for (const std::string& text : {korean, arabic, emoji, invalid, nul, std::string(10000, 'w'),
                                  std::string(5000, '\n') + "dog"})
    EXPECT_FALSE(draw(640, 480, text).empty()) << text.substr(0, 20);
}

TEST_F(Overlay, NeverReadsTextAsMarkup) {
  EXPECT_NE(drawn("<b>dog</b>"), drawn("dog"));
  EXPECT_NE(drawn("&amp;"), drawn("&"));
  EXPECT_FALSE(draw(640, 480, "<not closed & <<").empty());
}

TEST_F(Overlay, WrapsUpToTheLimitOfLines) {
  std::string text;
  for (int i = 0; i < 60; ++i)
    text += "word ";
  OverlayStyle style;
  style.max_lines = 1;
  const int one = draw(640, 480, text, style).height;
  style.max_lines = 3;
  const int three = draw(640, 480, text, style).height;
  style.max_lines = 1000;
  const int many = draw(640, 480, text, style).height;

  EXPECT_GT(three, 2 * one);
  EXPECT_LT(three, 3 * one);
  EXPECT_GT(many, three);
  EXPECT_LE(many, 480 * 9 / 10 + 8) << "as many lines as fit between the margins";
}

TEST_F(Overlay, TreatsLineBreaksAsBlanks) {
  EXPECT_EQ(drawn("a\ndog"), drawn("a dog"));
}

TEST_F(Overlay, GrowsWithTheFrameUnlessTheFontHasASize) {
  OverlayStyle fixed;
  fixed.font_desc = "Sans 12";

  EXPECT_GT(draw(1920, 1080, "dog").height, 2 * draw(640, 480, "dog").height - 8);
  EXPECT_EQ(draw(1920, 1080, "dog", fixed).height, draw(1280, 1080, "dog", fixed).height);
}

TEST_F(Overlay, MakesUpForPixelsThatAreNotSquare) {
  TestFrame frame(GST_VIDEO_FORMAT_I420, 720, 480);
  frame.get()->info.par_n = 2;
  const CaptionRect wide = CaptionOverlay().drawn("dog", frame.get()->info, {}).blend(frame.get());
  const CaptionRect square = draw(720, 480, "dog");

  EXPECT_EQ(wide.height, square.height);
  EXPECT_NEAR(wide.width, square.width / 2, 6);
}

TEST_F(Overlay, SurvivesPixelsOfAbsurdShape) {
  for (const auto& aspect : {std::pair<int, int>{G_MAXINT, 1}, {1, G_MAXINT}, {0, 1}, {1, 0}}) {
    TestFrame frame(GST_VIDEO_FORMAT_I420, 720, 480);
    frame.get()->info.par_n = aspect.first;
    frame.get()->info.par_d = aspect.second;

    const CaptionRect rect =
        CaptionOverlay().drawn(kSentence, frame.get()->info, {}).blend(frame.get());

    EXPECT_LE(rect.x + rect.width, 720);
  }
}

TEST_F(Overlay, RasterisesATextOnlyOnce) {
  TestFrame frame(GST_VIDEO_FORMAT_NV12, 640, 480);
  CaptionOverlay overlay;
  OverlayStyle style;

  overlay.drawn(kSentence, frame.get()->info, style).blend(frame.get());
  overlay.drawn(kSentence, frame.get()->info, style).blend(frame.get());
  EXPECT_EQ(overlay.rasterised(), 1U);

  overlay.drawn("another", frame.get()->info, style).blend(frame.get());
  EXPECT_EQ(overlay.rasterised(), 2U);

  style.text_color = 0xFFFFFF00;
  overlay.drawn("another", frame.get()->info, style).blend(frame.get());
  EXPECT_EQ(overlay.rasterised(), 3U);
}

// The most alpha that whoever draws the attached caption gets.
unsigned attached_alpha(GstBuffer* frame) {
  GstVideoOverlayComposition* composition =
      gst_buffer_get_video_overlay_composition_meta(frame)->overlay;
  GstBuffer* pixels = gst_video_overlay_rectangle_get_pixels_unscaled_raw(
      gst_video_overlay_composition_get_rectangle(composition, 0),
      GST_VIDEO_OVERLAY_FORMAT_FLAG_NONE);
  GstMapInfo map;
  gst_buffer_map(pixels, &map, GST_MAP_READ);
  unsigned most = 0;
  for (gsize pixel = 0; pixel < map.size; pixel += 4)
    most = std::max<unsigned>(most, map.data[pixel + (G_BYTE_ORDER == G_BIG_ENDIAN ? 0 : 3)]);
  gst_buffer_unmap(pixels, &map);
  return most;
}

// Frames with the caption as it was may be on their way still when it fades.
TEST_F(Overlay, FadesWhatIsAttachedLaterOnly) {
  GstVideoInfo info;
  gst_video_info_set_format(&info, GST_VIDEO_FORMAT_NV12, 640, 480);
  CaptionOverlay overlay;
  GstBuffer* fresh = gst_buffer_new();
  GstBuffer* stale = gst_buffer_new();
  overlay.attach(fresh, info, kSentence, {});
  overlay.attach(stale, info, kSentence, {}, 0.5);
  EXPECT_NEAR(attached_alpha(stale), 128, 1);
  EXPECT_EQ(attached_alpha(fresh), 255u);
  EXPECT_EQ(overlay.rasterised(), 1U);
  gst_buffer_unref(fresh);
  gst_buffer_unref(stale);
}

TEST_F(Overlay, FollowsAChangeOfFormatAndSize) {
  CaptionOverlay overlay;
  for (const auto format : {GST_VIDEO_FORMAT_NV12, GST_VIDEO_FORMAT_RGB, GST_VIDEO_FORMAT_YUY2}) {
    for (const int width : {640, 320}) {
      TestFrame frame(format, width, 240);
      const std::vector<uint8_t> before = frame.bytes();

      const CaptionRect rect = overlay.drawn(kSentence, frame.get()->info, {}).blend(frame.get());

      EXPECT_LE(rect.x + rect.width, width);
      EXPECT_NE(frame.bytes(), before);
    }
  }
}

TEST_F(Overlay, DrawsTheSameOnEveryFrame) {
  CaptionOverlay overlay;
  TestFrame first(GST_VIDEO_FORMAT_NV12, 640, 480);
  TestFrame second(GST_VIDEO_FORMAT_NV12, 640, 480);

  overlay.drawn(kSentence, first.get()->info, {}).blend(first.get());
  overlay.drawn(kSentence, second.get()->info, {}).blend(second.get());

  EXPECT_EQ(first.bytes(), second.bytes());
}

TEST_F(Overlay, KeepsAnOpaqueFrameOpaqueAndCoversATransparentOne) {
  TestFrame opaque(GST_VIDEO_FORMAT_RGBA, 640, 480, 0, 255);
  TestFrame transparent(GST_VIDEO_FORMAT_RGBA, 640, 480, 0, 0);
  const CaptionRect rect =
      CaptionOverlay().drawn(kSentence, opaque.get()->info, {}).blend(opaque.get());
  CaptionOverlay().drawn(kSentence, transparent.get()->info, {}).blend(transparent.get());

  const std::vector<uint8_t> solid = opaque.bytes();
  const std::vector<uint8_t> clear = transparent.bytes();
  const size_t middle_of_left_edge =
      (static_cast<size_t>(rect.y + rect.height / 2) * 640 + static_cast<size_t>(rect.x) + 8) * 4;
  EXPECT_EQ(clear[middle_of_left_edge + 3], 0x99) << "as opaque as the box";
  for (size_t alpha = 3; alpha < solid.size(); alpha += 4)
    ASSERT_EQ(solid[alpha], 255);
}

TEST_F(Overlay, TouchesNoFieldLineOutsideOfInterlacedFrames) {
  TestFrame frame(GST_VIDEO_FORMAT_I420, 720, 576);
  frame.get()->info.interlace_mode = GST_VIDEO_INTERLACE_MODE_INTERLEAVED;
  OverlayStyle style;
  style.valignment = VAlign::Center;

  const CaptionRect rect =
      CaptionOverlay().drawn(kSentence, frame.get()->info, style).blend(frame.get());

  // Lines 4n to 4n+3 share two lines of chroma, one for each field.
  EXPECT_EQ(rect.y % 4, 0);
  EXPECT_EQ(rect.height % 4, 0);
}

}  // namespace
}  // namespace jetsoncaption
