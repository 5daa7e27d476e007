// SPDX-License-Identifier: LGPL-2.1-or-later
// One ladder of steps for each of two limits; the higher one counts.
#include "memory/policy.h"

#include <algorithm>

namespace jetsoncaption {

namespace {

// A step is given so long to show what it brings before the next one is taken, and one back to show
// that what is begun again can have the memory that it needs.
constexpr std::chrono::seconds kPatience{2};

// Use that stays near the limit is let go on after a minute.
constexpr std::chrono::seconds kCalm{60};
constexpr std::chrono::seconds kLongestCalm{3600};

// A limit that is crossed again so soon wavers, and is not told of each time.
constexpr std::chrono::seconds kLongestUntilNone{600};

// The kernel keeps some of the 4 GB for itself, so that boards with more than that are larger ones.
constexpr uint64_t kSmallBoard = uint64_t{4} << 30;

MemoryShortage shortage_of_use(uint64_t used, uint64_t threshold) {
  if (threshold == 0)
    return MemoryShortage::Off;
  if (used > threshold)
    return used - threshold > threshold / 4 ? MemoryShortage::Dangerous : MemoryShortage::Exceeded;
  return used <= threshold - threshold / 10 ? MemoryShortage::Low : MemoryShortage::Near;
}

MemoryShortage shortage_of_reserve(uint64_t available, uint64_t reserve) {
  if (available < reserve)
    return available < reserve / 2 ? MemoryShortage::Dangerous : MemoryShortage::Exceeded;
  return available - reserve >= reserve / 4 ? MemoryShortage::Low : MemoryShortage::Near;
}

MemoryShortage shortage_of_stalls(double percent) {
  if (percent >= 20)
    return MemoryShortage::Exceeded;
  return percent < 10 ? MemoryShortage::Low : MemoryShortage::Near;
}

MemoryStep first_step(const MemoryLimits& limits) {
  return std::min(MemoryStep::Trim, limits.furthest);
}

MemoryStep step_up(MemoryStep step, const MemoryLimits& limits) {
  if (step == MemoryStep::None)
    return first_step(limits);
  auto next = static_cast<MemoryStep>(static_cast<int>(step) + 1);
  if (next == MemoryStep::Greedy && limits.is_greedy)
    next = MemoryStep::Pause;
  return std::min(next, limits.furthest);
}

// Of the first steps nothing is left that could be taken back.
MemoryStep step_down(MemoryStep step, const MemoryLimits& limits) {
  if (step <= MemoryStep::SlowDown)
    return MemoryStep::None;
  const auto next = static_cast<MemoryStep>(static_cast<int>(step) - 1);
  return next == MemoryStep::Greedy && limits.is_greedy ? MemoryStep::SlowDown : next;
}

bool is_beyond(MemoryShortage shortage) {
  return shortage == MemoryShortage::Exceeded || shortage == MemoryShortage::Dangerous;
}

}  // namespace

MemoryShortage shortage_of(MemoryCause cause, const MemoryReading& reading,
                           const MemoryLimits& limits) {
  if (cause == MemoryCause::Use)
    return shortage_of_use(reading.used_bytes, limits.threshold_bytes);
  if (limits.reserve_bytes == 0 || !reading.is_available_known)
    return MemoryShortage::Off;
  return std::max(shortage_of_reserve(reading.available_bytes, limits.reserve_bytes),
                  shortage_of_stalls(reading.stalled_percent));
}

bool lacks_swap(const MemoryTotals& totals) {
  return totals.total_bytes != 0 && totals.total_bytes <= kSmallBoard && totals.swap_bytes == 0;
}

void MemoryLadder::update(MemoryShortage shortage, const MemoryLimits& limits, TimePoint now) {
  if (is_beyond(shortage) && !is_beyond(shortage_))
    exceeded_at_ = now;
  if (!is_beyond(shortage) && is_beyond(shortage_))
    kept_at_ = now;
  if (shortage == MemoryShortage::Low && shortage_ != MemoryShortage::Low)
    low_at_ = now;
  shortage_ = shortage;
  const MemoryStep step = next(shortage, limits, now);
  if (step != step_)
    note(step, now);
}

// That another step is taken: what it says of how patient to be from now on.
void MemoryLadder::note(MemoryStep step, TimePoint now) {
  const bool is_up = step > step_;
  if (step_ == MemoryStep::None) {
    const bool is_soon = left_at_ && now - *left_at_ < kLongestUntilNone;
    until_none_ = is_soon ? std::min(std::max(2 * until_none_, kPatience), kLongestUntilNone)
                          : std::chrono::seconds(0);
    until_back_ = kCalm;
    is_trying_ = false;
  } else if (is_up && is_trying_) {
    until_back_ = std::min(2 * until_back_, kLongestCalm);
    is_trying_ = false;
  } else if (!is_up) {
    is_trying_ = shortage_ == MemoryShortage::Near;
  }
  if (step == MemoryStep::None)
    left_at_ = now;
  changed_at_ = now;
  step_ = step;
}

// Where use is low.
MemoryStep MemoryLadder::back_inside(MemoryStep step, const MemoryLimits& limits,
                                     TimePoint now) const {
  const bool may_end = now - low_at_ >= until_none_;
  if (step <= MemoryStep::Trim)
    return may_end ? MemoryStep::None : step;
  if (now - changed_at_ < kPatience)
    return step;
  const MemoryStep back = step_down(step, limits);
  return back == MemoryStep::None && !may_end ? first_step(limits) : back;
}

MemoryStep MemoryLadder::next(MemoryShortage shortage, const MemoryLimits& limits,
                              TimePoint now) const {
  const MemoryStep step = std::min(step_, limits.furthest);
  switch (shortage) {
    case MemoryShortage::Off:
      return MemoryStep::None;
    case MemoryShortage::Low:
      return back_inside(step, limits, now);
    case MemoryShortage::Near:
      if (step <= MemoryStep::Trim || now - std::max(changed_at_, kept_at_) < until_back_)
        return step;
      return std::max(step_down(step, limits), first_step(limits));
    case MemoryShortage::Exceeded: {
      const bool lasts = now - std::max(changed_at_, exceeded_at_) >= kPatience;
      return step == MemoryStep::None || lasts ? step_up(step, limits) : step;
    }
    case MemoryShortage::Dangerous:
      return limits.furthest;
  }
  return step;
}

MemoryStep MemoryPolicy::step() const {
  return std::max(use_.step(), reserve_.step());
}

MemoryDecision MemoryPolicy::update(const MemoryReading& reading, const MemoryLimits& limits,
                                    MemoryLadder::TimePoint now) {
  MemoryDecision decision;
  decision.before = step();
  const auto climb = [&](MemoryLadder& ladder, MemoryCause cause) {
    const MemoryStep before = ladder.step();
    const MemoryStep before_of_both = step();
    ladder.update(shortage_of(cause, reading, limits), limits, now);
    const bool is_crossing = (before == MemoryStep::None) != (ladder.step() == MemoryStep::None);
    if (!is_crossing && step() == before_of_both)
      return MemoryNews::None;
    return ladder.step() > before ? MemoryNews::Worse : MemoryNews::Better;
  };
  decision.use = climb(use_, MemoryCause::Use);
  decision.reserve = climb(reserve_, MemoryCause::Reserve);
  decision.step = step();
  return decision;
}

}  // namespace jetsoncaption
