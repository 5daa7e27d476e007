// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads the memory in use every few frames, and reports and acts where it is short.
#include "plugin/session/memory_watch.h"

#include <atomic>

namespace jetsoncaption {

namespace {

MemoryStep furthest_step(MemoryAction action) {
  switch (action) {
    case MemoryAction::Warn:
      return MemoryStep::Warn;
    case MemoryAction::Trim:
      return MemoryStep::Trim;
    case MemoryAction::Pause:
      return MemoryStep::Pause;
    case MemoryAction::Unload:
      break;
  }
  return MemoryStep::Unload;
}

MemoryHold hold_of(MemoryStep step) {
  if (step == MemoryStep::Unload)
    return MemoryHold::Unload;
  return step == MemoryStep::Pause ? MemoryHold::Pause : MemoryHold::None;
}

uint64_t to_bytes(unsigned mb) {
  return static_cast<uint64_t>(mb) << 20;
}

unsigned to_mb(uint64_t bytes) {
  return static_cast<unsigned>(bytes >> 20);
}

}  // namespace

MemoryWatch::MemoryWatch(CaptionListener& listener, std::unique_ptr<MemorySampler> sampler,
                         std::shared_ptr<CaptionSession> session, LiveValues& values)
    : listener_(listener),
      sampler_(std::move(sampler)),
      session_(std::move(session)),
      values_(values) {
  read();
  static std::atomic<bool> told_of_swap{false};
  const MemoryTotals totals = sampler_->totals();
  if (lacks_swap(totals) && !told_of_swap.exchange(true))
    listener_.no_swap(totals);
}

MemoryStep MemoryWatch::check(uint64_t frame, const Settings& settings,
                              MemoryLadder::TimePoint now) {
  if (frame % settings.memory_check_interval != 0)
    return policy_.step();
  MemoryNotice notice;
  notice.reading = read();
  notice.threshold_mb = settings.memory_threshold_mb;
  notice.reserve_mb = settings.memory_reserve_mb;
  notice.action = settings.memory_action;
  notice.frame = frame;

  MemoryLimits limits;
  limits.threshold_bytes = to_bytes(settings.memory_threshold_mb);
  limits.reserve_bytes = to_bytes(settings.memory_reserve_mb);
  limits.furthest = furthest_step(settings.memory_action);
  limits.is_greedy = settings.beam_size == 1;
  const MemoryDecision decision = policy_.update(notice.reading, limits, now);
  if (decision.before < MemoryStep::Trim && decision.step >= MemoryStep::Trim)
    session_->request_trim();
  session_->set_memory_hold(hold_of(decision.step));
  values_.memory_step = decision.step;
  tell(decision, std::move(notice));
  return decision.step;
}

void MemoryWatch::tell(const MemoryDecision& decision, MemoryNotice notice) {
  notice.before = decision.before;
  notice.step = decision.step;
  const auto tell_of = [&](MemoryNews news, MemoryCause cause) {
    if (news == MemoryNews::None)
      return;
    notice.cause = cause;
    notice.is_worse = news == MemoryNews::Worse;
    listener_.memory_changed(notice);
  };
  tell_of(decision.use, MemoryCause::Use);
  tell_of(decision.reserve, MemoryCause::Reserve);
}

MemoryReading MemoryWatch::read() {
  const unsigned pid = session_->worker_pid();
  if (pid != worker_pid_ && sampler_->watch_worker(pid))
    worker_pid_ = pid;
  MemoryReading reading = sampler_->sample();
  // On Jetson boards the sampler has seen what the engine holds on the GPU; elsewhere only the
  // engine knows.
  const uint64_t device_bytes = session_->device_memory_bytes();
  if (device_bytes > reading.accelerator_bytes) {
    reading.used_bytes += device_bytes - reading.accelerator_bytes;
    reading.accelerator_bytes = device_bytes;
  }
  values_.memory_usage_mb = to_mb(reading.used_bytes);
  values_.accelerator_mb = to_mb(reading.accelerator_bytes);
  values_.process_mb = to_mb(reading.process_bytes);
  values_.private_mb = to_mb(reading.private_bytes);
  values_.worker_mb = to_mb(reading.worker_bytes);
  values_.available_mb = to_mb(reading.available_bytes);
  values_.stalled_percent = reading.stalled_percent;
  return reading;
}

}  // namespace jetsoncaption
