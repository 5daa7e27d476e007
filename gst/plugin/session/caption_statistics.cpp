// SPDX-License-Identifier: LGPL-2.1-or-later
// Counts what the element does, for its property `stats`.
#include "plugin/session/caption_statistics.h"

#include <algorithm>

namespace jetsoncaption {

void CaptionStatistics::frame_passed() {
  const std::lock_guard<std::mutex> lock(mutex_);
  counts_.frames++;
}

void CaptionStatistics::frame_skipped() {
  const std::lock_guard<std::mutex> lock(mutex_);
  counts_.skipped++;
}

void CaptionStatistics::frame_late() {
  const std::lock_guard<std::mutex> lock(mutex_);
  counts_.late++;
}

void CaptionStatistics::captioned(double inference_ms) {
  const std::lock_guard<std::mutex> lock(mutex_);
  times_ms_[counts_.captions % kWindow] = inference_ms;
  counts_.captions++;
}

void CaptionStatistics::failed() {
  const std::lock_guard<std::mutex> lock(mutex_);
  counts_.failures++;
}

void CaptionStatistics::restarted() {
  const std::lock_guard<std::mutex> lock(mutex_);
  counts_.restarts++;
}

void CaptionStatistics::fell_back() {
  const std::lock_guard<std::mutex> lock(mutex_);
  counts_.fallbacks++;
}

CaptionCounts CaptionStatistics::counts() const {
  std::array<double, kWindow> times_ms;
  CaptionCounts counts;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    counts = counts_;
    times_ms = times_ms_;
  }
  const size_t known = std::min<uint64_t>(counts.captions, kWindow);
  if (known == 0)
    return counts;
  std::sort(times_ms.begin(), times_ms.begin() + known);
  // Nearest rank: the least time that so many in a hundred do not exceed.
  const auto percentile = [&](size_t percent) {
    return times_ms[(known * percent + 99) / 100 - 1];
  };
  counts.inference_ms_p50 = percentile(50);
  counts.inference_ms_p95 = percentile(95);
  counts.inference_ms_p99 = percentile(99);
  return counts;
}

}  // namespace jetsoncaption
