// SPDX-License-Identifier: LGPL-2.1-or-later
// What the element says on the bus. Never called while a lock is held: an application may handle
// messages in the thread that posts them, and take its time.
#pragma once

#include <gst/gst.h>

#include "base/error.h"
#include "memory/reading.h"
#include "plugin/session/caption_session.h"
#include "plugin/settings.h"

namespace jetsoncaption {

// Element message, structure "jetsoncaption": caption (string), confidence (double, 0 to 1),
// timestamp, stream-time, running-time (guint64 ns of the frame that was described, or
// GST_CLOCK_TIME_NONE), frame (guint64), inference-time-ms (double), truncated, changed (gboolean),
// model (string).
void post_caption(GstElement* element, const FrameCaption& caption);

// Warning: a frame was not described, and when that is tried or reported again.
void post_caption_failure(GstElement* element, const CaptionFailure& failure);

// Progress messages with the code "load-model". A first load that failed is also an error, a later
// one a warning.
void post_load_started(GstElement* element);
void post_load_finished(GstElement* element, const EngineInfo& info);
void post_load_failed(GstElement* element, const Error& error, bool first);

// Warning: a property that is read at start was changed later.
void post_late_setting(GstElement* element, const char* property);

// Warning: frames are not described because their pixels cannot be read, or captions are not drawn
// on them. The error is a sentence with the cause and the remedy.
void post_unreadable_frames(GstElement* element, const Error& error);
void post_undrawable_frames(GstElement* element, const Error& error);

// Warning: the model says something else here than where it was made; does nothing unless its
// self-test failed.
void post_self_test_failure(GstElement* element, const EngineInfo& engine);

// Warning: the memory of the GPU ran out, and the model is on the CPU now.
void post_moved_to_cpu(GstElement* element, const EngineInfo& engine);

// Error: the element cannot start or go on.
void post_error(GstElement* element, const Error& error);

struct MemoryNotice {
  MemoryReading reading;
  unsigned threshold_mb = 0;
  MemoryAction action = MemoryAction::Warn;
  uint64_t frame = 0;
};

// Warning at the threshold, and information once memory has fallen. Both RESOURCE/NO_SPACE_LEFT
// with the details structure "jetsoncaption-memory": used-mb, threshold-mb, available-mb, gpu-mb
// (guint, MB of 2^20 bytes), action (string as in memory-action), frame (guint64).
void post_memory_warning(GstElement* element, const MemoryNotice& notice);
void post_memory_recovered(GstElement* element, const MemoryNotice& notice);

}  // namespace jetsoncaption
