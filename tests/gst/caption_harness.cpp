// SPDX-License-Identifier: LGPL-2.1-or-later
// A jetsoncaption element between two pads, with a bus, for tests of what it does to frames.
#include "caption_harness.h"

#include <algorithm>
#include <cstring>

#include <gtest/gtest.h>

namespace jetsoncaption {

namespace {

GstElement* make_element() {
  static const bool initialised = (gst_init(nullptr, nullptr), true);
  (void)initialised;
  GstElement* element = gst_element_factory_make("jetsoncaption", nullptr);
  if (element == nullptr)
    g_error("GST_PLUGIN_PATH does not lead to the plugin; run the tests through meson");
  return GST_ELEMENT(gst_object_ref_sink(element));
}

void fill(GstBuffer* buffer, const GstVideoInfo& info, const Color& color) {
  GstMapInfo map;
  ASSERT_TRUE(gst_buffer_map(buffer, &map, GST_MAP_WRITE));
  memset(map.data, color.red, map.size);
  if (GST_VIDEO_INFO_FORMAT(&info) == GST_VIDEO_FORMAT_RGB) {
    for (int y = 0; y < GST_VIDEO_INFO_HEIGHT(&info); y++) {
      uint8_t* row = map.data + static_cast<size_t>(y) * GST_VIDEO_INFO_PLANE_STRIDE(&info, 0);
      for (int x = 0; x < GST_VIDEO_INFO_WIDTH(&info); x++) {
        row[3 * x] = color.red;
        row[3 * x + 1] = color.green;
        row[3 * x + 2] = color.blue;
      }
    }
  }
  gst_buffer_unmap(buffer, &map);
}

}  // namespace

std::string average_text(const Color& color) {
  return "average " + std::to_string(color.red) + " " + std::to_string(color.green) + " " +
         std::to_string(color.blue);
}

CaptionElement::CaptionElement(const PropertyValues& properties)
    : element_(make_element()), bus_(gst_bus_new()) {
  gst_element_set_bus(element_, bus_);
  for (const auto& property : properties)
    set(property.first, property.second);
}

CaptionElement::~CaptionElement() {
  gst_element_set_state(element_, GST_STATE_NULL);
  gst_element_set_bus(element_, nullptr);
  gst_bus_set_flushing(bus_, TRUE);
  for (GstMessage* message : messages_)
    gst_message_unref(message);
  gst_object_unref(bus_);
  gst_object_unref(element_);
}

void CaptionElement::set(const char* property, const std::string& value) {
  gst_util_set_object_arg(G_OBJECT(element_), property, value.c_str());
}

std::string CaptionElement::get_string(const char* property) const {
  gchar* value = nullptr;
  g_object_get(element_, property, &value, nullptr);
  const std::string result = value != nullptr ? value : "";
  g_free(value);
  return result;
}

unsigned CaptionElement::get_uint(const char* property) const {
  guint value = 0;
  g_object_get(element_, property, &value, nullptr);
  return value;
}

uint64_t CaptionElement::stat(const char* field) const {
  GstStructure* stats = nullptr;
  g_object_get(element_, "stats", &stats, nullptr);
  guint64 wide = 0;
  guint narrow = 0;
  if (gst_structure_get_uint(stats, field, &narrow))
    wide = narrow;
  else
    gst_structure_get_uint64(stats, field, &wide);
  gst_structure_free(stats);
  return wide;
}

std::string CaptionElement::stat_text(const char* field) const {
  GstStructure* stats = nullptr;
  g_object_get(element_, "stats", &stats, nullptr);
  const std::string text = gst_structure_get_string(stats, field);
  gst_structure_free(stats);
  return text;
}

void CaptionElement::wait_until_loaded() const {
  const gint64 end = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;
  while (state() == "loading" && g_get_monotonic_time() < end)
    g_usleep(1000);
  EXPECT_NE(state(), "loading");
}

GstMessage* CaptionElement::take_message(GstMessageType types) {
  while (GstMessage* message = gst_bus_pop(bus_))
    messages_.push_back(message);
  const auto found = std::find_if(messages_.begin(), messages_.end(), [types](GstMessage* message) {
    return (GST_MESSAGE_TYPE(message) & types) != 0;
  });
  if (found == messages_.end())
    return nullptr;
  GstMessage* message = *found;
  messages_.erase(found);
  return message;
}

GstMessage* CaptionElement::wait_for_message(GstMessageType types, GstClockTime timeout) {
  const gint64 end = g_get_monotonic_time() + static_cast<gint64>(GST_TIME_AS_USECONDS(timeout));
  GstMessage* message = take_message(types);
  while (message == nullptr && g_get_monotonic_time() < end) {
    g_usleep(1000);
    message = take_message(types);
  }
  return message;
}

std::string CaptionElement::next_warning() {
  GstMessage* message = wait_for_message(GST_MESSAGE_WARNING);
  EXPECT_NE(message, nullptr) << "no warning came";
  if (message == nullptr)
    return "";
  GError* warning = nullptr;
  gst_message_parse_warning(message, &warning, nullptr);
  std::string text = warning->message;
  g_error_free(warning);
  gst_message_unref(message);
  return text;
}

int CaptionElement::count_messages(GstMessageType types) {
  int count = 0;
  while (GstMessage* message = take_message(types)) {
    gst_message_unref(message);
    count++;
  }
  return count;
}

CaptionHarness::CaptionHarness(const PropertyValues& properties)
    : CaptionElement(properties), harness_(gst_harness_new_with_element(get(), "sink", "src")) {
  set_caps(GST_VIDEO_FORMAT_RGB, 320, 240);
  wait_until_loaded();
}

CaptionHarness::~CaptionHarness() {
  // Stops the element before its pads are taken apart.
  gst_element_set_state(get(), GST_STATE_NULL);
  gst_harness_teardown(harness_);
}

void CaptionHarness::set_caps(GstVideoFormat format, int width, int height) {
  gst_video_info_init(&info_);
  gst_video_info_set_format(&info_, format, width, height);
  info_.fps_n = 30;
  info_.fps_d = 1;
  gst_harness_set_src_caps(harness_, gst_video_info_to_caps(&info_));
}

void CaptionHarness::flush() {
  gst_harness_push_event(harness_, gst_event_new_flush_start());
  gst_harness_push_event(harness_, gst_event_new_flush_stop(TRUE));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_harness_push_event(harness_, gst_event_new_segment(&segment));
}

GstBuffer* CaptionHarness::make_frame(const Color& color) {
  GstBuffer* buffer = gst_buffer_new_allocate(nullptr, GST_VIDEO_INFO_SIZE(&info_), nullptr);
  fill(buffer, info_, color);
  GST_BUFFER_PTS(buffer) = gst_util_uint64_scale(made_++, GST_SECOND, 30);
  return buffer;
}

GstBuffer* CaptionHarness::pass(GstBuffer* frame) {
  EXPECT_EQ(gst_harness_push(harness_, frame), GST_FLOW_OK);
  GstBuffer* result = gst_harness_try_pull(harness_);
  EXPECT_NE(result, nullptr) << "the frame was lost";
  return result != nullptr ? result : gst_buffer_new();
}

GstBuffer* CaptionHarness::pass_until(const Color& color, const std::string& text) {
  const gint64 end = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;
  for (;;) {
    GstBuffer* frame = pass(color);
    if (caption_of(frame) == text)
      return frame;
    if (g_get_monotonic_time() > end) {
      ADD_FAILURE() << "no frame came with the caption '" << text << "' but '" << caption_of(frame)
                    << "'";
      return frame;
    }
    gst_buffer_unref(frame);
    g_usleep(2000);
  }
}

void propose_allocation_meta(GstHarness* harness, GType api) {
  const auto add = [](GstPad*, GstPadProbeInfo* info, gpointer type) {
    GstQuery* query = GST_PAD_PROBE_INFO_QUERY(info);
    if (GST_QUERY_TYPE(query) == GST_QUERY_ALLOCATION)
      gst_query_add_allocation_meta(query, static_cast<GType>(GPOINTER_TO_SIZE(type)), nullptr);
    return GST_PAD_PROBE_OK;
  };
  // Queries are pulled out once they are answered.
  constexpr int kAnswered = GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM | GST_PAD_PROBE_TYPE_PULL;
  gst_pad_add_probe(harness->sinkpad, static_cast<GstPadProbeType>(kAnswered), add,
                    GSIZE_TO_POINTER(api), nullptr);
}

std::string caption_of(GstBuffer* buffer) {
  const GstJetsonCaptionMeta* meta = gst_buffer_get_jetson_caption_meta(buffer);
  return meta != nullptr ? gst_jetson_caption_meta_get_text(meta) : "";
}

}  // namespace jetsoncaption
