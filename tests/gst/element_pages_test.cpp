// SPDX-License-Identifier: LGPL-2.1-or-later
// The streaming thread gives no memory back to the system: it would wait there for whoever changes
// the memory of the process at the time, for milliseconds. munmap() of the C library is replaced.
#include <string>

#include <gtest/gtest.h>

#include "caption_harness.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

thread_local bool is_watched = false;
int unmapped = 0;  // by the watched thread

}  // namespace

extern "C" __attribute__((visibility("default"))) int munmap(void* block, size_t bytes) noexcept {
  if (is_watched)
    ++unmapped;
  return static_cast<int>(syscall(SYS_munmap, block, bytes));
}

namespace jetsoncaption {
namespace {

// Passes frames of this color until their caption is on one.
void show(CaptionHarness& harness, const Color& color) {
  std::string text;
  for (int i = 0; i < 2000 && text != average_text(color); ++i) {
    GstBuffer* frame = harness.make_frame(color);
    is_watched = true;
    EXPECT_EQ(gst_harness_push(harness.harness(), frame), GST_FLOW_OK);
    is_watched = false;
    GstBuffer* passed = gst_harness_pull(harness.harness());
    text = caption_of(passed);
    gst_buffer_unref(passed);
    g_usleep(1000);
  }
  EXPECT_EQ(text, average_text(color));
}

TEST(ElementPages, AreNotGivenBackByTheStreamingThread) {
  // No caption fades, for that is drawn anew.
  CaptionHarness harness({{"model", "fake:"}, {"mode", "live"}, {"caption-timeout", "0"}});
  harness.set_caps(GST_VIDEO_FORMAT_RGB, 1920, 1080);
  show(harness, {10, 10, 10});
  show(harness, {20, 20, 20});
  unmapped = 0;
  for (uint8_t gray = 30; gray < 80; gray += 10)
    show(harness, {gray, gray, gray});
  EXPECT_EQ(unmapped, 0);
}

}  // namespace
}  // namespace jetsoncaption
