// SPDX-License-Identifier: LGPL-2.1-or-later
// A jetsoncaption element that gets frames in NVMM memory.
#include "nvmm_harness.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace jetsoncaption {

namespace {

bool environment_is(const char* variable, const char* value) {
  return g_strcmp0(g_getenv(variable), value) == 0;
}

GstVideoInfo info_of(const NvmmFormat& format) {
  GstVideoInfo info;
  gst_video_info_set_format(&info, format.format, static_cast<guint>(format.width),
                            static_cast<guint>(format.height));
  info.fps_n = 30;
  info.fps_d = 1;
  return info;
}

void free_pool(GstBufferPool* pool) {
  if (pool == nullptr)
    return;
  gst_buffer_pool_set_active(pool, FALSE);
  gst_object_unref(pool);
}

constexpr guint kFrames = 6;

}  // namespace

NvmmKind nvmm_kind() {
  return environment_is("JETSONCAPTION_TEST_NVMM", "handle") ? NvmmKind::Handle : NvmmKind::Surface;
}

bool is_nvbuf_utils() {
  return environment_is("JETSONCAPTION_TEST_NVMM_RELEASE", "r32");
}

NvmmHarness::NvmmHarness(const PropertyValues& properties, const NvmmFormat& format)
    : CaptionElement(properties), harness_(gst_harness_new_with_element(get(), "sink", "src")) {
  set_format(format);
  wait_until_loaded();
}

NvmmHarness::~NvmmHarness() {
  gst_element_set_state(get(), GST_STATE_NULL);
  gst_harness_teardown(harness_);
  free_pool(pool_);
}

void NvmmHarness::set_format(const NvmmFormat& format) {
  free_pool(pool_);
  GstVideoInfo info = info_of(format);
  pool_ = make_nvmm_pool(info, nvmm_kind(), format.layout, kFrames);
  GstCaps* caps = gst_video_info_to_caps(&info);
  gst_caps_set_features(caps, 0, gst_caps_features_new("memory:NVMM", nullptr));
  gst_harness_set_src_caps(harness_, caps);
}

GstBuffer* NvmmHarness::make_frame(const fake_nvmm::Pixel& pixel) {
  GstBufferPoolAcquireParams params = {};
  params.flags = GST_BUFFER_POOL_ACQUIRE_FLAG_DONTWAIT;
  GstBuffer* buffer = nullptr;
  if (gst_buffer_pool_acquire_buffer(pool_, &buffer, &params) != GST_FLOW_OK) {
    ADD_FAILURE() << "the camera has no frame left";
    return gst_buffer_new();
  }
  fake_nvmm::fill(nvmm_surface_of(buffer), pixel);
  GST_BUFFER_PTS(buffer) = gst_util_uint64_scale(made_++, GST_SECOND, 30);
  return buffer;
}

GstBuffer* NvmmHarness::pass(GstBuffer* frame) {
  EXPECT_EQ(gst_harness_push(harness_, frame), GST_FLOW_OK);
  GstBuffer* result = gst_harness_try_pull(harness_);
  EXPECT_NE(result, nullptr) << "the frame was lost";
  return result != nullptr ? result : gst_buffer_new();
}

std::vector<fake_nvmm::Pixel> pixels_of(GstBuffer* buffer) {
  return fake_nvmm::pixels_of(nvmm_surface_of(buffer));
}

bool is_plain(GstBuffer* buffer, const fake_nvmm::Pixel& pixel) {
  const auto pixels = pixels_of(buffer);
  return !pixels.empty() &&
         std::all_of(pixels.begin(), pixels.end(),
                     [&pixel](const fake_nvmm::Pixel& other) { return other == pixel; });
}

}  // namespace jetsoncaption
