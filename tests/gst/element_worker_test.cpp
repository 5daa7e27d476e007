// SPDX-License-Identifier: LGPL-2.1-or-later
// With isolation=process the engine may end in any way: frames go on, a warning says what happened,
// and captions come back.
#include <csignal>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "caption_harness.h"
#include "fakes/scoped_variable.h"

#include <glob.h>
#include <sys/wait.h>

namespace jetsoncaption {
namespace {

constexpr Color kColor{10, 20, 30};

PropertyValues worker_with(const std::string& script, const PropertyValues& more = {}) {
  PropertyValues values = {{"model", "fake:" + script}, {"mode", "live"}, {"isolation", "process"}};
  values.insert(values.end(), more.begin(), more.end());
  return values;
}

pid_t worker_of(const CaptionElement& element) {
  return static_cast<pid_t>(element.stat("worker-pid"));
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Passes frames at some 200 a second until then; each must come out, and none may wait.
template <typename Condition>
void pass_frames_until(CaptionHarness& harness, Condition&& condition) {
  const gint64 end = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;
  while (!condition() && g_get_monotonic_time() < end) {
    harness.pass_and_drop(kColor);
    g_usleep(5000);
  }
  EXPECT_TRUE(condition());
}

void pass_frames_until_captions(CaptionHarness& harness, uint64_t more) {
  const uint64_t wanted = harness.stat("captions") + more;
  pass_frames_until(harness, [&] { return harness.stat("captions") >= wanted; });
}

bool has_child() {
  siginfo_t ended;
  return waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) == 0;
}

// A stop waits 20 ms for the thread that ends the process; on a busy machine that takes longer.
void expect_no_child() {
  const gint64 end = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;
  while (has_child() && g_get_monotonic_time() < end)
    g_usleep(1000);
  EXPECT_FALSE(has_child()) << "a process was left behind";
}

// 0: there is none. Each thread has a list of those that it started.
pid_t only_child() {
  glob_t lists;
  pid_t child = 0;
  if (glob("/proc/self/task/*/children", 0, nullptr, &lists) == 0) {
    for (size_t i = 0; i < lists.gl_pathc && child == 0; i++)
      std::ifstream(lists.gl_pathv[i]) >> child;
  }
  globfree(&lists);
  return child;
}

void wait_for_child() {
  const gint64 end = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;
  while (!has_child() && g_get_monotonic_time() < end)
    g_usleep(1000);
  ASSERT_TRUE(has_child());
}

TEST(ElementWorker, SaysWhatTheElementSaysWithoutIt) {
  std::vector<std::string> captions;
  for (const char* isolation : {"none", "process"}) {
    CaptionHarness harness({{"model", "fake:tag=thing"},
                            {"mode", "every-frame"},
                            {"attention", "true"},
                            {"isolation", isolation}});
    GstBuffer* passed = harness.pass(kColor);
    const GstJetsonCaptionMeta* meta = gst_buffer_get_jetson_caption_meta(passed);
    ASSERT_NE(meta, nullptr);
    ASSERT_EQ(gst_jetson_caption_meta_get_n_tags(meta), 1U);
    ASSERT_EQ(gst_jetson_caption_meta_get_n_words(meta), 4U);
    captions.push_back(std::string(meta->text) + "/" + gst_jetson_caption_meta_get_tag(meta, 0) +
                       "/" + gst_jetson_caption_meta_get_word(meta, 3));
    gst_buffer_unref(passed);
    EXPECT_EQ(worker_of(harness) != 0, std::string(isolation) == "process");
  }
  EXPECT_EQ(captions[0], captions[1]);
  EXPECT_EQ(captions[0], average_text(kColor) + "/thing/30");
  expect_no_child();
}

TEST(ElementWorker, GoesOnWhenTheProcessIsKilled) {
  for (const int signal : {SIGSEGV, SIGKILL}) {
    CaptionHarness harness(worker_with("text=a dog;count=1"));
    pass_frames_until_captions(harness, 2);
    const pid_t before = worker_of(harness);
    ASSERT_GT(before, 0);
    kill(before, signal);
    pass_frames_until(harness, [&] { return harness.stat("failures") == 1; });
    const std::string warning = harness.next_warning();
    EXPECT_TRUE(contains(warning, "signal " + std::to_string(signal))) << warning;
    EXPECT_TRUE(contains(warning, "The video goes on")) << warning;
    pass_frames_until_captions(harness, 2);
    EXPECT_NE(worker_of(harness), before);
    EXPECT_EQ(harness.stat("worker-restarts"), 1U);
    EXPECT_EQ(harness.state(), "ready");
    EXPECT_EQ(harness.count_messages(GST_MESSAGE_ERROR), 0);
  }
  expect_no_child();
}

TEST(ElementWorker, EndsAProcessThatHangs) {
  CaptionHarness harness(worker_with("hang-at=3", {{"worker-timeout", "200"}}));
  pass_frames_until(harness, [&] { return harness.stat("failures") == 1; });
  const std::string warning = harness.next_warning();
  EXPECT_TRUE(contains(warning, "did not answer for 200 ms")) << warning;
  pass_frames_until_captions(harness, 1);

  kill(worker_of(harness), SIGSTOP);
  pass_frames_until(harness, [&] { return harness.stat("failures") == 2; });
  EXPECT_TRUE(contains(harness.next_warning(), "did not answer for 200 ms"));
}

TEST(ElementWorker, WaitsLongerEachTimeTheProcessEnds) {
  CaptionHarness harness(worker_with("exit-at=1"));
  const gint64 begin = g_get_monotonic_time();
  pass_frames_until(harness, [&] { return harness.stat("failures") == 3; });
  EXPECT_GE(g_get_monotonic_time() - begin, 1500000) << "0.5 s and 1 s";
  EXPECT_TRUE(contains(harness.next_warning(), "exit code 3"));
  EXPECT_EQ(harness.stat("worker-restarts"), 2U);
}

std::string fallback_of(const CaptionElement& element) {
  GstStructure* stats = nullptr;
  g_object_get(element.get(), "stats", &stats, nullptr);
  std::string text = gst_structure_get_string(stats, "worker-fallback");
  gst_structure_free(stats);
  return text;
}

std::string warning_with(CaptionElement& element, const std::string& part) {
  for (int i = 0; i < 10; i++) {
    const std::string warning = element.next_warning();
    if (warning.empty() || contains(warning, part))
      return warning;
  }
  return "";
}

TEST(ElementWorker, IsModestWhenTheProcessEndsAgainAndAgain) {
  CaptionHarness harness(worker_with("crash-unless-modest=1;text=a dog", {{"threads", "2"}}));
  pass_frames_until_captions(harness, 2);
  EXPECT_EQ(harness.stat("failures"), 3U);
  EXPECT_EQ(harness.stat("worker-restarts"), 3U);
  EXPECT_EQ(harness.stat("worker-fallbacks"), 1U);
  EXPECT_TRUE(contains(fallback_of(harness), "SIGSEGV"));
  const std::string warning = warning_with(harness, "precision=int8, device=cpu and threads=1");
  EXPECT_TRUE(contains(warning, "SIGSEGV")) << "the cause: " << warning;

  harness.set("model", "fake:text=a cat;request=0");
  gst_buffer_unref(harness.pass_until(kColor, "a cat"));
  EXPECT_EQ(fallback_of(harness), "") << "another model is loaded as it is wanted";
  EXPECT_EQ(harness.stat("worker-fallbacks"), 1U);
}

TEST(ElementWorker, WantsWhatWasAskedForWhenItStartsAgain) {
  CaptionHarness harness(worker_with("crash-unless-modest=1;text=a dog"));
  pass_frames_until_captions(harness, 1);
  gst_element_set_state(harness.get(), GST_STATE_READY);
  gst_element_set_state(harness.get(), GST_STATE_PLAYING);
  harness.set_caps(GST_VIDEO_FORMAT_RGB, 320, 240);
  harness.wait_until_loaded();
  EXPECT_EQ(fallback_of(harness), "");
  EXPECT_EQ(harness.stat("worker-fallbacks"), 0U);
  pass_frames_until(harness, [&] { return harness.stat("failures") == 1; });
}

TEST(ElementWorker, GoesOnTryingWhereNothingMoreModestCanBeHad) {
  CaptionHarness harness(worker_with("exit-at=1;no-int8=1"));
  pass_frames_until(harness, [&] { return harness.stat("failures") == 4; });
  EXPECT_EQ(harness.stat("worker-fallbacks"), 1U);
  EXPECT_EQ(fallback_of(harness), "");
  EXPECT_EQ(harness.count_messages(GST_MESSAGE_ERROR), 0);
}

TEST(ElementWorker, TriesAgainWhenTheProcessEndsWhileItLoads) {
  CaptionHarness harness(worker_with("crash-create=1"));
  const std::string warning = harness.next_warning();
  EXPECT_TRUE(contains(warning, "SIGSEGV) while it loaded the model")) << warning;
  harness.pass_and_drop(kColor);
  pass_frames_until(harness, [&] { return harness.stat("worker-restarts") >= 1; });
  EXPECT_EQ(harness.count_messages(GST_MESSAGE_ERROR), 0);
}

// The process has ended, and the next one would be of another model, which ends it too.
TEST(ElementWorker, GoesOnWithTheModelBeforeWhenTheProcessEndsWhileANewOneIsLoaded) {
  CaptionHarness harness(worker_with("text=a dog"));
  pass_frames_until_captions(harness, 1);
  kill(worker_of(harness), SIGKILL);
  pass_frames_until(harness, [&] { return harness.stat("failures") == 1; });
  harness.next_warning();
  harness.set("model", "fake:crash-create=1");
  const std::string warning = harness.next_warning();
  EXPECT_TRUE(contains(warning, "The model before goes on")) << warning;
  pass_frames_until_captions(harness, 1);
  EXPECT_EQ(harness.count_messages(GST_MESSAGE_ERROR), 0);
}

TEST(ElementWorker, GivesFramesOfEveryFrameModeACaptionAgain) {
  CaptionHarness harness(
      {{"model", "fake:crash-at=3;text=a dog"}, {"mode", "every-frame"}, {"isolation", "process"}});
  harness.pass_and_drop(kColor);
  harness.pass_and_drop(kColor);
  harness.pass_and_drop(kColor);
  EXPECT_TRUE(contains(harness.next_warning(), "Frame 2 could not be described"));
  pass_frames_until_captions(harness, 1);
}

TEST(ElementWorker, EndsTheProcessToUnloadTheModel) {
  CaptionHarness harness(worker_with(
      "text=a dog;allocate-mb=100",
      {{"memory-action", "unload"}, {"memory-check-interval", "1"}, {"memory-threshold", "0"}}));
  pass_frames_until_captions(harness, 1);
  const pid_t worker = worker_of(harness);
  harness.pass_and_drop(kColor);
  const unsigned with = harness.get_uint("memory-usage");
  EXPECT_GE(harness.stat("worker-mb"), 100U) << "what it holds";
#ifndef __SANITIZE_ADDRESS__
  EXPECT_LT(harness.stat("process-mb"), harness.stat("worker-mb"));
#endif
  EXPECT_LE(harness.stat("private-mb"), harness.stat("process-mb"));
  EXPECT_NEAR(harness.stat("process-mb") + harness.stat("worker-mb"), with, 2);
  harness.set("memory-threshold", std::to_string(with / 2));  // so far above it, at once
  pass_frames_until(harness, [&] { return harness.state() == "unloaded"; });
  EXPECT_EQ(worker_of(harness), 0);
  pass_frames_until(harness, [&] { return kill(worker, 0) != 0; });
  harness.pass_and_drop(kColor);
  EXPECT_LT(harness.get_uint("memory-usage") + 80, with);
  EXPECT_EQ(harness.stat("worker-mb"), 0U);
  expect_no_child();
}

TEST(ElementWorker, EndsWithTheElement) {
  pid_t worker = 0;
  {
    CaptionHarness harness(worker_with("text=a dog"));
    pass_frames_until_captions(harness, 1);
    worker = worker_of(harness);
  }
  expect_no_child();
  EXPECT_NE(kill(worker, 0), 0);
}

// Loading it takes a minute, and the next model need not wait for that.
TEST(ElementWorker, IsEndedByAStopWhileItLoads) {
  CaptionElement element(worker_with("create-ms=60000"));
  gst_element_set_state(element.get(), GST_STATE_PAUSED);
  wait_for_child();
  gst_element_set_state(element.get(), GST_STATE_NULL);
  expect_no_child();
  element.set("model", "fake:text=a dog");
  gst_element_set_state(element.get(), GST_STATE_PAUSED);
  element.wait_until_loaded();
  EXPECT_EQ(element.state(), "ready");
  EXPECT_EQ(element.count_messages(GST_MESSAGE_ERROR), 0);
}

#ifdef __SANITIZE_THREAD__
constexpr int kSlowness = 5;
#else
constexpr int kSlowness = 1;
#endif

TEST(ElementWorker, IsLoadedToTheEndForAnotherElement) {
  const std::string model = "create-ms=" + std::to_string(3000 * kSlowness) + ";text=a dog";
  CaptionElement other(worker_with(model));
  pid_t loading = 0;
  {
    CaptionElement first(worker_with(model));
    gst_element_set_state(first.get(), GST_STATE_PAUSED);
    wait_for_child();
    gst_element_set_state(other.get(), GST_STATE_PAUSED);
    g_usleep(500000 * kSlowness);  // it waits for the load that has begun
    loading = only_child();
    EXPECT_NE(loading, 0);
  }
  other.wait_until_loaded();
  EXPECT_EQ(worker_of(other), loading) << "another process was started";
}

TEST(ElementWorker, IsNotWaitedForByAStopWhenItHangs) {
  pid_t worker = 0;
  gint64 begin = 0;
  {
    CaptionHarness harness(worker_with("hang-at=2", {{"worker-timeout", "1000"}}));
    pass_frames_until_captions(harness, 1);
    const uint64_t skipped = harness.stat("skipped");
    pass_frames_until(harness, [&] { return harness.stat("skipped") >= skipped + 3; });
    worker = worker_of(harness);
    begin = g_get_monotonic_time();
  }
  EXPECT_LT(g_get_monotonic_time() - begin, 500000);
  for (int i = 0; i < 10000 && kill(worker, 0) == 0; i++)
    g_usleep(1000);
  EXPECT_NE(kill(worker, 0), 0) << "the thread that was left ends it when the time is up";
}

TEST(ElementWorker, RefusesToStartWithoutTheProgram) {
  const ScopedVariable variable("JETSONCAPTION_WORKER", "/no/such/worker");
  CaptionElement element({{"model", "fake:"}, {"isolation", "process"}});
  EXPECT_EQ(gst_element_set_state(element.get(), GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
  GstMessage* message = element.wait_for_message(GST_MESSAGE_ERROR);
  ASSERT_NE(message, nullptr);
  GError* error = nullptr;
  gst_message_parse_error(message, &error, nullptr);
  EXPECT_TRUE(contains(error->message, "/no/such/worker")) << error->message;
  EXPECT_TRUE(contains(error->message, "isolation=none")) << error->message;
  g_error_free(error);
  gst_message_unref(message);
}

}  // namespace
}  // namespace jetsoncaption
