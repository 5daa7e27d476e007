// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads the memory in use every few frames, and reports and acts where it is short.
#pragma once

#include <cstdint>
#include <memory>

#include "memory/policy.h"
#include "memory/sampler.h"
#include "plugin/live_values.h"
#include "plugin/session/caption_session.h"
#include "plugin/settings.h"

namespace jetsoncaption {

// Belongs to the streaming thread. A reading takes some ten microseconds. The listener is told by
// the calling thread, but only where the step is another one; what has to be done, such as a
// trim, is left to the session's thread.
class MemoryWatch {
 public:
  // Borrows the listener and `values`, which receive each reading, the first one at once. The
  // sampler was made before the model was loaded.
  MemoryWatch(CaptionListener& listener, std::unique_ptr<MemorySampler> sampler,
              std::shared_ptr<CaptionSession> session, LiveValues& values);

  // Says what is to be done from this frame on.
  MemoryStep check(uint64_t frame, const Settings& settings, MemoryLadder::TimePoint now);

 private:
  MemoryReading read();
  void tell(const MemoryDecision& decision, MemoryNotice notice);

  CaptionListener& listener_;
  const std::unique_ptr<MemorySampler> sampler_;
  unsigned worker_pid_ = 0;  // that the sampler reads
  const std::shared_ptr<CaptionSession> session_;
  LiveValues& values_;
  MemoryPolicy policy_;
};

}  // namespace jetsoncaption
