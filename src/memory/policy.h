// SPDX-License-Identifier: LGPL-2.1-or-later
// Decides from readings how much is to be done about a lack of memory.
#pragma once

#include <chrono>
#include <cstdint>

#include "memory/reading.h"

namespace jetsoncaption {

// What is done, each with all that stands before it. In the order in which it hurts.
enum class MemoryStep {
  None = 0,
  Warn,      // say so; the first step where nothing else is allowed
  Trim,      // give back what is not needed between two captions; the first step otherwise
  SlowDown,  // describe fewer frames
  Greedy,    // search for captions with less effort; left out where there is nothing to save
  Pause,     // describe nothing
  Unload,    // keep no model
};

struct MemoryLimits {
  uint64_t threshold_bytes = 0;  // of this program's own use; 0: no limit
  uint64_t reserve_bytes = 0;    // that the system is to have left; 0: none
  MemoryStep furthest = MemoryStep::Trim;
  bool is_greedy = true;  // captions are searched for with the least effort anyway
};

// The two limits, each of which can be broken without the other.
enum class MemoryCause { Use, Reserve };

// How short memory is by one of the limits.
enum class MemoryShortage {
  Off,        // there is no such limit, or nobody knows
  Low,        // well inside of it: use of 90 % at most, a quarter more than the reserve left
  Near,       // between that and the limit
  Exceeded,   // beyond it
  Dangerous,  // far beyond it: use of more than 125 %, less than half of the reserve left
};

// The reserve counts as broken too while all programs stand still for want of memory for a fifth of
// the time, and is kept again when that is less than a tenth.

MemoryShortage shortage_of(MemoryCause cause, const MemoryReading& reading,
                           const MemoryLimits& limits);

// A board of 4 GB or less whose memory cannot be stretched: what does not fit for a moment ends
// programs there.
bool lacks_swap(const MemoryTotals& totals);

// The steps that one limit leads to. The first one is taken when it is exceeded, and each further
// one when it has been for two seconds without a break, which the step before has to show what it
// brings: one high reading now and then leads no further. Where
// it is dangerously exceeded there is no time for that, and the furthest one is taken at once.
// Between the limit and well inside of it nothing changes, so that a use that wavers about it does
// not flood the bus. Inside, the way back leads over the same steps, as far apart.
class MemoryLadder {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  void update(MemoryShortage shortage, const MemoryLimits& limits, TimePoint now);

  MemoryStep step() const { return step_; }

 private:
  MemoryStep next(MemoryShortage shortage, const MemoryLimits& limits, TimePoint now) const;

  MemoryStep step_ = MemoryStep::None;
  TimePoint changed_at_;
  TimePoint exceeded_at_;  // the first of the readings beyond the limit, one after the other
  bool was_exceeded_ = false;
};

// What has changed with a reading because of one of the limits.
enum class MemoryNews {
  None,    // also where the step is another one, but the other limit has led further before
  Worse,   // a step further, or the limit was crossed
  Better,  // a step back, or the limit is kept again
};

struct MemoryDecision {
  MemoryStep before = MemoryStep::None;
  MemoryStep step = MemoryStep::None;  // the further one of both limits
  MemoryNews use = MemoryNews::None;
  MemoryNews reserve = MemoryNews::None;
};

// For one thread, which brings the clock. The limits hold from the reading on with which they come.
class MemoryPolicy {
 public:
  MemoryDecision update(const MemoryReading& reading, const MemoryLimits& limits,
                        MemoryLadder::TimePoint now);

  MemoryStep step() const;

 private:
  MemoryLadder use_;
  MemoryLadder reserve_;
};

}  // namespace jetsoncaption
