// SPDX-License-Identifier: LGPL-2.1-or-later
// The plugin loads without LibTorch, and a pipeline with it leaves nothing behind.
#include <string>

#include <gst/gst.h>
#include <gtest/gtest.h>

#include "run_command.h"

#include <dlfcn.h>

using jetsoncaption::Outcome;
using jetsoncaption::run;

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// Before GStreamer loads it. A thread that loads a model outlives the element that was stopped.
TEST(Plugin, StaysInTheProcessWhenItIsClosed) {
  void* plugin = dlopen(JETSONCAPTION_PLUGIN, RTLD_NOW | RTLD_LOCAL);
  ASSERT_NE(plugin, nullptr) << dlerror();
  EXPECT_EQ(dlclose(plugin), 0);
  EXPECT_NE(dlopen(JETSONCAPTION_PLUGIN, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD), nullptr);
}

TEST(Plugin, LinksNoLibTorch) {
  const Outcome readelf = run("readelf -d " JETSONCAPTION_PLUGIN);
  if (!readelf.ran)
    GTEST_SKIP() << "readelf is not installed";
  ASSERT_EQ(readelf.status, 0) << readelf.err;
  EXPECT_TRUE(contains(readelf.out, "libgstreamer-1.0")) << readelf.out;
  for (const char* library : {"libtorch", "libc10", "libgomp", "jetsoncaption-engine"})
    EXPECT_FALSE(contains(readelf.out, library)) << readelf.out;
}

TEST(Plugin, ExportsNoNamesOfItsOwnButThoseOfGStreamer) {
  const Outcome readelf = run("readelf --wide --dyn-syms " JETSONCAPTION_PLUGIN);
  if (!readelf.ran)
    GTEST_SKIP() << "readelf is not installed";
  EXPECT_TRUE(contains(readelf.out, "gst_plugin_jetsoncaption_get_desc")) << readelf.out;
  EXPECT_FALSE(contains(readelf.out, "13jetsoncaption")) << "a C++ name of ours:\n" << readelf.out;
}

TEST(Plugin, IsRegisteredWithTheElement) {
  gst_init(nullptr, nullptr);
  GstElementFactory* factory = gst_element_factory_find("jetsoncaption");
  ASSERT_NE(factory, nullptr);
  EXPECT_STREQ(gst_element_factory_get_metadata(factory, GST_ELEMENT_METADATA_KLASS),
               "Filter/Analyzer/Video");
  EXPECT_EQ(gst_plugin_feature_get_rank(GST_PLUGIN_FEATURE(factory)), GST_RANK_NONE);
  gst_object_unref(factory);
}

// What it sets there is for boards with 64-bit ARM and for CUDA.
#if defined(__x86_64__) && !defined(JETSONCAPTION_CUDA)
TEST(Plugin, LeavesTheEnvironmentOfItsHostAlone) {
  gst_init(nullptr, nullptr);
  gchar** before = g_get_environ();
  GstElement* element = gst_element_factory_make("jetsoncaption", nullptr);
  ASSERT_NE(element, nullptr);
  gst_object_unref(element);
  gchar** after = g_get_environ();
  EXPECT_EQ(g_strv_length(after), g_strv_length(before));
  EXPECT_STREQ(g_environ_getenv(after, "OPENBLAS_CORETYPE"),
               g_environ_getenv(before, "OPENBLAS_CORETYPE"));
  g_strfreev(after);
  g_strfreev(before);
}
#endif

// A plugin with a sanitizer does not load into a program without one.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kLoadsAnywhere = false;
#else
constexpr bool kLoadsAnywhere = true;
#endif

// Runs a pipeline in a program of its own, with the plugins of the system beside ours.
Outcome launch(const std::string& pipeline) {
  gchar* registry = g_strconcat(g_getenv("GST_REGISTRY"), ".system", nullptr);
  const Outcome outcome = run("env -u GST_PLUGIN_SYSTEM_PATH_1_0 gst-launch-1.0 -q " + pipeline,
                              {{"GST_REGISTRY", registry},
                               {"GST_TRACERS", "leaks"},
                               {"GST_DEBUG", "GST_TRACER:7"},
                               {"GST_DEBUG_NO_COLOR", "1"}});
  g_free(registry);
  return outcome;
}

// Leaks are listed as "object-alive, type-name=(string)GstBuffer, ...". The format of that line is
// traced too.
bool lists_leaks(const std::string& trace) {
  const std::string line = "object-alive, type-name=(string)";
  size_t at = trace.find(line);
  while (at != std::string::npos && trace.compare(at + line.size(), 2, "%s") == 0)
    at = trace.find(line, at + 1);
  return at != std::string::npos;
}

void expect_no_leaks(const Outcome& outcome) {
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  if (!contains(outcome.err, "object-alive.class"))
    GTEST_SKIP() << "the leaks tracer is not installed";
  EXPECT_FALSE(lists_leaks(outcome.err)) << outcome.err;
}

TEST(Plugin, LeaksNothingWhenEachFrameIsDescribed) {
  if (!kLoadsAnywhere)
    GTEST_SKIP() << "built with AddressSanitizer, which finds leaks in the other tests";
  const Outcome outcome = launch(
      "videotestsrc num-buffers=30 ! video/x-raw,format=NV12 ! "
      "jetsoncaption model=fake:count=1 mode=every-frame memory-threshold=1 ! tee name=t "
      "t. ! queue ! fakesink t. ! queue ! fakesink");
  if (!outcome.ran)
    GTEST_SKIP() << "gst-launch-1.0 is not installed";
  expect_no_leaks(outcome);
}

TEST(Plugin, LeaksNothingWhenStoppedWhileTheModelIsBusy) {
  if (!kLoadsAnywhere)
    GTEST_SKIP() << "built with AddressSanitizer, which finds leaks in the other tests";
  const Outcome outcome = launch(
      "videotestsrc is-live=true num-buffers=20 ! "
      "jetsoncaption model=fake:delay-ms=60000 ! fakesink sync=true");
  if (!outcome.ran)
    GTEST_SKIP() << "gst-launch-1.0 is not installed";
  expect_no_leaks(outcome);
}

}  // namespace
