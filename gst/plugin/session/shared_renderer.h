// SPDX-License-Identifier: LGPL-2.1-or-later
// The fonts with which the sessions of a process draw captions in the background: loaded once, and
// given up with the last session. One by one: a caption takes milliseconds.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

#include "plugin/overlay/caption_renderer.h"

namespace jetsoncaption {

// From any thread but streaming threads, which would wait for others.
class SharedRenderer {
 public:
  static std::shared_ptr<SharedRenderer> get() {
    static std::mutex mutex;
    static auto* const newest = new std::weak_ptr<SharedRenderer>;  // threads outlive statics
    const std::lock_guard<std::mutex> lock(mutex);
    std::shared_ptr<SharedRenderer> renderer = newest->lock();
    if (!renderer)
      *newest = renderer = std::make_shared<SharedRenderer>();
    return renderer;
  }

  template <typename Use>
  auto with(Use&& use) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::forward<Use>(use)(renderer_);
  }

 private:
  std::mutex mutex_;
  CaptionRenderer renderer_;
};

}  // namespace jetsoncaption
