// SPDX-License-Identifier: LGPL-2.1-or-later
// Starting and stopping the element, and what it says when it cannot start.
#include <cstring>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "caption_harness.h"
#include "fakes/scoped_variable.h"

namespace jetsoncaption {
namespace {

struct StartError {
  GQuark domain = 0;
  int code = 0;
  std::string text;

  bool names(const std::string& part) const { return text.find(part) != std::string::npos; }
};

// Starts an element that is to refuse, at once or in the background, and returns what it says.
StartError error_of_start(const PropertyValues& properties) {
  CaptionElement element(properties);
  gst_element_set_state(element.get(), GST_STATE_PAUSED);
  GstMessage* message = element.wait_for_message(GST_MESSAGE_ERROR);
  StartError result;
  EXPECT_NE(message, nullptr);
  if (message == nullptr)
    return result;
  GError* error = nullptr;
  gst_message_parse_error(message, &error, nullptr);
  result = {error->domain, error->code, error->message};
  g_error_free(error);
  gst_message_unref(message);
  return result;
}

TEST(ElementStart, NamesTheEngineThatIsMissing) {
  const ScopedVariable engine("JETSONCAPTION_ENGINE", "/nowhere/engine.so");
  const StartError error = error_of_start({{"model", "fake:"}});
  EXPECT_EQ(error.domain, GST_RESOURCE_ERROR);
  EXPECT_EQ(error.code, GST_RESOURCE_ERROR_NOT_FOUND);
  EXPECT_TRUE(error.names("/nowhere/engine.so")) << error.text;
  EXPECT_TRUE(error.names("JETSONCAPTION_ENGINE")) << error.text;
  EXPECT_TRUE(error.names("does not exist")) << error.text;
  EXPECT_TRUE(error.names("scripts/setup.sh")) << error.text;
}

TEST(ElementStart, NamesTheEngineThatIsNoLibrary) {
  const ScopedVariable engine("JETSONCAPTION_ENGINE", "/proc/self/cmdline");
  const StartError error = error_of_start({{"model", "fake:"}});
  EXPECT_EQ(error.domain, GST_LIBRARY_ERROR);
  EXPECT_TRUE(error.names("/proc/self/cmdline")) << error.text;
  EXPECT_TRUE(error.names("cannot be opened")) << error.text;
}

TEST(ElementStart, NamesEveryPlaceWhereItLookedForAModel) {
  const ScopedVariable model("JETSONCAPTION_MODEL", nullptr);
  const StartError error = error_of_start({});
  EXPECT_EQ(error.domain, GST_RESOURCE_ERROR);
  EXPECT_EQ(error.code, GST_RESOURCE_ERROR_NOT_FOUND);
  EXPECT_TRUE(error.names("property model is empty")) << error.text;
  EXPECT_TRUE(error.names("JETSONCAPTION_MODEL is not set")) << error.text;
  EXPECT_TRUE(error.names("jetsoncaption/models/lite0-gru-everyday")) << error.text;
  EXPECT_TRUE(error.names("Set model to")) << error.text;
}

TEST(ElementStart, TakesTheModelOfTheEnvironment) {
  const ScopedVariable model("JETSONCAPTION_MODEL", "fake:text=from the environment");
  CaptionHarness harness(PropertyValues{{"mode", "every-frame"}});
  GstBuffer* passed = harness.pass(Color{1, 2, 3});
  EXPECT_EQ(caption_of(passed), "from the environment");
  gst_buffer_unref(passed);
}

TEST(ElementStart, PrefersTheModelOfTheProperty) {
  const ScopedVariable model("JETSONCAPTION_MODEL", "fake:text=from the environment");
  CaptionHarness harness({{"mode", "every-frame"}, {"model", "fake:text=from the property"}});
  GstBuffer* passed = harness.pass(Color{1, 2, 3});
  EXPECT_EQ(caption_of(passed), "from the property");
  gst_buffer_unref(passed);
}

TEST(ElementStart, NamesWhoNamedTheModelThatIsMissing) {
  const ScopedVariable model("JETSONCAPTION_MODEL", "/nowhere/model");
  const StartError error = error_of_start({});
  EXPECT_EQ(error.code, GST_RESOURCE_ERROR_NOT_FOUND);
  EXPECT_TRUE(error.names("\"/nowhere/model\"")) << error.text;
  EXPECT_TRUE(error.names("environment variable JETSONCAPTION_MODEL")) << error.text;
}

struct Refusal {
  const char* kind;
  const char* domain;
  int code;
};

// GoogleTest would print the bytes, padding included.
void PrintTo(const Refusal& refusal, std::ostream* out) {
  *out << refusal.kind;
}

class ElementStartRefusals : public testing::TestWithParam<Refusal> {};

TEST_P(ElementStartRefusals, NamePropertiesValuesAndCause) {
  const std::string model = std::string("fake:fail-create=") + GetParam().kind;
  const StartError error =
      error_of_start({{"model", model}, {"precision", "int8"}, {"threads", "3"}});
  EXPECT_STREQ(g_quark_to_string(error.domain), GetParam().domain);
  EXPECT_EQ(error.code, GetParam().code);
  EXPECT_TRUE(error.names("\"" + model + "\" (property model)")) << error.text;
  EXPECT_TRUE(error.names("precision=int8")) << error.text;
  EXPECT_TRUE(error.names("threads=3")) << error.text;
  EXPECT_TRUE(error.names(std::string("Scripted cause: ") + GetParam().kind)) << error.text;
}

constexpr const char* kResource = "gst-resource-error-quark";
constexpr const char* kLibrary = "gst-library-error-quark";

INSTANTIATE_TEST_SUITE_P(Element, ElementStartRefusals,
                         testing::Values(Refusal{"not-found", kResource,
                                                 GST_RESOURCE_ERROR_NOT_FOUND},
                                         Refusal{"invalid", kResource, GST_RESOURCE_ERROR_SETTINGS},
                                         Refusal{"corrupt", kResource, GST_RESOURCE_ERROR_READ},
                                         Refusal{"unsupported", kLibrary, GST_LIBRARY_ERROR_FAILED},
                                         Refusal{"internal", kLibrary, GST_LIBRARY_ERROR_FAILED}),
                         [](const auto& tested) {
                           std::string name = tested.param.kind;
                           for (char& c : name)
                             c = c == '-' ? '_' : c;
                           return name;
                         });

TEST(ElementStart, FailsAtOnceWhenThereIsNoModelToLookFor) {
  const ScopedVariable model("JETSONCAPTION_MODEL", nullptr);
  const CaptionElement element(PropertyValues{});
  EXPECT_EQ(gst_element_set_state(element.get(), GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
}

TEST(ElementStart, EndsTheStreamWhenTheModelCannotBeLoaded) {
  CaptionHarness harness({{"model", "fake:fail-create=corrupt"}, {"mode", "live"}});
  EXPECT_EQ(harness.state(), "failed");
  EXPECT_EQ(gst_harness_push(harness.harness(), harness.make_frame(Color{1, 2, 3})),
            GST_FLOW_ERROR);
  EXPECT_EQ(harness.count_messages(GST_MESSAGE_ERROR), 1) << "told before the stream ends";
}

// A board that starts may have less memory for a moment than later.
TEST(ElementStart, GoesOnWhereMemoryRunsOutWhileTheModelIsLoaded) {
  for (const char* isolation : {"none", "process"}) {
    const std::string model = std::string("fake:fail-create=memory;fail-first=1;text=") + isolation;
    CaptionHarness harness({{"model", model}, {"mode", "live"}, {"isolation", isolation}});
    GstMessage* message = harness.wait_for_message(GST_MESSAGE_WARNING);
    ASSERT_NE(message, nullptr);
    GError* warning = nullptr;
    gst_message_parse_warning(message, &warning, nullptr);
    EXPECT_TRUE(g_error_matches(warning, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT));
    EXPECT_NE(std::strstr(warning->message, "Scripted cause: memory"), nullptr) << warning->message;
    EXPECT_NE(std::strstr(warning->message, "The video goes on"), nullptr) << warning->message;
    g_error_free(warning);
    gst_message_unref(message);
    harness.pass_and_drop(Color{1, 2, 3});
    if (std::string(isolation) == "none")  // each worker process begins to count anew
      gst_buffer_unref(harness.pass_until(Color{1, 2, 3}, isolation));
    EXPECT_EQ(harness.count_messages(GST_MESSAGE_ERROR), 0);
  }
}

TEST(ElementStart, WarnsOnceWhenTheSelfTestFailsAndGoesOn) {
  CaptionHarness harness({{"model", "fake:self-test=failed;text=a dog"}, {"mode", "every-frame"}});
  for (int i = 0; i < 3; i++) {
    GstBuffer* passed = harness.pass(Color{1, 2, 3});
    EXPECT_EQ(caption_of(passed), "a dog");
    gst_buffer_unref(passed);
  }

  GstMessage* message = harness.wait_for_message(GST_MESSAGE_WARNING);
  ASSERT_NE(message, nullptr);
  GError* warning = nullptr;
  gst_message_parse_warning(message, &warning, nullptr);
  EXPECT_EQ(warning->domain, GST_LIBRARY_ERROR);
  EXPECT_EQ(warning->code, GST_LIBRARY_ERROR_FAILED);
  EXPECT_STREQ(warning->message, "The model fake fails its self-test.");
  g_error_free(warning);
  gst_message_unref(message);
  EXPECT_EQ(harness.count_messages(GST_MESSAGE_WARNING), 0) << "once";
}

TEST(ElementStart, SaysNothingOfASelfTestThatPassedOrIsAbsent) {
  for (const char* model : {"fake:self-test=passed", "fake:"}) {
    CaptionHarness harness({{"model", model}, {"mode", "every-frame"}});
    harness.pass_and_drop(Color{1, 2, 3});
    EXPECT_EQ(harness.count_messages(GST_MESSAGE_WARNING), 0) << model;
  }
}

TEST(ElementStart, WorksAfterItFailed) {
  CaptionElement element(PropertyValues{{"model", "fake:fail-create=corrupt"}});
  gst_element_set_state(element.get(), GST_STATE_PAUSED);
  element.wait_until_loaded();
  EXPECT_EQ(element.state(), "failed");
  gst_element_set_state(element.get(), GST_STATE_NULL);
  element.set("model", "fake:");
  EXPECT_NE(gst_element_set_state(element.get(), GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
  element.wait_until_loaded();
  EXPECT_EQ(element.state(), "ready");
}

std::vector<GstProgressType> progress_of(CaptionElement& element) {
  std::vector<GstProgressType> types;
  while (GstMessage* message = element.wait_for_message(GST_MESSAGE_PROGRESS, 0)) {
    GstProgressType type = GST_PROGRESS_TYPE_CONTINUE;
    gchar* code = nullptr;
    gst_message_parse_progress(message, &type, &code, nullptr);
    EXPECT_STREQ(code, "load-model");
    types.push_back(type);
    g_free(code);
    gst_message_unref(message);
  }
  return types;
}

TEST(ElementStart, TellsOfItsProgress) {
  CaptionElement element(PropertyValues{{"model", "fake:create-ms=100"}});
  gst_element_set_state(element.get(), GST_STATE_PAUSED);
  EXPECT_EQ(element.state(), "loading");
  element.wait_until_loaded();
  EXPECT_EQ(progress_of(element),
            (std::vector<GstProgressType>{GST_PROGRESS_TYPE_START, GST_PROGRESS_TYPE_COMPLETE}));
}

TEST(ElementStart, TellsThatItsProgressEnded) {
  CaptionElement element(PropertyValues{{"model", "fake:fail-create=corrupt"}});
  gst_element_set_state(element.get(), GST_STATE_PAUSED);
  element.wait_until_loaded();
  EXPECT_EQ(progress_of(element),
            (std::vector<GstProgressType>{GST_PROGRESS_TYPE_START, GST_PROGRESS_TYPE_ERROR}));
}

TEST(ElementStart, TellsThatItsProgressWasCutShort) {
  CaptionElement element(PropertyValues{{"model", "fake:create-ms=200"}});
  gst_element_set_state(element.get(), GST_STATE_PAUSED);
  g_usleep(50'000);
  gst_element_set_state(element.get(), GST_STATE_READY);
  EXPECT_EQ(progress_of(element),
            (std::vector<GstProgressType>{GST_PROGRESS_TYPE_START, GST_PROGRESS_TYPE_CANCELED}));
}

TEST(ElementStop, CutsALongCaptionShort) {
  CaptionHarness harness({{"model", "fake:delay-ms=60000"}, {"mode", "live"}});
  harness.pass_and_drop(Color{1, 2, 3});
  const gint64 begin = g_get_monotonic_time();

  gst_element_set_state(harness.get(), GST_STATE_NULL);

  EXPECT_LT(g_get_monotonic_time() - begin, 20 * G_USEC_PER_SEC);
}

TEST(ElementStop, ForgetsTheCaption) {
  CaptionHarness harness({{"model", "fake:text=a dog"}, {"mode", "every-frame"}});
  harness.pass_and_drop(Color{1, 2, 3});
  gst_element_set_state(harness.get(), GST_STATE_READY);
  EXPECT_EQ(harness.get_string("caption"), "");
}

TEST(ElementStop, CountsFramesFromZeroAfterwards) {
  const PropertyValues properties = {{"model", "fake:"}, {"mode", "every-frame"}};
  CaptionHarness harness(properties);
  harness.pass_and_drop(Color{1, 2, 3});
  harness.pass_and_drop(Color{1, 2, 3});
  gst_element_set_state(harness.get(), GST_STATE_READY);
  gst_element_set_state(harness.get(), GST_STATE_PLAYING);
  harness.set_caps(GST_VIDEO_FORMAT_RGB, 320, 240);

  GstBuffer* passed = harness.pass(Color{1, 2, 3});

  const GstJetsonCaptionMeta* meta = gst_buffer_get_jetson_caption_meta(passed);
  ASSERT_NE(meta, nullptr);
  EXPECT_EQ(meta->frame, 0u);
  gst_buffer_unref(passed);
}

TEST(ElementStop, AndStartAHundredTimes) {
  CaptionHarness harness({{"model", "fake:delay-ms=1"}, {"mode", "live"}});
  for (int i = 0; i < 100; i++) {
    harness.set_caps(GST_VIDEO_FORMAT_RGB, 64, 48);
    harness.pass_and_drop(Color{1, 2, 3});
    ASSERT_EQ(gst_element_set_state(harness.get(), GST_STATE_READY), GST_STATE_CHANGE_SUCCESS);
    ASSERT_EQ(gst_element_set_state(harness.get(), GST_STATE_PLAYING), GST_STATE_CHANGE_SUCCESS);
  }
}

TEST(ElementStop, WithoutAFrameIsFine) {
  CaptionElement element(PropertyValues{{"model", "fake:"}});
  EXPECT_NE(gst_element_set_state(element.get(), GST_STATE_PLAYING), GST_STATE_CHANGE_FAILURE);
  EXPECT_EQ(gst_element_set_state(element.get(), GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS);
}

TEST(ElementStop, LeavesBuffersThatAreStillHeld) {
  GstBuffer* passed = nullptr;
  {
    CaptionHarness harness({{"model", "fake:text=a dog"}, {"mode", "every-frame"}});
    passed = harness.pass(Color{1, 2, 3});
  }
  EXPECT_EQ(caption_of(passed), "a dog");
  gst_buffer_unref(passed);
}

}  // namespace
}  // namespace jetsoncaption
