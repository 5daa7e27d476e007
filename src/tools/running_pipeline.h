// SPDX-License-Identifier: LGPL-2.1-or-later
// A GStreamer pipeline that ends in an appsink.
#pragma once

#include <memory>
#include <string>

#include <gst/gst.h>

#include "base/result.h"

namespace jetsoncaption {

// Once, whoever comes first: tools that read no picture should not pay for GStreamer's registry.
Result<void> initialise_gstreamer();

bool has_element(const char* name);

// A running pipeline whose last element is an appsink named "sink". Frames, the end and errors all
// arrive as bus messages, so that there is a single place to wait at and an error can never leave
// us waiting for a frame.
class RunningPipeline {
 public:
  // `name` is the file's, for messages.
  static Result<std::unique_ptr<RunningPipeline>> create(const std::string& name,
                                                         const std::string& description);
  RunningPipeline(std::string name, GstElement* pipeline);
  ~RunningPipeline();
  RunningPipeline(const RunningPipeline&) = delete;
  RunningPipeline& operator=(const RunningPipeline&) = delete;

  // Borrowed; nullptr when the description has no such element.
  GstElement* element(const char* name) const;

  // Failures show up as messages, and so in pull().
  void play();

  // The next frame, owned by the caller; nullptr at the end.
  Result<GstSample*> pull();

  // What the tags say of how frames are stored, 1 to 8 (orientation.h); 1 where they say nothing.
  int orientation() const;

 private:
  const std::string name_;
  GstElement* pipeline_;
  GstElement* sink_;
  GstBus* bus_;
  bool ended_ = false;
};

}  // namespace jetsoncaption
