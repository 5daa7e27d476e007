// SPDX-License-Identifier: LGPL-2.1-or-later
// Decides from readings how much is to be done about a lack of memory.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

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
// Well inside of the limit the way back leads over the same steps, as far apart. Between that and
// the limit nothing changes for a minute, so that a use that wavers about it does not flood the
// bus; then what takes captions away is taken back too, a step a minute: a program that settles
// there, with its model, has all the memory that it is to have. Where that was too much, it is
// tried again after twice the time, up to an hour.
//
// A limit that is crossed again within ten minutes counts as kept only when it was, by far, for two
// seconds, then for four, and so on up to ten minutes: use that swings widely is told of a few
// times and not for a month.
class MemoryLadder {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  void update(MemoryShortage shortage, const MemoryLimits& limits, TimePoint now);

  MemoryStep step() const { return step_; }

 private:
  MemoryStep next(MemoryShortage shortage, const MemoryLimits& limits, TimePoint now) const;
  MemoryStep back_inside(MemoryStep step, const MemoryLimits& limits, TimePoint now) const;
  void note(MemoryStep step, TimePoint now);

  MemoryStep step_ = MemoryStep::None;
  TimePoint changed_at_;
  MemoryShortage shortage_ = MemoryShortage::Off;
  // The first of the readings, one after the other, that were
  TimePoint exceeded_at_;                // beyond the limit
  TimePoint kept_at_;                    // not
  TimePoint low_at_;                     // well inside of it
  std::optional<TimePoint> left_at_;     // when the last of the steps was taken back
  std::chrono::seconds until_none_{0};   // how long it has to be low before that
  std::chrono::seconds until_back_{60};  // how long it has to be kept before a step back
  bool is_trying_ = false;               // after such a step
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
