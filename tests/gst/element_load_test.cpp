// SPDX-License-Identifier: LGPL-2.1-or-later
// Opening the engine, loading the model and reading fonts take no time of the application's thread,
// neither when the element starts nor when it stops meanwhile.
#include <cstdlib>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "caption_harness.h"
#include "fakes/scoped_variable.h"

#include <dlfcn.h>

namespace jetsoncaption {
namespace {

constexpr Color kGray{100, 100, 100};

// A tenth of what the engines here take.
constexpr gint64 kNoTimeUs = 60'000;

gint64 microseconds_of_state(const CaptionElement& element, GstState state) {
  const gint64 begin = g_get_monotonic_time();
  EXPECT_NE(gst_element_set_state(element.get(), state), GST_STATE_CHANGE_FAILURE);
  return g_get_monotonic_time() - begin;
}

// What the fake engine counts, which this process must have opened.
int counted(const char* function) {
  void* engine = dlopen(g_getenv("JETSONCAPTION_ENGINE"), RTLD_NOW | RTLD_NOLOAD);
  auto count = reinterpret_cast<int (*)()>(dlsym(engine, function));
  return count != nullptr ? count() : -1;
}

int live_engines() {
  return counted("fake_engine_live_engines");
}

int captions_begun() {
  return counted("fake_engine_captions_begun");
}

void wait_for_live_engines(int count) {
  for (int i = 0; i < 4000 && live_engines() != count; i++)
    g_usleep(5000);
  EXPECT_EQ(live_engines(), count);
}

// Its files are mapped once fonts were looked for.
bool has_read_fonts() {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find("fontconfig") != std::string::npos &&
        line.find("libfontconfig") == std::string::npos)
      return true;
  }
  return false;
}

// First: later no library has to be opened any more, and fonts were read.
TEST(ElementLoad, OpeningTheEngineTakesNoTimeOfTheApplication) {
  const ScopedVariable engine("JETSONCAPTION_ENGINE", JETSONCAPTION_SLOW_ENGINE);
  const CaptionElement element({{"model", "fake:"}, {"overlay", "false"}});
  EXPECT_LT(microseconds_of_state(element, GST_STATE_PAUSED), kNoTimeUs);
  EXPECT_EQ(element.state(), "loading");
  EXPECT_LT(microseconds_of_state(element, GST_STATE_NULL), kNoTimeUs) << "a stop meanwhile";
  EXPECT_LT(microseconds_of_state(element, GST_STATE_PAUSED), kNoTimeUs) << "and a start";
  element.wait_until_loaded();
  EXPECT_EQ(element.state(), "ready");
  EXPECT_EQ(live_engines(), 1);
}

TEST(ElementLoad, ReadsNoFontsUntilCaptionsAreDrawn) {
  CaptionHarness harness({{"model", "fake:"}, {"mode", "live"}, {"overlay", "false"}});
  gst_buffer_unref(harness.pass_until(kGray, average_text(kGray)));
  EXPECT_FALSE(has_read_fonts());
  harness.set("overlay", "true");
  const GstVideoInfo& info = harness.info();
  const std::vector<uint8_t> untouched(GST_VIDEO_INFO_SIZE(&info), kGray.red);
  bool is_drawn = false;
  for (int i = 0; i < 4000 && !is_drawn; i++) {
    GstBuffer* passed = harness.pass(kGray);
    is_drawn = gst_buffer_memcmp(passed, 0, untouched.data(), untouched.size()) != 0;
    gst_buffer_unref(passed);
    g_usleep(5000);
  }
  EXPECT_TRUE(is_drawn);
  EXPECT_TRUE(has_read_fonts()) << "what this test looks for is not there on this system";
}

TEST(ElementLoad, AModelThatIsBeingLoadedIsNotWaitedFor) {
  {
    const CaptionElement element(PropertyValues{{"model", "fake:create-ms=600"}});
    microseconds_of_state(element, GST_STATE_PAUSED);
    g_usleep(100'000);
    EXPECT_LT(microseconds_of_state(element, GST_STATE_NULL), kNoTimeUs);
  }
  g_usleep(300'000);
  EXPECT_EQ(live_engines(), 0) << "it is still being loaded";
  g_usleep(600'000);
  wait_for_live_engines(0);
}

TEST(ElementLoad, AModelThatIsGivenUpIsNotWaitedFor) {
  const CaptionElement element(PropertyValues{{"model", "fake:destroy-ms=400"}});
  microseconds_of_state(element, GST_STATE_PAUSED);
  element.wait_until_loaded();
  EXPECT_LT(microseconds_of_state(element, GST_STATE_NULL), kNoTimeUs);
  EXPECT_EQ(live_engines(), 1) << "it is still being given up";
  microseconds_of_state(element, GST_STATE_PAUSED);
  element.wait_until_loaded();
  EXPECT_EQ(live_engines(), 1) << "a second one is loaded only after that";
  microseconds_of_state(element, GST_STATE_NULL);
  wait_for_live_engines(0);
}

TEST(ElementLoad, ACaptionThatCannotBeCancelledIsNotWaitedFor) {
  CaptionHarness harness({{"model", "fake:deaf-ms=400"}, {"mode", "live"}, {"overlay", "false"}});
  harness.wait_until_loaded();
  const int begun = captions_begun();
  harness.pass_and_drop(kGray);
  for (int i = 0; i < 4000 && captions_begun() == begun; i++)
    g_usleep(1000);
  EXPECT_LT(microseconds_of_state(harness, GST_STATE_NULL), kNoTimeUs);
  EXPECT_EQ(live_engines(), 1) << "it is still being made";
  EXPECT_EQ(harness.count_messages(GST_MESSAGE_ELEMENT), 0);
  wait_for_live_engines(0);
  EXPECT_EQ(harness.count_messages(GST_MESSAGE_ELEMENT), 0);
}

TEST(ElementLoad, MemoryThatIsBeingTrimmedIsNotWaitedFor) {
  CaptionHarness harness({{"model", "fake:trim-ms=400;text=a dog"},
                          {"mode", "live"},
                          {"memory-check-interval", "1"},
                          {"memory-action", "trim"}});
  gst_buffer_unref(harness.pass_until(kGray, "a dog"));
  harness.set("memory-threshold", "1");
  harness.pass_and_drop(kGray);
  g_usleep(50'000);
  EXPECT_LT(microseconds_of_state(harness, GST_STATE_NULL), kNoTimeUs);
  wait_for_live_engines(0);
}

TEST(ElementLoad, NoModelIsLoadedBesideOneThatNobodyWantsAnyMore) {
  CaptionElement element(PropertyValues{{"model", "fake:create-ms=200"}});
  const gint64 begin = g_get_monotonic_time();
  for (int i = 0; i < 20; i++) {
    microseconds_of_state(element, GST_STATE_PAUSED);
    g_usleep(5000);
    microseconds_of_state(element, GST_STATE_NULL);
  }
  EXPECT_LT(g_get_monotonic_time() - begin, 20 * 200'000);
  microseconds_of_state(element, GST_STATE_PAUSED);
  element.wait_until_loaded();
  EXPECT_EQ(element.state(), "ready");
  EXPECT_EQ(live_engines(), 1);
  EXPECT_EQ(element.count_messages(GST_MESSAGE_ERROR), 0);
}

// An engine that hangs in this process is what isolation=process is advised for.
TEST(ElementLoad, AProcessOfItsOwnDoesNotWaitForWhatHangsInThisOne) {
  {
    CaptionHarness hanging({{"model", "fake:deaf-ms=4000"}, {"mode", "live"}});
    const int begun = captions_begun();
    hanging.pass_and_drop(kGray);
    for (int i = 0; i < 4000 && captions_begun() == begun; i++)
      g_usleep(1000);
  }
  EXPECT_EQ(live_engines(), 1) << "nobody waits for it any more";
  const gint64 begin = g_get_monotonic_time();
  CaptionHarness other({{"model", "fake:text=a dog"}, {"mode", "live"}, {"isolation", "process"}});
  gst_buffer_unref(other.pass_until(kGray, "a dog"));
  EXPECT_LT(g_get_monotonic_time() - begin, 3'000'000);
  wait_for_live_engines(0);
}

TEST(ElementLoad, AStopAtTheEndOfALoadIsNotHeldUpByTheModel) {
  for (int i = 0; i < 5; i++) {
    const CaptionElement element(PropertyValues{{"model", "fake:create-ms=100;destroy-ms=600"}});
    microseconds_of_state(element, GST_STATE_PAUSED);
    g_usleep(static_cast<gulong>(90'000 + 3000 * i));
    EXPECT_LT(microseconds_of_state(element, GST_STATE_NULL), kNoTimeUs);
    wait_for_live_engines(0);
  }
}

// In a process of its own.
TEST(ElementLoadDeathTest, TheProcessEndsAfterAModelThatNobodyWantsAnyMore) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        {
          const CaptionElement element(PropertyValues{{"model", "fake:create-ms=400"}});
          microseconds_of_state(element, GST_STATE_PAUSED);
          g_usleep(100'000);
          microseconds_of_state(element, GST_STATE_NULL);
        }
        g_usleep(200'000);  // meanwhile the engine makes something for good
        std::exit(0);
      },
      testing::ExitedWithCode(0), "");
}

// In a process of its own, and in its main thread as an uncaught exception of Python's would.
TEST(ElementLoadDeathTest, TheProcessEndsAfterAModelThatIsBeingLoaded) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        const CaptionElement element(PropertyValues{{"model", "fake:create-ms=400"}});
        microseconds_of_state(element, GST_STATE_PAUSED);
        g_usleep(300'000);  // meanwhile the engine makes something for good
        std::exit(0);
      },
      testing::ExitedWithCode(0), "");
}

TEST(ElementLoad, TellsNothingOfAModelThatNobodyWantsAnyMore) {
  CaptionElement element(PropertyValues{{"model", "fake:create-ms=200;fail-create=corrupt"}});
  microseconds_of_state(element, GST_STATE_PAUSED);
  g_usleep(50'000);
  microseconds_of_state(element, GST_STATE_NULL);
  g_usleep(400'000);
  EXPECT_EQ(element.count_messages(GST_MESSAGE_ERROR), 0);
}

// The first frame of a stream, into an element that is linked with nothing.
void push_gray(GstElement* element) {
  GstPad* pad = gst_element_get_static_pad(element, "sink");
  gst_pad_send_event(pad, gst_event_new_stream_start("stream"));
  GstCaps* caps = gst_caps_from_string("video/x-raw,format=RGB,width=64,height=48,framerate=30/1");
  gst_pad_send_event(pad, gst_event_new_caps(caps));
  gst_caps_unref(caps);
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_pad_send_event(pad, gst_event_new_segment(&segment));
  const gsize size = gsize{64} * 48 * 3;
  GstBuffer* frame = gst_buffer_new_allocate(nullptr, size, nullptr);
  gst_buffer_memset(frame, 0, 100, size);
  GST_BUFFER_PTS(frame) = 0;
  gst_pad_chain(pad, frame);
  gst_object_unref(pad);
}

// The caller owns it. Playing, of nothing that would hold it.
GstElement* play_alone(const char* model) {
  gst_init(nullptr, nullptr);
  GstElement* element = gst_element_factory_make("jetsoncaption", nullptr);
  gst_object_ref_sink(element);
  gst_util_set_object_arg(G_OBJECT(element), "mode", "live");
  g_object_set(element, "model", model, "overlay", FALSE, nullptr);
  gst_element_set_state(element, GST_STATE_PLAYING);
  return element;
}

// GStreamer complains, and nothing else may. In a process of its own, for GStreamer leaves its
// pads.
TEST(ElementLoadDeathTest, AnElementThatIsGivenUpWhileItPlaysIsGoneForItsThreadsToo) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        g_log_set_always_fatal(
            static_cast<GLogLevelFlags>(G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL));
        GstElement* element = play_alone("fake:create-ms=300");
        g_usleep(100'000);
        g_test_expect_message("GStreamer", G_LOG_LEVEL_CRITICAL, "*Trying to dispose*");
        gst_object_unref(element);
        g_usleep(500'000);  // the model has been loaded
        g_test_assert_expected_messages();
        std::_Exit(0);
      },
      testing::ExitedWithCode(0), "");
}

TEST(ElementLoad, AnElementThatIsGivenUpByAHandlerOfItsCaptionsStays) {
  GstElement* element = play_alone("fake:delay-ms=300");
  gint given_up = 0;
  g_object_set_data(G_OBJECT(element), "given-up", &given_up);
  g_signal_connect(element, "caption",
                   G_CALLBACK(+[](GstElement* captioner, const char*, double, guint64, gpointer) {
                     auto* told =
                         static_cast<gint*>(g_object_get_data(G_OBJECT(captioner), "given-up"));
                     gst_object_unref(captioner);
                     g_atomic_int_set(told, 1);
                   }),
                   nullptr);
  wait_for_live_engines(1);
  g_usleep(100'000);
  push_gray(element);
  for (int i = 0; i < 1000 && g_atomic_int_get(&given_up) == 0; i++)
    g_usleep(10'000);
  ASSERT_EQ(g_atomic_int_get(&given_up), 1);
  g_usleep(100'000);
  EXPECT_EQ(GST_OBJECT_REFCOUNT_VALUE(element), 1);
  gst_element_set_state(element, GST_STATE_NULL);
  gst_object_unref(element);
}

}  // namespace
}  // namespace jetsoncaption
