// SPDX-License-Identifier: LGPL-2.1-or-later
// Tells once when a caption is awaited for long, or a model: the engine is slow, or hangs.
#pragma once

#include <chrono>
#include <optional>

#include "plugin/session/caption_listener.h"

namespace jetsoncaption {

// Belongs to a lock; the caller brings the clock.
class SilenceWatch {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  // A worker process that hangs is ended before by default.
  static constexpr std::chrono::seconds kLongCaption{12};
  // LibTorch with CUDA takes half a minute on a small board.
  static constexpr std::chrono::seconds kLongLoad{120};

  // A frame was handed over. The first since the last answer counts.
  void asked(TimePoint now) {
    if (!since_)
      since_ = now;
  }

  // What was waited for has come to an end, or is not waited for any more.
  void ended() { since_.reset(); }

  // What is waited for could not begin before now.
  void begin_anew(TimePoint now) {
    if (since_)
      since_ = now;
  }

  // It may be told again.
  void captioned() { told_ = false; }

  // What is to be told now. A load is given longer, also that of another model, which frames that
  // were handed over have to wait for.
  std::optional<Overdue> look(bool is_loading, TimePoint now) {
    if (is_loading)
      asked(now);
    const std::chrono::seconds longest = is_loading ? kLongLoad : kLongCaption;
    if (told_ || !since_ || now - *since_ < longest)
      return std::nullopt;
    told_ = true;
    return Overdue{longest, is_loading};
  }

 private:
  std::optional<TimePoint> since_;  // unanswered
  bool told_ = false;               // since the last caption
};

}  // namespace jetsoncaption
