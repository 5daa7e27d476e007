// SPDX-License-Identifier: LGPL-2.1-or-later
// What the user asked of the element, with the defaults that the properties show.
#pragma once

#include <cstdint>
#include <string>

#include "engine_api.h"
#include "plugin/caption_renderer.h"

namespace jetsoncaption {

// When a frame waits for its caption.
enum class Mode {
  Auto = 0,        // live when upstream is live, else every frame
  Live = 1,        // never
  EveryFrame = 2,  // each due frame does
};

// What happens when memory use reaches the threshold.
enum class MemoryAction {
  Warn = 0,
  Trim = 1,  // warn, and give back what is not needed between two captions
};

constexpr unsigned kMaxBeamSize = 16;
constexpr unsigned kMaxWords = 50;
constexpr unsigned kMaxThreads = 64;
constexpr unsigned kMaxLines = 20;

struct Settings {
  // Read once, when the element starts.
  std::string model;  // bundle directory; empty: search
  int precision = JETSONCAPTION_ENGINE_PRECISION_AUTO;
  Mode mode = Mode::Auto;
  unsigned threads = 0;  // 0: chosen for the machine

  // Read at each frame.
  unsigned interval = 1;  // frames
  unsigned beam_size = 1;
  unsigned max_words = 20;
  bool enabled = true;
  bool overlay = true;
  OverlayStyle style{"Sans Bold"};
  unsigned memory_threshold_mb = 2500;  // 0: no limit
  unsigned memory_check_interval = 5;   // frames
  MemoryAction memory_action = MemoryAction::Trim;
  bool post_messages = true;
};

}  // namespace jetsoncaption
