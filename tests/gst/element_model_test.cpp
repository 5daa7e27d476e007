// SPDX-License-Identifier: LGPL-2.1-or-later
// The property model while the element runs: another model takes the place of the one before
// between two captions, or is refused, and no frame is lost.
#include <string>

#include <gtest/gtest.h>

#include "caption_harness.h"
#include "fakes/scoped_variable.h"

namespace jetsoncaption {
namespace {

constexpr Color kColor{10, 20, 30};

class ElementModel : public testing::TestWithParam<const char*> {};

TEST_P(ElementModel, IsChangedBetweenTwoCaptions) {
  CaptionHarness harness({{"model", "fake:text=one"}, {"mode", GetParam()}});
  gst_buffer_unref(harness.pass_until(kColor, "one"));
  harness.set("model", "fake:text=two;create-ms=100");
  gst_buffer_unref(harness.pass_until(kColor, "two"));
  EXPECT_EQ(harness.stat("failures"), 0u);
  EXPECT_EQ(harness.count_messages(GST_MESSAGE_WARNING), 0);
  EXPECT_EQ(harness.state(), "ready");
}

TEST_P(ElementModel, MayReadPicturesOfAnotherSize) {
  CaptionHarness harness({{"model", "fake:text=small;input=32"}, {"mode", GetParam()}});
  gst_buffer_unref(harness.pass_until(kColor, "small"));
  for (const char* size : {"640", "8", "224"}) {
    harness.set("model", "fake:input=" + std::string(size));
    gst_buffer_unref(harness.pass_until(kColor, average_text(kColor)));
    harness.set("model", "fake:text=between;input=32");
    gst_buffer_unref(harness.pass_until(kColor, "between"));
  }
  EXPECT_EQ(harness.stat("failures"), 0u);
}

INSTANTIATE_TEST_SUITE_P(Element, ElementModel, testing::Values("live", "every-frame"),
                         [](const auto& tested) {
                           return std::string(tested.param) == "live" ? "Live" : "EveryFrame";
                         });

TEST(ElementModelChange, HoldsUpNoLiveFrame) {
  CaptionHarness harness({{"model", "fake:text=one"}, {"mode", "live"}});
  gst_buffer_unref(harness.pass_until(kColor, "one"));
  harness.set("model", "fake:text=two;create-ms=800");
  const gint64 begin = g_get_monotonic_time();
  for (int i = 0; i < 20; i++) {
    GstBuffer* frame = harness.pass(kColor);
    EXPECT_EQ(caption_of(frame), "one") << "the one before is kept meanwhile";
    gst_buffer_unref(frame);
  }
  EXPECT_LT(g_get_monotonic_time() - begin, 400'000);
  gst_buffer_unref(harness.pass_until(kColor, "two"));
}

// What was there when the load began is an old story when it ends.
TEST(ElementModelChange, DescribesNoFrameAsOldAsTheLoad) {
  const Color now{90, 80, 70};
  CaptionHarness harness({{"model", "fake:text=one"}, {"mode", "live"}});
  gst_buffer_unref(harness.pass_until(kColor, "one"));
  harness.set("model", "fake:create-ms=1000");
  for (int i = 0; i < 20; i++) {
    harness.pass_and_drop(kColor);
    g_usleep(10000);
  }
  std::string caption = "one";
  while (caption == "one") {
    GstBuffer* frame = harness.pass(now);
    caption = caption_of(frame);
    gst_buffer_unref(frame);
    g_usleep(10000);
  }
  EXPECT_EQ(caption, average_text(now));
}

TEST(ElementModelChange, LeavesNoFrameOfEveryFrameModeWithoutItsCaption) {
  CaptionHarness harness({{"model", "fake:count=1;text=a"}, {"mode", "every-frame"}});
  for (int i = 0; i < 30; i++) {
    if (i % 10 == 5)
      harness.set("model", "fake:count=1;text=" + std::to_string(i));
    GstBuffer* frame = harness.pass(kColor);
    EXPECT_NE(caption_of(frame), "");
    gst_buffer_unref(frame);
  }
  EXPECT_EQ(harness.stat("captions"), 30u);
}

TEST(ElementModelChange, IsRefusedWhenTheModelCannotBeLoaded) {
  CaptionHarness harness({{"model", "fake:text=one"}, {"mode", "every-frame"}});
  harness.pass_and_drop(kColor);
  harness.set("model", "fake:fail-create=corrupt");
  const std::string warning = harness.next_warning();
  EXPECT_NE(warning.find("fake:fail-create=corrupt"), std::string::npos) << warning;
  EXPECT_NE(warning.find("goes on"), std::string::npos) << warning;
  gst_buffer_unref(harness.pass_until(kColor, "one"));
  EXPECT_EQ(harness.count_messages(GST_MESSAGE_ERROR), 0);
}

TEST(ElementModelChange, IsRefusedWhenTheModelFailsItsSelfTest) {
  CaptionHarness harness({{"model", "fake:text=one"}, {"mode", "every-frame"}});
  harness.pass_and_drop(kColor);
  harness.set("model", "fake:text=two;self-test=failed");
  EXPECT_NE(harness.next_warning().find("goes on"), std::string::npos);
  gst_buffer_unref(harness.pass_until(kColor, "one"));
}

// While none is loaded the new one is tried first, and the one before is kept all the same.
TEST(ElementModelChange, IsRefusedAlsoWhileNoModelIsLoaded) {
  for (const char* bad : {"fake:fail-create=corrupt", "fake:text=two;self-test=failed"}) {
    CaptionHarness harness({{"model", "fake:text=one;allocate-mb=4"},
                            {"mode", "live"},
                            {"memory-action", "unload"},
                            {"memory-check-interval", "1"},
                            {"memory-threshold", "0"}});
    gst_buffer_unref(harness.pass_until(kColor, "one"));
    harness.set("memory-threshold", "1");
    for (int i = 0; i < 4000 && harness.state() != "unloaded"; i++) {
      harness.pass_and_drop(kColor);
      g_usleep(1000);
    }
    ASSERT_EQ(harness.state(), "unloaded");
    harness.next_warning();
    harness.set("model", bad);
    harness.set("memory-threshold", "0");
    harness.pass_and_drop(kColor);
    const std::string warning = harness.next_warning();
    EXPECT_NE(warning.find("The model before goes on"), std::string::npos) << warning;
    const uint64_t before = harness.stat("captions");
    for (int i = 0; i < 4000 && harness.stat("captions") == before; i++) {
      harness.pass_and_drop(kColor);
      g_usleep(1000);
    }
    EXPECT_GT(harness.stat("captions"), before);
    gst_buffer_unref(harness.pass_until(kColor, "one"));
    EXPECT_EQ(harness.count_messages(GST_MESSAGE_ERROR), 0);
  }
}

// An error ends no stream that asks for no captions.
TEST(ElementModelChange, TakesThePlaceOfOneThatCouldNotBeLoaded) {
  CaptionHarness harness(
      {{"model", "fake:fail-create=corrupt"}, {"mode", "live"}, {"enabled", "false"}});
  gst_message_unref(harness.wait_for_message(GST_MESSAGE_ERROR, 5 * GST_SECOND));
  {
    const ScopedVariable gone("JETSONCAPTION_MODEL", nullptr);
    harness.set("model", "");
  }
  const std::string warning = harness.next_warning();
  EXPECT_NE(warning.find("could not be loaded either"), std::string::npos) << warning;
  harness.set("model", "fake:fail-create=corrupt;text=worse");
  gst_message_unref(harness.wait_for_message(GST_MESSAGE_ERROR, 5 * GST_SECOND));
  harness.set("model", "fake:text=two");
  harness.set("enabled", "true");
  gst_buffer_unref(harness.pass_until(kColor, "two"));
}

TEST(ElementModelChange, TakesThePlaceOfOneThatIsLoadedInVain) {
  CaptionElement element(
      PropertyValues{{"model", "fake:create-ms=300;fail-create=corrupt"}, {"mode", "live"}});
  gst_element_set_state(element.get(), GST_STATE_PAUSED);
  g_usleep(100 * G_TIME_SPAN_MILLISECOND);  // it is being loaded
  element.set("model", "fake:text=two");
  const gint64 end = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;
  while (element.state() != "ready" && g_get_monotonic_time() < end)
    g_usleep(1000);
  EXPECT_EQ(element.state(), "ready");
  EXPECT_EQ(element.count_messages(GST_MESSAGE_ERROR), 0);
}

TEST(ElementModelChange, TakesOverNoPropertyThatWasSetTooLate) {
  CaptionHarness harness({{"model", "fake:text=one"}, {"mode", "live"}, {"threads", "3"}});
  gst_buffer_unref(harness.pass_until(kColor, "one"));
  harness.set("isolation", "process");
  harness.next_warning();
  harness.set("model", "fake:text=two");
  gst_buffer_unref(harness.pass_until(kColor, "two"));
  EXPECT_EQ(harness.stat("worker-pid"), 0U) << "that counts at the next start";
}

TEST(ElementModelChange, IsTriedAgainWhenTheSameIsSetAgain) {
  CaptionHarness harness({{"model", "fake:text=one"}, {"mode", "live"}});
  gst_buffer_unref(harness.pass_until(kColor, "one"));
  const std::string mended = "fake:fail-create=corrupt;fail-first=1;text=mended";
  harness.set("model", mended);
  EXPECT_NE(harness.next_warning().find("goes on"), std::string::npos);
  harness.set("model", mended);
  gst_buffer_unref(harness.pass_until(kColor, "mended"));
}

// A synchronous handler of messages runs in the thread that sets the model.
TEST(ElementModelChange, MayBeAnsweredByAnotherOneInTheHandlerOfItsWarning) {
  CaptionHarness harness({{"model", "fake:text=one"}, {"mode", "live"}, {"isolation", "process"}});
  gst_buffer_unref(harness.pass_until(kColor, "one"));
  bool is_answered = false;
  struct Answer {
    CaptionHarness& harness;
    bool& is_answered;
  } answer{harness, is_answered};
  gst_bus_set_sync_handler(
      harness.bus(),
      [](GstBus*, GstMessage* message, gpointer data) {
        const auto* to = static_cast<Answer*>(data);
        if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_WARNING && !to->is_answered) {
          to->is_answered = true;
          to->harness.set("model", "fake:text=three");
        }
        return GST_BUS_PASS;
      },
      &answer, nullptr);
  {
    const ScopedVariable gone("JETSONCAPTION_WORKER", "/no/such/worker");
    harness.set("model", "fake:text=two");
  }
  EXPECT_TRUE(is_answered);
  gst_bus_set_sync_handler(harness.bus(), nullptr, nullptr, nullptr);
}

TEST(ElementModelChange, IsForgottenWhenTheElementStops) {
  CaptionElement element(PropertyValues{{"model", "fake:text=one"}, {"mode", "live"}});
  gst_element_set_state(element.get(), GST_STATE_PAUSED);
  element.wait_until_loaded();
  element.set("model", "fake:create-ms=500;fail-create=corrupt");
  gst_element_set_state(element.get(), GST_STATE_NULL);
  EXPECT_EQ(element.count_messages(GST_MESSAGE_WARNING), 0);
}

TEST(ElementModelChange, StaysWhenTheModelIsUnloadedAndLoadedAgain) {
  CaptionHarness harness({{"model", "fake:text=one;allocate-mb=1"},
                          {"mode", "every-frame"},
                          {"isolation", "process"}});
  gst_buffer_unref(harness.pass_until(kColor, "one"));
  harness.set("model", "fake:text=two;crash-at=3");
  gst_buffer_unref(harness.pass_until(kColor, "two"));
  for (int i = 0; i < 10; i++)
    harness.pass_and_drop(kColor);
  EXPECT_NE(harness.next_warning().find("SIGSEGV"), std::string::npos);
  gst_buffer_unref(harness.pass_until(kColor, "two"));
}

}  // namespace
}  // namespace jetsoncaption
