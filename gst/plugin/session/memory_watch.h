// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads the memory in use every few frames, and reports and acts at the threshold.
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
// the calling thread, but only when memory crosses the threshold; what has to be done, such as a
// trim, is left to the session's thread.
class MemoryWatch {
 public:
  // Borrows the listener and `values`, which receive each reading, the first one at once. The
  // sampler was made before the model was loaded.
  MemoryWatch(CaptionListener& listener, std::unique_ptr<MemorySampler> sampler,
              std::shared_ptr<CaptionSession> session, LiveValues& values);

  void check(uint64_t frame, const Settings& settings);

 private:
  MemoryReading read();

  CaptionListener& listener_;
  const std::unique_ptr<const MemorySampler> sampler_;
  const std::shared_ptr<CaptionSession> session_;
  LiveValues& values_;
  MemoryPolicy policy_{0};  // the threshold is a setting
};

}  // namespace jetsoncaption
