// SPDX-License-Identifier: LGPL-2.1-or-later
// NVMM frames on a machine that has none of NVIDIA's libraries.
#include <string>

#include <gtest/gtest.h>

#include "caption_harness.h"

#include <dlfcn.h>

namespace jetsoncaption {
namespace {

TEST(NvmmWithoutLibraries, IsRefusedWithWhatToInstall) {
  if (dlopen("libnvbufsurface.so", RTLD_LAZY) != nullptr ||
      dlopen("libnvbuf_utils.so", RTLD_LAZY) != nullptr)
    GTEST_SKIP() << "this machine has the libraries";
  CaptionElement element(PropertyValues{{"model", "fake:"}});
  GstHarness* harness = gst_harness_new_with_element(element.get(), "sink", "src");
  gst_harness_set_src_caps_str(harness,
                               "video/x-raw(memory:NVMM), format=NV12, width=64, height=64");
  EXPECT_EQ(gst_harness_push(harness, gst_buffer_new()), GST_FLOW_NOT_NEGOTIATED);

  GstMessage* message = element.wait_for_message(GST_MESSAGE_ERROR, 0);
  ASSERT_NE(message, nullptr);
  GError* error = nullptr;
  gst_message_parse_error(message, &error, nullptr);
  EXPECT_TRUE(g_error_matches(error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND));
  for (const char* part : {"libnvbufsurface.so", "libnvbuf_utils.so", "aarch64-linux-gnu/tegra",
                           "aarch64-linux-gnu/nvidia", "nvidia-l4t-multimedia", "nvvidconv"})
    EXPECT_NE(std::string(error->message).find(part), std::string::npos) << error->message;
  g_error_free(error);
  gst_message_unref(message);
  gst_element_set_state(element.get(), GST_STATE_NULL);
  gst_harness_teardown(harness);
}

}  // namespace
}  // namespace jetsoncaption
