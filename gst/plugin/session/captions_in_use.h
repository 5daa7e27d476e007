// SPDX-License-Identifier: LGPL-2.1-or-later
// Keeps captions for as long as the streaming thread may look at them, so that it never is the one
// who frees them.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "plugin/session/frame_caption.h"

namespace jetsoncaption {

// Belongs to the thread that makes captions; others hold and drop what they were given at any time.
// What a caption looks like takes a megabyte at 1080p. Whoever gives that back to the system waits
// for all others who change the memory of the process, now and then for milliseconds.
class CaptionsInUse {
 public:
  void add(std::shared_ptr<const FrameCaption> caption) {
    const auto& drawn = caption->drawn;
    if (drawn != nullptr && std::find(drawn_.begin(), drawn_.end(), drawn) == drawn_.end())
      drawn_.push_back(drawn);
    captions_.push_back(std::move(caption));
  }

  // What was drawn for this before and is still there; else null.
  std::shared_ptr<const DrawnCaption> find_drawn(const std::string& text,
                                                 const CaptionJob& job) const {
    for (const auto& drawn : drawn_) {
      if (drawn->fits(text, job.info, job.style, job.use))
        return drawn;
    }
    return nullptr;
  }

  // Frees what nobody else holds.
  void free_unused() {
    erase_unused(captions_);
    erase_unused(drawn_);
  }

 private:
  template <typename T>
  static void erase_unused(std::vector<std::shared_ptr<T>>& all) {
    all.erase(std::remove_if(all.begin(), all.end(),
                             [](const auto& one) { return one.use_count() == 1; }),
              all.end());
  }

  std::vector<std::shared_ptr<const FrameCaption>> captions_;
  std::vector<std::shared_ptr<const DrawnCaption>> drawn_;
};

}  // namespace jetsoncaption
