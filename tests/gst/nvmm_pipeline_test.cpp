// SPDX-License-Identifier: LGPL-2.1-or-later
// Pipelines as on a Jetson board, from a camera that has few frames to a display that keeps one.
#include <string>
#include <vector>

#include <gst/gst.h>
#include <gtest/gtest.h>

#include "nvmm_harness.h"

#include <dlfcn.h>

namespace jetsoncaption {
namespace {

// The plugin with tee and queue, beside the library of GStreamer; the others of the system are left
// out.
void load_core_elements() {
  Dl_info library;
  ASSERT_NE(dladdr(reinterpret_cast<void*>(gst_init), &library), 0);
  gchar* folder = g_path_get_dirname(library.dli_fname);
  const std::string file = std::string(folder) + "/gstreamer-1.0/libgstcoreelements.so";
  g_free(folder);
  GstPlugin* plugin = gst_plugin_load_file(file.c_str(), nullptr);
  ASSERT_NE(plugin, nullptr) << file;
  gst_object_unref(plugin);
}

// A pipeline that runs to its end.
class NvmmPipeline : public testing::Test {
 protected:
  void SetUp() override {
    gst_init(nullptr, nullptr);
    load_core_elements();
    fake_nvmm::forget_failures();
  }
  void TearDown() override {
    EXPECT_EQ(fake_nvmm::errors(), std::vector<std::string>{});
    EXPECT_EQ(fake_nvmm::live_surfaces(), 0);
  }

  // Runs it, and returns what the sinks counted: frames, captioned, foreign of each.
  static std::vector<guint64> run(const std::string& description) {
    GError* error = nullptr;
    GstElement* pipeline = gst_parse_launch(description.c_str(), &error);
    if (error != nullptr) {
      ADD_FAILURE() << error->message;
      g_error_free(error);
      return {};
    }
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    GstBus* bus = gst_element_get_bus(pipeline);
    constexpr auto kEnds = static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
    GstMessage* message = gst_bus_timed_pop_filtered(bus, GST_CLOCK_TIME_NONE, kEnds);
    EXPECT_EQ(GST_MESSAGE_TYPE(message), GST_MESSAGE_EOS);
    gst_message_unref(message);
    std::vector<guint64> counts;
    for (const char* name : {"first", "second"}) {
      GstElement* sink = gst_bin_get_by_name(GST_BIN(pipeline), name);
      if (sink == nullptr)
        continue;
      for (const char* property : {"frames", "captioned", "foreign"}) {
        guint64 count = 0;
        g_object_get(sink, property, &count, nullptr);
        counts.push_back(count);
      }
      gst_object_unref(sink);
    }
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(bus);
    gst_object_unref(pipeline);
    return counts;
  }

  static std::string camera(const std::string& properties) {
    const bool surface = nvmm_kind() == NvmmKind::Surface;
    return "nvmmtestsrc bufapi-version=" + std::string(surface ? "true " : "false ") + properties +
           " ! video/x-raw(memory:NVMM),format=NV12,width=320,height=240,framerate=30/1 ";
  }
};

constexpr guint64 kNone = 0;

// As many frames as the environment says, for long runs.
guint64 frames_to_run() {
  const char* frames = g_getenv("JETSONCAPTION_TEST_FRAMES");
  return frames != nullptr ? g_ascii_strtoull(frames, nullptr, 10) : 300;
}

TEST_F(NvmmPipeline, DrawsOnEachFrameOnceThereIsACaption) {
  const guint64 frames = frames_to_run();
  const auto counts = run(camera("num-buffers=" + std::to_string(frames)) +
                          "! jetsoncaption model=fake:text=a mode=every-frame ! "
                          "nvmmtestsink name=first");
  EXPECT_EQ(counts, (std::vector<guint64>{frames, frames, kNone}));
}

TEST_F(NvmmPipeline, LeavesFramesBehindATeeAsTheyAre) {
  const auto counts = run(camera("num-buffers=100") +
                          "! tee name=t "
                          "t. ! queue max-size-buffers=1 ! jetsoncaption model=fake:text=a "
                          "mode=every-frame ! nvmmtestsink name=first "
                          "t. ! queue max-size-buffers=1 ! nvmmtestsink name=second");
  ASSERT_EQ(counts.size(), 6u);
  EXPECT_EQ(counts[0], 100u);
  EXPECT_EQ(counts[2], kNone) << "no frame became a copy of its handle";
  EXPECT_EQ(counts[3], 100u);
  EXPECT_EQ(counts[4], kNone) << "nobody draws on what another branch shows";
}

// A camera in its time, and a model that takes longer than its pool lasts.
TEST_F(NvmmPipeline, LeavesTheCameraItsFramesWhileTheModelIsBusy) {
  const auto counts = run(camera("num-buffers=60 is-live=true") +
                          "! jetsoncaption model=fake:delay-ms=600 ! nvmmtestsink name=first");
  ASSERT_EQ(counts.size(), 3u);
  EXPECT_EQ(counts[0], 60u);
}

}  // namespace
}  // namespace jetsoncaption
