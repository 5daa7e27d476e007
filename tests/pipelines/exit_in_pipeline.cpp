// SPDX-License-Identifier: LGPL-2.1-or-later
// A program that ends by exit(7) while its pipeline plays. For exit_in_pipeline_test.cpp.
//
//   exit-in-pipeline PLUGINS PROPERTIES load|caption MILLISECONDS
//
// It ends so long after the element has begun to load its model, or has made a caption, and prints
// the element's state before. PLUGINS is the folder of GStreamer's plugins.
#include <cstdio>
#include <cstdlib>
#include <string>

#include <gst/gst.h>

#include "load_plugins.h"

namespace {

// False when the element cannot start.
bool wait_for(GstElement* pipeline, GstMessageType type) {
  GstBus* bus = gst_element_get_bus(pipeline);
  GstMessage* message = gst_bus_timed_pop_filtered(
      bus, 20 * GST_SECOND, static_cast<GstMessageType>(type | GST_MESSAGE_ERROR));
  return message != nullptr && GST_MESSAGE_TYPE(message) == type;
}

void print_state(GstElement* pipeline) {
  GstElement* captioner = gst_bin_get_by_name(GST_BIN(pipeline), "captioner");
  GstStructure* stats = nullptr;
  g_object_get(captioner, "stats", &stats, nullptr);
  std::puts(gst_structure_get_string(stats, "state"));
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5)
    return 2;
  gst_init(nullptr, nullptr);
  if (!jetsoncaption::load_plugins(argv[1]))
    return 3;
  const std::string description =
      std::string(
          "videotestsrc ! video/x-raw,width=320,height=240 ! jetsoncaption name=captioner ") +
      argv[2] + " ! fakesink sync=false";
  GstElement* pipeline = gst_parse_launch(description.c_str(), nullptr);
  if (pipeline == nullptr)
    return 4;
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  const bool loads = std::string(argv[3]) == "load";
  if (!wait_for(pipeline, loads ? GST_MESSAGE_PROGRESS : GST_MESSAGE_ELEMENT))
    return 5;
  g_usleep(1000 * std::strtoul(argv[4], nullptr, 10));
  print_state(pipeline);
  std::exit(7);
}
