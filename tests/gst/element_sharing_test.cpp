// SPDX-License-Identifier: LGPL-2.1-or-later
// Elements of one process that want the same engine share it, take turns, and do each other no
// harm.
#include <csignal>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "caption_harness.h"

#include <dlfcn.h>

namespace jetsoncaption {
namespace {

constexpr Color kColor{10, 20, 30};

using Harness = std::unique_ptr<CaptionHarness>;

// Of the fake engine, which this process must have opened.
int live_engines() {
  void* engine = dlopen(g_getenv("JETSONCAPTION_ENGINE"), RTLD_NOW | RTLD_NOLOAD);
  auto count = reinterpret_cast<int (*)()>(dlsym(engine, "fake_engine_live_engines"));
  return count != nullptr ? count() : -1;
}

Harness live(const std::string& script, const PropertyValues& more = {}) {
  PropertyValues values = {{"model", "fake:" + script}, {"mode", "live"}, {"overlay", "false"}};
  values.insert(values.end(), more.begin(), more.end());
  return std::make_unique<CaptionHarness>(values);
}

// Passes frames to both until then, at some 200 a second; each must come out, and none may wait.
template <typename Condition>
void pass_frames_until(CaptionHarness& one, CaptionHarness& other, Condition&& condition) {
  const gint64 end = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;
  while (!condition() && g_get_monotonic_time() < end) {
    one.pass_and_drop(kColor);
    other.pass_and_drop(kColor);
    g_usleep(5000);
  }
  EXPECT_TRUE(condition());
}

void pass_until_captions(CaptionHarness& one, CaptionHarness& other, uint64_t more) {
  const uint64_t first = one.stat("captions") + more;
  const uint64_t second = other.stat("captions") + more;
  pass_frames_until(one, other, [&] {
    return one.stat("captions") >= first && other.stat("captions") >= second;
  });
}

TEST(ElementSharing, LoadsOneEngineForTheSameModel) {
  {
    const Harness one = live("text=one load;creates=1");
    const Harness other = live("text=one load;creates=1");
    EXPECT_EQ(live_engines(), 1);
    EXPECT_EQ(one->stat("engine-users"), 2U);
    EXPECT_EQ(other->stat("engine-users"), 2U);
    pass_until_captions(*one, *other, 2);
    gst_element_set_state(one->get(), GST_STATE_NULL);
    EXPECT_EQ(one->stat("engine-users"), 0U);
    EXPECT_EQ(other->stat("engine-users"), 1U);
    EXPECT_EQ(live_engines(), 1);
  }
  EXPECT_EQ(live_engines(), 0) << "it goes with the last one";
}

TEST(ElementSharing, LoadsOneEngineForThoseThatStartAtOnce) {
  const PropertyValues values = {{"model", "fake:create-ms=300;creates=1;text=at once"}};
  CaptionElement one(values);
  CaptionElement other(values);
  CaptionElement third(values);
  for (const CaptionElement* element : {&one, &other, &third})
    gst_element_set_state(element->get(), GST_STATE_PAUSED);
  g_usleep(50000);
  gst_element_set_state(one.get(), GST_STATE_NULL);  // the one that loads it, or one that waits
  other.wait_until_loaded();
  third.wait_until_loaded();
  EXPECT_EQ(other.state(), "ready");
  EXPECT_EQ(third.state(), "ready");
  EXPECT_EQ(live_engines(), 1);
}

TEST(ElementSharing, LoadsAnotherEngineForWhatIsDifferent) {
  const Harness one = live("text=different");
  const Harness precision = live("text=different", {{"precision", "int8"}});
  EXPECT_EQ(live_engines(), 2);
  const Harness threads = live("text=different", {{"threads", "2"}});
  EXPECT_EQ(live_engines(), 3);
  const Harness model = live("text=another");
  EXPECT_EQ(live_engines(), 4);
  EXPECT_EQ(one->stat("engine-users"), 1U);
}

TEST(ElementSharing, GivesEachElementItsTurn) {
  const Harness one = live("delay-ms=20");
  const Harness other = live("delay-ms=20");
  pass_until_captions(*one, *other, 1);
  const uint64_t first = one->stat("captions");
  const uint64_t second = other->stat("captions");
  pass_frames_until(*one, *other, [&] { return one->stat("captions") >= first + 20; });
  const auto captions = static_cast<int>(other->stat("captions") - second);
  EXPECT_NEAR(captions, 20, 2);
  EXPECT_EQ(one->stat("failures") + other->stat("failures"), 0U);
}

// The frames between cost the streaming thread nothing: 50 comes soon after 40, which is fresh
// still.
TEST(ElementSharing, DescribesANewFrameWhenTheOneThatWaitedIsOld) {
  const Harness one = live("slow-at=1;slow-ms=600");
  const Harness other = live("slow-at=1;slow-ms=600");
  one->pass_and_drop(kColor);
  g_usleep(50000);
  other->pass_and_drop({40, 40, 40});
  g_usleep(20000);
  other->pass_and_drop({50, 50, 50});
  g_usleep(150000);
  other->pass_and_drop({60, 60, 60});
  EXPECT_EQ(other->stat("skipped"), 2U);
  const gint64 end = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;
  while (other->stat("captions") == 0 && g_get_monotonic_time() < end)
    g_usleep(5000);
  EXPECT_EQ(other->get_string("caption"), average_text({60, 60, 60}));
}

TEST(ElementSharing, AStopCancelsNoCaptionOfOthers) {
  Harness one = live("delay-ms=300;text=kept");
  const Harness other = live("delay-ms=300;text=kept");
  other->pass_and_drop(kColor);
  g_usleep(50000);
  one->pass_and_drop(kColor);
  g_usleep(50000);
  const gint64 begin = g_get_monotonic_time();
  one.reset();
  EXPECT_LT(g_get_monotonic_time() - begin, 150000) << "it waited for its turn";
  const gint64 end = begin + 10 * G_USEC_PER_SEC;
  while (other->stat("captions") == 0 && g_get_monotonic_time() < end)
    g_usleep(5000);
  EXPECT_LT(g_get_monotonic_time() - begin, 600000);
  EXPECT_EQ(other->get_string("caption"), "kept");
  EXPECT_EQ(other->stat("failures"), 0U);
}

TEST(ElementSharing, AStopInTheMiddleOfACaptionLetsOthersGoOn) {
  Harness one = live("slow-at=1;slow-ms=1000;text=next");
  const Harness other = live("slow-at=1;slow-ms=1000;text=next");
  one->pass_and_drop(kColor);
  g_usleep(50000);
  other->pass_and_drop(kColor);
  g_usleep(100000);
  const gint64 begin = g_get_monotonic_time();
  one.reset();
  const gint64 end = begin + 10 * G_USEC_PER_SEC;
  while (other->stat("captions") == 0 && g_get_monotonic_time() < end)
    g_usleep(5000);
  EXPECT_LT(g_get_monotonic_time() - begin, 1500000)
      << "the rest of the other one's was waited for";
  EXPECT_EQ(other->stat("failures"), 0U);
}

TEST(ElementSharing, KeepsTheRequestsApart) {
  const Harness one = live("request=1", {{"beam-size", "4"}, {"max-words", "7"}});
  const Harness other = live("request=1", {{"max-inference-time", "90"}});
  pass_until_captions(*one, *other, 5);
  EXPECT_EQ(one->get_string("caption").find("beam-size 4 max-words 7 max-inference-ms 0"), 0U);
  EXPECT_EQ(other->get_string("caption").find("beam-size 1 max-words 20 max-inference-ms 90"), 0U);
}

TEST(ElementSharing, ChangesTheModelOfOneAlone) {
  const Harness one = live("text=one");
  const Harness other = live("text=other");
  const Harness third = live("text=one");
  EXPECT_EQ(live_engines(), 2);
  one->set("model", "fake:text=other");
  gst_buffer_unref(one->pass_until(kColor, "other"));
  EXPECT_EQ(other->stat("engine-users"), 2U);
  EXPECT_EQ(third->stat("engine-users"), 1U);
  gst_buffer_unref(third->pass_until(kColor, "one"));
  EXPECT_EQ(live_engines(), 2);
}

TEST(ElementSharing, StartsALostProcessOnceForAll) {
  const Harness one = live("text=a dog", {{"isolation", "process"}});
  const Harness other = live("text=a dog", {{"isolation", "process"}});
  pass_until_captions(*one, *other, 1);
  const uint64_t before = one->stat("worker-pid");
  ASSERT_NE(before, 0U);
  EXPECT_EQ(other->stat("worker-pid"), before);
  kill(static_cast<pid_t>(before), SIGSEGV);
  pass_frames_until(*one, *other,
                    [&] { return one->stat("failures") == 1 && other->stat("failures") == 1; });
  pass_until_captions(*one, *other, 2);
  EXPECT_NE(one->stat("worker-pid"), before);
  EXPECT_EQ(one->stat("worker-pid"), other->stat("worker-pid"));
  EXPECT_EQ(one->stat("worker-restarts"), 1U);
  EXPECT_EQ(other->stat("worker-restarts"), 1U);
}

TEST(ElementSharing, TheProcessOutlivesTheElementThatStartedIt) {
  Harness one = live("text=a dog", {{"isolation", "process"}});
  const Harness other = live("text=a dog", {{"isolation", "process"}});
  const uint64_t before = one->stat("worker-pid");
  one.reset();
  gst_buffer_unref(other->pass_until(kColor, "a dog"));
  EXPECT_EQ(other->stat("worker-pid"), before);
  EXPECT_EQ(other->stat("failures"), 0U);
}

}  // namespace
}  // namespace jetsoncaption
