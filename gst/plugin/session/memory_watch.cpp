// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads the memory in use every few frames, and reports and acts at the threshold.
#include "plugin/session/memory_watch.h"

#include <utility>

namespace jetsoncaption {

namespace {

MemoryHold hold_of(MemoryAction action) {
  switch (action) {
    case MemoryAction::Pause:
      return MemoryHold::Pause;
    case MemoryAction::Unload:
      return MemoryHold::Unload;
    case MemoryAction::Warn:
    case MemoryAction::Trim:
      break;
  }
  return MemoryHold::None;
}

}  // namespace

MemoryWatch::MemoryWatch(CaptionListener& listener, std::unique_ptr<MemorySampler> sampler,
                         std::shared_ptr<CaptionSession> session, LiveValues& values)
    : listener_(listener),
      sampler_(std::move(sampler)),
      session_(std::move(session)),
      values_(values) {
  read();
}

void MemoryWatch::check(uint64_t frame, const Settings& settings) {
  if (frame % settings.memory_check_interval != 0)
    return;
  MemoryNotice notice;
  notice.reading = read();
  notice.threshold_mb = settings.memory_threshold_mb;
  notice.action = settings.memory_action;
  notice.frame = frame;

  policy_.set_threshold_bytes(static_cast<uint64_t>(settings.memory_threshold_mb) << 20);
  const MemoryEvent event = policy_.update(notice.reading);
  if (event == MemoryEvent::Exceeded && settings.memory_action != MemoryAction::Warn)
    session_->request_trim();
  session_->set_memory_hold(policy_.is_exceeded() ? hold_of(settings.memory_action)
                                                  : MemoryHold::None);
  if (event == MemoryEvent::Exceeded)
    listener_.memory_exceeded(notice);
  if (event == MemoryEvent::Recovered)
    listener_.memory_recovered(notice);
}

MemoryReading MemoryWatch::read() {
  MemoryReading reading = sampler_->sample();
  // On Jetson boards the sampler has seen what the engine holds on the GPU; elsewhere only the
  // engine knows.
  const uint64_t device_bytes = session_->device_memory_bytes();
  if (device_bytes > reading.accelerator_bytes) {
    reading.used_bytes += device_bytes - reading.accelerator_bytes;
    reading.accelerator_bytes = device_bytes;
  }
  reading.used_bytes += session_->worker_memory_bytes();
  values_.memory_usage_mb = static_cast<unsigned>(reading.used_bytes >> 20);
  values_.accelerator_mb = static_cast<unsigned>(reading.accelerator_bytes >> 20);
  return reading;
}

}  // namespace jetsoncaption
