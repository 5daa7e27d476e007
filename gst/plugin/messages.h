// SPDX-License-Identifier: LGPL-2.1-or-later
// What the element says on the bus. Never while a lock is held: an application may handle messages
// in the thread that posts them, and take its time.
#pragma once

#include <chrono>
#include <string>

#include <gst/gst.h>

#include "base/error.h"
#include "plugin/session/caption_listener.h"
#include "plugin/settings.h"

namespace jetsoncaption {

// Says what the session tells; docs/meta-and-messages.md lists the fields.
class BusMessages : public CaptionListener {
 public:
  // Borrows both, the settings for those that say what is posted.
  BusMessages(GstElement* element, const SharedSettings& settings)
      : element_(element), settings_(settings) {}

  // Progress messages with the code "load-model". A load that failed is also an error, and a
  // warning where it is tried again. A model that says something else here than where it was made
  // is a warning.
  void load_started() override;
  void load_finished(const EngineInfo& engine, bool first) override;
  void load_failed(const Error& error, bool goes_on) override;
  void model_kept(const Error& error) override;

  // Progress message: the element was stopped while a model was loaded.
  void load_cancelled();

  // Warning.
  void moved_to_cpu(const EngineInfo& engine) override;

  // Warning.
  void made_modest(const std::string& cause) override;

  // Warning: none has come for long.
  void caption_overdue(const Overdue& overdue) override;

  // Element message "jetsoncaption", and the signal "caption".
  void captioned(const FrameCaption& caption) override;

  // Warning: a frame was not described, and when that is tried or reported again.
  void caption_failed(const CaptionFailure& failure) override;

  // Warning.
  void no_swap(const MemoryTotals& totals) override;

  // Warning at each step of a lack of memory, and information at each step back. Both
  // RESOURCE/NO_SPACE_LEFT with the details structure "jetsoncaption-memory".
  void memory_changed(const MemoryNotice& notice) override;

 private:
  GstElement* const element_;
  const SharedSettings& settings_;
};

// As `stats` and the details of memory's messages have it.
const char* memory_step_name(MemoryStep step);

// Warning: a property that is read at start was changed later.
void post_late_setting(GstElement* element, const char* property);

// Warning: another model was asked for while the element runs, and is not used. Whether one
// `is_there` that goes on.
void post_kept_model(GstElement* element, const Error& error, bool is_there);

// Warning: frames are not described because their pixels cannot be read, or captions are not drawn
// on them. The error is a sentence with the cause and the remedy.
void post_unreadable_frames(GstElement* element, const Error& error);
void post_undrawable_frames(GstElement* element, const Error& error);

// Warning: all frames are late for the sink, this one by so much.
void post_late_frames(GstElement* element, int64_t late_by_ns);

// Error: the element cannot start or go on.
void post_error(GstElement* element, const Error& error);

}  // namespace jetsoncaption
