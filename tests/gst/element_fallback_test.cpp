// SPDX-License-Identifier: LGPL-2.1-or-later
// What the element says when the memory of the GPU runs out and the engine moves to the CPU.
#include <string>

#include <gtest/gtest.h>

#include "caption_harness.h"

namespace jetsoncaption {
namespace {

std::string text_of_stat(const CaptionElement& element, const char* field) {
  GstStructure* stats = nullptr;
  g_object_get(element.get(), "stats", &stats, nullptr);
  const char* text = gst_structure_get_string(stats, field);
  std::string result = text != nullptr ? text : "(none)";
  gst_structure_free(stats);
  return result;
}

void expect_warning(CaptionElement& element) {
  GstMessage* message = element.wait_for_message(GST_MESSAGE_WARNING);
  ASSERT_NE(message, nullptr);
  GError* warning = nullptr;
  gst_message_parse_warning(message, &warning, nullptr);
  EXPECT_EQ(warning->domain, GST_RESOURCE_ERROR);
  EXPECT_EQ(warning->code, GST_RESOURCE_ERROR_NO_SPACE_LEFT);
  EXPECT_STREQ(warning->message, "Scripted: the memory of the GPU ran out.");
  g_error_free(warning);
  gst_message_unref(message);
}

class ElementFallback : public testing::TestWithParam<const char*> {};

TEST_P(ElementFallback, WarnsOnceAndGoesOnOnTheCpu) {
  CaptionHarness harness({{"model", "fake:fallback=2"}, {"mode", GetParam()}});

  while (harness.stat("captions") < 4) {
    harness.pass_and_drop(Color{1, 2, 3});
    g_usleep(1000);
  }

  expect_warning(harness);
  EXPECT_EQ(text_of_stat(harness, "device"), "cpu");
  EXPECT_EQ(text_of_stat(harness, "device-fallback"), "Scripted: the memory of the GPU ran out.");
  EXPECT_EQ(harness.stat("failures"), 0u);
  EXPECT_EQ(harness.count_messages(GST_MESSAGE_WARNING), 0) << "once";
}

INSTANTIATE_TEST_SUITE_P(Element, ElementFallback, testing::Values("live", "every-frame"),
                         [](const auto& tested) {
                           return std::string(tested.param) == "live" ? "Live" : "EveryFrame";
                         });

TEST(ElementFallbackWarning, ComesBeforeTheFrameThatCausesIt) {
  CaptionHarness harness({{"model", "fake:fallback=2"}, {"mode", "every-frame"}});
  harness.pass_and_drop(Color{1, 2, 3});
  EXPECT_EQ(text_of_stat(harness, "device"), "cuda");
  EXPECT_EQ(text_of_stat(harness, "device-fallback"), "");
  EXPECT_EQ(harness.count_messages(GST_MESSAGE_WARNING), 0);
  harness.pass_and_drop(Color{1, 2, 3});
  EXPECT_EQ(text_of_stat(harness, "device"), "cpu");
  EXPECT_EQ(harness.count_messages(GST_MESSAGE_WARNING), 1);
}

TEST(ElementFallbackWarning, MayComeWhileTheModelIsLoaded) {
  CaptionHarness harness({{"model", "fake:fallback=0"}, {"mode", "every-frame"}});
  expect_warning(harness);
  EXPECT_EQ(text_of_stat(harness, "device"), "cpu");
  harness.pass_and_drop(Color{1, 2, 3});
  EXPECT_EQ(harness.count_messages(GST_MESSAGE_WARNING), 0) << "once";
}

TEST(ElementFallbackWarning, ComesAgainAfterTheElementWasStopped) {
  CaptionHarness harness({{"model", "fake:fallback=0"}, {"mode", "every-frame"}});
  expect_warning(harness);
  gst_element_set_state(harness.get(), GST_STATE_READY);
  gst_element_set_state(harness.get(), GST_STATE_PLAYING);
  expect_warning(harness);
}

TEST(ElementFallbackWarning, DoesNotComeAgainWhenTheModelIsLoadedAgain) {
  CaptionHarness harness({{"model", "fake:fallback=0"},
                          {"mode", "live"},
                          {"memory-threshold", "0"},
                          {"memory-check-interval", "1"},
                          {"memory-action", "unload"}});
  expect_warning(harness);
  harness.set("memory-threshold", "1");
  harness.pass_and_drop(Color{1, 2, 3});
  for (int i = 0; i < 4000 && harness.state() != "unloaded"; i++)
    g_usleep(5000);
  EXPECT_EQ(harness.count_messages(GST_MESSAGE_WARNING), 1) << "of memory";
  harness.set("memory-threshold", "0");
  harness.pass_and_drop(Color{1, 2, 3});
  for (int i = 0; i < 4000 && harness.state() != "ready"; i++)
    g_usleep(5000);
  EXPECT_EQ(harness.state(), "ready");
  EXPECT_EQ(harness.count_messages(GST_MESSAGE_WARNING), 0);
}

}  // namespace
}  // namespace jetsoncaption
