// SPDX-License-Identifier: LGPL-2.1-or-later
// An engine that is silent for long, for example because it hangs, is a warning and no secret.
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "caption_harness.h"

namespace jetsoncaption {
namespace {

constexpr Color kColor{10, 20, 30};
constexpr const char* kSilentForLong = "fake:slow-at=1;slow-ms=13500;text=at last";

// Passes frames until the caption, and returns how many warnings came.
int warnings_until_caption(CaptionHarness& harness) {
  gst_buffer_unref(harness.pass_until(kColor, "at last"));
  return harness.count_messages(GST_MESSAGE_WARNING);
}

// One shares the engine and waits for its turn: to its user it is the same.
TEST(ElementOverdue, WarnsOnceThatNoCaptionComesAndFramesGoOn) {
  CaptionHarness hanging({{"model", kSilentForLong}, {"mode", "live"}});
  CaptionHarness sharing({{"model", kSilentForLong}, {"mode", "live"}});
  hanging.pass_and_drop(kColor);
  std::thread shares([&] { EXPECT_EQ(warnings_until_caption(sharing), 1); });
  std::string warning;
  while (warning.empty()) {
    hanging.pass_and_drop(kColor);
    GstMessage* message = hanging.wait_for_message(GST_MESSAGE_WARNING, 10 * GST_MSECOND);
    if (message != nullptr) {
      gst_message_unref(message);
      break;
    }
  }
  EXPECT_EQ(warnings_until_caption(hanging), 0);
  shares.join();
}

// That is told by progress messages, and is no silence.
TEST(ElementOverdue, DoesNotTakeTheLoadOfAnotherModelForSilence) {
  CaptionHarness harness({{"model", "fake:text=one"}, {"mode", "live"}});
  gst_buffer_unref(harness.pass_until(kColor, "one"));
  harness.set("model", "fake:create-ms=13500;text=at last");
  EXPECT_EQ(warnings_until_caption(harness), 0);
}

TEST(ElementOverdue, WarnsWhileAFrameWaitsForItsCaption) {
  CaptionHarness harness({{"model", kSilentForLong}, {"mode", "every-frame"}});
  GstBuffer* frame = harness.pass(kColor);
  EXPECT_EQ(caption_of(frame), "at last");
  gst_buffer_unref(frame);
  EXPECT_NE(harness.next_warning().find("isolation=process"), std::string::npos);
  EXPECT_EQ(harness.count_messages(GST_MESSAGE_WARNING), 0);
}

}  // namespace
}  // namespace jetsoncaption
