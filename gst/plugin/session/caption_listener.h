// SPDX-License-Identifier: LGPL-2.1-or-later
// Who is told what becomes of the model, of captions and of memory.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/error.h"
#include "memory/policy.h"
#include "memory/reading.h"
#include "plugin/session/frame_caption.h"
#include "plugin/settings.h"

namespace jetsoncaption {

// That one of the limits of memory leads to another step.
struct MemoryNotice {
  MemoryReading reading;
  MemoryCause cause = MemoryCause::Use;
  bool is_worse = false;
  MemoryStep before = MemoryStep::None;
  MemoryStep step = MemoryStep::None;  // that of both limits
  unsigned threshold_mb = 0;
  unsigned reserve_mb = 0;
  MemoryAction action = MemoryAction::Warn;
  uint64_t frame = 0;
};

// That no caption has come for so long.
struct Overdue {
  std::chrono::seconds waited;
  bool is_loading = false;  // a model; else frames were handed over
};

// Called without a lock. The session's thread calls, unless something else is said; what
// submit_and_wait() causes its caller tells, so that there what a frame causes comes before the
// frame.
class CaptionListener {
 public:
  virtual ~CaptionListener() = default;

  // `first`: none has come to a good end since the start. After a load that failed the session is
  // broken, unless it `goes_on`: then it is tried again.
  virtual void load_started() = 0;
  virtual void load_finished(const EngineInfo& engine, bool first) = 0;
  virtual void load_failed(const Error& error, bool goes_on) = 0;

  // After load_started(): another model that was asked for is not used, and the one before goes on.
  virtual void model_kept(const Error& error) = 0;

  // Once for each model at most: the memory of the GPU ran out, while the model was loaded or a
  // frame described.
  virtual void moved_to_cpu(const EngineInfo& engine) = 0;

  // The worker process has ended again and again, for the last time because of that: from here on
  // it is started with int8, one thread, on the CPU.
  virtual void made_modest(const std::string& cause) = 0;

  // By the streaming thread, once until there is a caption again. The engine may be slow, or hang.
  virtual void caption_overdue(const Overdue& overdue) = 0;

  virtual void captioned(const FrameCaption& caption) = 0;
  virtual void caption_failed(const CaptionFailure& failure) = 0;

  // By the thread that starts the element, once in a process: a small board without swap.
  virtual void no_swap(const MemoryTotals& totals) = 0;

  // By the streaming thread, once for each step.
  virtual void memory_changed(const MemoryNotice& notice) = 0;
};

}  // namespace jetsoncaption
