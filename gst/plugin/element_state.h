// SPDX-License-Identifier: LGPL-2.1-or-later
// What the element consists of, for the files that implement its virtual functions.
#pragma once

#include <atomic>
#include <exception>
#include <memory>
#include <mutex>
#include <new>

#include <gst/base/gstbasetransform.h>

#include "plugin/frame_path.h"
#include "plugin/gstjetsoncaption.h"
#include "plugin/live_values.h"
#include "plugin/messages.h"
#include "plugin/session/caption_session.h"
#include "plugin/settings.h"

namespace jetsoncaption {

// All that has a constructor, because the memory of a GObject is only zeroed.
struct ElementState {
  explicit ElementState(GstElement* element) : messages(element, settings) {}

  SharedSettings settings;
  BusMessages messages;

  std::mutex mutex;  // of session and started_with; held for a copy only
  // From start to stop. Shared, because properties and flushes come from threads that stop() does
  // not wait for.
  std::shared_ptr<CaptionSession> session;
  Settings started_with;
  std::mutex model_mutex;  // of who changes the model; held while its files are looked for

  LiveValues values;
  std::atomic<bool> fault_reported{false};  // since start

  // Of the streaming thread, which does not run during start and stop.
  std::unique_ptr<FramePath> frames;
  Settings frame_settings;  // copied when they change: strings are not copied per frame
  unsigned frame_settings_version = 0;
  bool nvmm = false;          // frames are in NVMM memory
  bool frame_shared = false;  // somebody else has the pixels of the frame that is in work
};

}  // namespace jetsoncaption

struct _GstJetsonCaption {
  GstBaseTransform parent;
  jetsoncaption::ElementState* state;
};

namespace jetsoncaption {

// The last net where the element cannot go on: an exception must not unwind through GLib.
template <typename R, typename Body>
R guarded(GstJetsonCaption* self, R on_failure, Body&& body) noexcept {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    GST_ELEMENT_ERROR(self, RESOURCE, NO_SPACE_LEFT,
                      ("Memory ran out. Use a smaller model, or end other programs."), (nullptr));
  } catch (const std::exception& e) {
    GST_ELEMENT_ERROR(self, LIBRARY, FAILED, ("Captioning stopped unexpectedly: %s.", e.what()),
                      (nullptr));
  } catch (...) {
    GST_ELEMENT_ERROR(self, LIBRARY, FAILED, ("Captioning stopped unexpectedly."), (nullptr));
  }
  return on_failure;
}

// Once from start to stop: what fails for one frame may well fail for each.
inline void report_fault_once(GstJetsonCaption* self, const char* what, const char* fault) {
  if (!self->state->fault_reported.exchange(true))
    GST_ELEMENT_WARNING(self, LIBRARY, FAILED, ("%s: %s. The video goes on.", what, fault),
                        (nullptr));
}

// The same where it goes on, whatever became of `what`.
template <typename Body>
void guarded_aside(GstJetsonCaption* self, const char* what, Body&& body) noexcept {
  try {
    body();
  } catch (const std::bad_alloc&) {
    report_fault_once(self, what, "memory ran out");
  } catch (const std::exception& e) {
    report_fault_once(self, what, e.what());
  } catch (...) {
    report_fault_once(self, what, "unknown exception");
  }
}

inline std::shared_ptr<CaptionSession> current_session(GstJetsonCaption* self) {
  std::lock_guard<std::mutex> lock(self->state->mutex);
  return self->state->session;
}

// The virtual functions of the base class for caps, frames, events and queries.
void install_stream_functions(GstBaseTransformClass* klass);

}  // namespace jetsoncaption
