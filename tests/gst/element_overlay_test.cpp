// SPDX-License-Identifier: LGPL-2.1-or-later
// Captions are drawn on the pixels, unless downstream draws overlay compositions itself.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "caption_harness.h"

namespace jetsoncaption {
namespace {

constexpr Color kGray{100, 100, 100};
constexpr const char* kWithFeature =
    "video/x-raw(memory:SystemMemory, meta:GstVideoOverlayComposition)";
constexpr const char* kEither =
    "video/x-raw(memory:SystemMemory, meta:GstVideoOverlayComposition); video/x-raw";

struct Downstream {
  const char* caps;
  bool allocates;  // answers ALLOCATION queries with overlay compositions
};

// A started element before a sink that takes these caps.
class OverlayHarness : public CaptionElement {
 public:
  OverlayHarness(const PropertyValues& properties, const Downstream& downstream)
      : CaptionElement(properties), harness_(gst_harness_new_with_element(get(), "sink", "src")) {
    gst_harness_set_sink_caps_str(harness_, downstream.caps);
    if (downstream.allocates)
      propose_allocation_meta(harness_, GST_VIDEO_OVERLAY_COMPOSITION_META_API_TYPE);
    gst_harness_set_src_caps_str(harness_,
                                 "video/x-raw, format=GRAY8, width=320, height=240, framerate=1/1");
    wait_until_loaded();
  }
  ~OverlayHarness() {
    gst_element_set_state(get(), GST_STATE_NULL);
    gst_harness_teardown(harness_);
  }

  static GstBuffer* frame() {
    GstBuffer* frame = gst_buffer_new_allocate(nullptr, kSize, nullptr);
    gst_buffer_memset(frame, 0, 100, kSize);
    GST_BUFFER_PTS(frame) = 0;
    return frame;
  }
  GstBuffer* pass(GstBuffer* frame) {
    EXPECT_EQ(gst_harness_push(harness_, frame), GST_FLOW_OK);
    return gst_harness_pull(harness_);
  }
  static bool is_drawn_on(GstBuffer* frame) {
    const std::vector<uint8_t> untouched(kSize, 100);
    return gst_buffer_memcmp(frame, 0, untouched.data(), kSize) != 0;
  }
  std::string source_caps() const {
    GstPad* pad = gst_element_get_static_pad(get(), "src");
    GstCaps* caps = gst_pad_get_current_caps(pad);
    gchar* text = gst_caps_to_string(caps);
    const std::string result = text;
    g_free(text);
    gst_caps_unref(caps);
    gst_object_unref(pad);
    return result;
  }
  GstHarness* harness() const { return harness_; }

  // The caps that downstream got since the call before, each with whether it has the feature.
  std::vector<bool> caps_with_feature() const {
    std::vector<bool> with_feature;
    while (GstEvent* event = gst_harness_try_pull_event(harness_)) {
      if (GST_EVENT_TYPE(event) == GST_EVENT_CAPS) {
        GstCaps* caps = nullptr;
        gst_event_parse_caps(event, &caps);
        with_feature.push_back(gst_caps_features_contains(
            gst_caps_get_features(caps, 0), GST_CAPS_FEATURE_META_GST_VIDEO_OVERLAY_COMPOSITION));
      }
      gst_event_unref(event);
    }
    return with_feature;
  }

 private:
  static constexpr gsize kSize = 320 * 240;
  GstHarness* harness_;
};

const PropertyValues kProperties = {{"model", "fake:text=a dog"}, {"mode", "every-frame"}};

guint rectangles_of(GstBuffer* frame) {
  GstVideoOverlayCompositionMeta* meta = gst_buffer_get_video_overlay_composition_meta(frame);
  return meta != nullptr ? gst_video_overlay_composition_n_rectangles(meta->overlay) : 0;
}

TEST(OverlayComposition, IsAttachedWhereDownstreamDrawsIt) {
  OverlayHarness harness(kProperties, {kWithFeature, true});
  GstBuffer* passed = harness.pass(OverlayHarness::frame());

  EXPECT_NE(harness.source_caps().find("meta:GstVideoOverlayComposition"), std::string::npos);
  EXPECT_FALSE(OverlayHarness::is_drawn_on(passed));
  ASSERT_EQ(rectangles_of(passed), 1u);
  EXPECT_EQ(caption_of(passed), "a dog");
  gst_buffer_unref(passed);
}

// Whoever blends it gets the picture that is drawn otherwise, up to rounding.
TEST(OverlayComposition, LooksAsWhatIsDrawn) {
  OverlayHarness attaching(kProperties, {kWithFeature, true});
  OverlayHarness drawing(kProperties, {"video/x-raw", false});
  GstBuffer* attached = attaching.pass(OverlayHarness::frame());
  GstBuffer* drawn = drawing.pass(OverlayHarness::frame());
  GstVideoOverlayComposition* composition =
      gst_buffer_get_video_overlay_composition_meta(attached)->overlay;
  gst_video_overlay_composition_ref(composition);

  // GStreamer blends into formats with colors.
  GstVideoInfo info;
  gst_video_info_set_format(&info, GST_VIDEO_FORMAT_BGRx, 320, 240);
  GstBuffer* blended = gst_buffer_new_allocate(nullptr, GST_VIDEO_INFO_SIZE(&info), nullptr);
  gst_buffer_memset(blended, 0, 100, GST_VIDEO_INFO_SIZE(&info));
  GstVideoFrame frame;
  ASSERT_TRUE(gst_video_frame_map(&frame, &info, blended, GST_MAP_READWRITE));
  ASSERT_TRUE(gst_video_overlay_composition_blend(composition, &frame));
  GstMapInfo gray;
  gst_buffer_map(drawn, &gray, GST_MAP_READ);
  const auto* pixels = static_cast<const uint8_t*>(GST_VIDEO_FRAME_PLANE_DATA(&frame, 0));
  int different = 0;
  for (int i = 0; i < 320 * 240; i++)
    different += std::abs(pixels[4 * i] - gray.data[i]) > 20 ? 1 : 0;
  // Gray frames are of limited range: white is 235 there.
  EXPECT_LT(different, 320 * 240 / 100);

  gst_buffer_unmap(drawn, &gray);
  gst_video_frame_unmap(&frame);
  gst_video_overlay_composition_unref(composition);
  for (GstBuffer* buffer : {attached, drawn, blended})
    gst_buffer_unref(buffer);
}

TEST(OverlayComposition, IsNotUsedWhereDownstreamOnlyTakesTheCaps) {
  OverlayHarness harness(kProperties,
                         {"video/x-raw(memory:SystemMemory, meta:GstVideoOverlayComposition); "
                          "video/x-raw",
                          false});
  GstBuffer* passed = harness.pass(OverlayHarness::frame());
  EXPECT_EQ(harness.source_caps().find("meta:"), std::string::npos);
  EXPECT_TRUE(OverlayHarness::is_drawn_on(passed));
  EXPECT_EQ(rectangles_of(passed), 0u);
  gst_buffer_unref(passed);
}

TEST(OverlayComposition, IsNotUsedWhereDownstreamTakesAnything) {
  OverlayHarness harness(kProperties, {"ANY", true});
  GstBuffer* passed = harness.pass(OverlayHarness::frame());
  EXPECT_EQ(harness.source_caps().find("meta:"), std::string::npos);
  EXPECT_TRUE(OverlayHarness::is_drawn_on(passed));
  gst_buffer_unref(passed);
}

// As videocrop and many others do: any features name none, and caps with the feature would be more
// than such an element can do.
TEST(OverlayComposition, IsNotPromisedToWhoTakesAnyFeatures) {
  OverlayHarness harness(kProperties, {"video/x-raw(ANY)", true});
  GstBuffer* passed = harness.pass(OverlayHarness::frame());
  EXPECT_EQ(harness.caps_with_feature(), (std::vector<bool>{false}));
  EXPECT_TRUE(OverlayHarness::is_drawn_on(passed));
  gst_buffer_unref(passed);
}

TEST(OverlayComposition, IsNotTriedOutOnDownstream) {
  OverlayHarness harness(kProperties, {kEither, false});
  gst_buffer_unref(harness.pass(OverlayHarness::frame()));
  EXPECT_EQ(harness.caps_with_feature(), (std::vector<bool>{false}));
}

// Caps, pixels and metadata say the same, before and after downstream was changed.
TEST(OverlayComposition, BeginsAndEndsWithDownstreamThatDrawsIt) {
  OverlayHarness harness(kProperties, {"video/x-raw", false});
  gst_buffer_unref(harness.pass(OverlayHarness::frame()));
  propose_allocation_meta(harness.harness(), GST_VIDEO_OVERLAY_COMPOSITION_META_API_TYPE);
  for (const char* caps : {kEither, "video/x-raw", kEither, "video/x-raw"}) {
    SCOPED_TRACE(caps);
    const bool attaches = caps == std::string(kEither);
    harness.caps_with_feature();
    gst_harness_set_sink_caps_str(harness.harness(), caps);

    GstBuffer* passed = harness.pass(OverlayHarness::frame());

    EXPECT_EQ(harness.caps_with_feature(), (std::vector<bool>{attaches}));
    EXPECT_EQ(OverlayHarness::is_drawn_on(passed), !attaches);
    EXPECT_EQ(rectangles_of(passed), attaches ? 1u : 0u);
    gst_buffer_unref(passed);
  }
}

TEST(OverlayComposition, ChangesNothingWhenDownstreamIsTheSame) {
  for (const bool allocates : {false, true}) {
    OverlayHarness harness(kProperties, {kEither, allocates});
    gst_buffer_unref(harness.pass(OverlayHarness::frame()));
    harness.caps_with_feature();
    for (int i = 0; i < 3; i++) {
      gst_harness_push_upstream_event(harness.harness(), gst_event_new_reconfigure());
      gst_buffer_unref(harness.pass(OverlayHarness::frame()));
    }
    EXPECT_EQ(harness.caps_with_feature(), std::vector<bool>{}) << "allocates: " << allocates;
  }
}

GstVideoOverlayComposition* composition_of(GstBuffer* frame) {
  GstVideoOverlayCompositionMeta* meta = gst_buffer_get_video_overlay_composition_meta(frame);
  return meta != nullptr ? meta->overlay : nullptr;
}

// Those who draw it know by its number that it is the same.
TEST(OverlayComposition, IsTheSameUntilTheCaptionChanges) {
  OverlayHarness harness(kProperties, {kWithFeature, true});
  GstBuffer* first = harness.pass(OverlayHarness::frame());
  GstBuffer* second = harness.pass(OverlayHarness::frame());
  harness.set("text-color", "0xffff0000");
  GstBuffer* third = harness.pass(OverlayHarness::frame());

  EXPECT_EQ(composition_of(first), composition_of(second));
  EXPECT_NE(composition_of(second), composition_of(third));
  for (GstBuffer* frame : {first, second, third})
    gst_buffer_unref(frame);
}

TEST(OverlayComposition, KeepsWhatUpstreamAttached) {
  OverlayHarness harness(kProperties, {kWithFeature, true});
  gst_harness_set_src_caps_str(harness.harness(),
                               "video/x-raw(memory:SystemMemory, meta:GstVideoOverlayComposition), "
                               "format=GRAY8, width=320, height=240, framerate=1/1");
  GstBuffer* pixels = gst_buffer_new_allocate(nullptr, 16 * 16 * 4, nullptr);
  gst_buffer_add_video_meta(pixels, GST_VIDEO_FRAME_FLAG_NONE,
                            GST_VIDEO_OVERLAY_COMPOSITION_FORMAT_RGB, 16, 16);
  GstVideoOverlayRectangle* rectangle =
      gst_video_overlay_rectangle_new_raw(pixels, 0, 0, 16, 16, GST_VIDEO_OVERLAY_FORMAT_FLAG_NONE);
  GstVideoOverlayComposition* composition = gst_video_overlay_composition_new(rectangle);
  GstBuffer* frame = OverlayHarness::frame();
  gst_buffer_add_video_overlay_composition_meta(frame, composition);

  GstBuffer* passed = harness.pass(frame);

  EXPECT_EQ(rectangles_of(passed), 2u);
  EXPECT_EQ(gst_video_overlay_composition_n_rectangles(composition), 1u) << "it is shared";
  gst_video_overlay_composition_unref(composition);
  gst_video_overlay_rectangle_unref(rectangle);
  gst_buffer_unref(pixels);
  gst_buffer_unref(passed);
}

TEST(OverlayComposition, IsNotAttachedWithoutOverlay) {
  OverlayHarness harness(
      {{"model", "fake:text=a dog"}, {"mode", "every-frame"}, {"overlay", "false"}},
      {kWithFeature, true});
  GstBuffer* passed = harness.pass(OverlayHarness::frame());
  EXPECT_EQ(rectangles_of(passed), 0u);
  EXPECT_EQ(caption_of(passed), "a dog");
  gst_buffer_unref(passed);
}

TEST(OverlayComposition, PassesFramesWhenNotEnabled) {
  OverlayHarness harness({{"model", "fake:"}, {"mode", "every-frame"}, {"enabled", "false"}},
                         {kWithFeature, true});
  GstBuffer* frame = OverlayHarness::frame();
  GstBuffer* passed = harness.pass(frame);
  EXPECT_EQ(passed, frame);
  EXPECT_EQ(rectangles_of(passed), 0u);
  gst_buffer_unref(passed);
}

}  // namespace
}  // namespace jetsoncaption
