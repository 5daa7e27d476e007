// SPDX-License-Identifier: LGPL-2.1-or-later
// What the user asked of the element, with the defaults that the properties show.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>

#include "engine/engine_api.h"
#include "plugin/overlay/caption_renderer.h"

namespace jetsoncaption {

// When a frame waits for its caption.
enum class Mode {
  Auto = 0,        // live when upstream is live, else every frame
  Live = 1,        // never
  EveryFrame = 2,  // each due frame does
};

// How far the element goes when memory is short: MemoryStep.
enum class MemoryAction {
  Warn = 0,
  Trim = 1,    // warn, and give back what is not needed between two captions
  Pause = 2,   // and describe less, then nothing, until memory has fallen
  Unload = 3,  // and keep no model meanwhile
};

// Where the engine runs.
enum class Isolation {
  None = 0,     // in this process
  Process = 1,  // in one of its own
};

constexpr unsigned kMaxBeamSize = 16;
constexpr unsigned kMaxWords = 50;
constexpr unsigned kMaxThreads = 64;
constexpr unsigned kMaxLines = 20;
constexpr unsigned kMaxWorkerTimeoutMs = 3'600'000;

struct Settings {
  // Read once, when the element starts; the model also when it is set later.
  std::string model;  // bundle directory; empty: search
  int device = JETSONCAPTION_ENGINE_DEVICE_AUTO;
  int precision = JETSONCAPTION_ENGINE_PRECISION_AUTO;
  Mode mode = Mode::Auto;
  unsigned threads = 0;  // 0: chosen for the machine
  bool cudnn = false;
  Isolation isolation = Isolation::None;
  unsigned worker_timeout_ms = 10'000;  // for a caption; 0: no limit
  unsigned worker_memory_limit_mb = 0;  // 0: no limit

  // Read at each frame.
  unsigned interval = 1;       // frames
  int max_rate_numerator = 0;  // captions a second; 0/1: no limit
  int max_rate_denominator = 1;
  unsigned beam_size = 1;
  unsigned max_words = 20;
  unsigned max_inference_ms = 0;  // 0: no limit
  double min_confidence = 0;      // of captions that are drawn and announced
  double hedge_below = JETSONCAPTION_ENGINE_HEDGE_BELOW;  // confidence of captions that give way
                                                          // to likely tags; 0: none does
  bool attention = false;
  bool enabled = true;
  bool overlay = true;
  OverlayStyle style{"Sans Bold"};
  uint64_t caption_timeout_ns = 5'000'000'000;  // age at which captions are hidden; 0: never
  unsigned memory_threshold_mb = 2500;          // 0: no limit
  unsigned memory_reserve_mb = 200;             // that the system is to have left; 0: none
  unsigned memory_check_interval = 5;           // frames
  MemoryAction memory_action = MemoryAction::Trim;
  bool post_messages = true;
};

// The settings as properties change them, from any thread. The lock is held for a copy only.
class SharedSettings {
 public:
  Settings copy() const {
    std::lock_guard<std::mutex> lock(mutex_);
    return settings_;
  }

  // Copies them if they were changed since the same version was given; `version` is 0 at first.
  void refresh(Settings& copy, unsigned& version) const {
    std::lock_guard<std::mutex> lock(mutex_);
    if (version == version_)
      return;
    copy = settings_;
    version = version_;
  }

  // `body` must take no time: streaming threads wait for it.
  template <typename Body>
  auto change(Body&& body) {
    std::lock_guard<std::mutex> lock(mutex_);
    version_++;
    return body(settings_);
  }

 private:
  mutable std::mutex mutex_;  // of both
  Settings settings_;
  unsigned version_ = 1;  // counts changes
};

}  // namespace jetsoncaption
