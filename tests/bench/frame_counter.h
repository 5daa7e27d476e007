// SPDX-License-Identifier: LGPL-2.1-or-later
// Counts the frames that an element takes and gives, and how long each was in it.
#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <map>
#include <mutex>

#include <gst/gst.h>

namespace jetsoncaption {

// What becomes of frames between the sink pad of the element and its source pad, and what it took.
// One frame is inside at a time. One that is there when a flush begins is thrown away, as whoever
// seeks has asked for; one that has not left when the next one comes is lost.
class FrameCounter {
 public:
  void watch(GstElement* element) {
    add_probe(element, "sink", enter);
    add_probe(element, "src", leave);
  }
  uint64_t in() const { return in_; }
  uint64_t out() const { return out_; }
  uint64_t flushed() const { return flushed_; }
  uint64_t lost() const { return lost_; }

  // Milliseconds that so many of 100 frames took at most.
  double percentile(double of_100) {
    const std::lock_guard<std::mutex> lock(mutex_);
    uint64_t left = static_cast<uint64_t>(std::ceil(static_cast<double>(out_) * of_100 / 100));
    for (const auto& bin : bins_) {
      if (bin.second >= left)
        return static_cast<double>(bin.first) / 100;
      left -= bin.second;
    }
    return bins_.empty() ? 0 : static_cast<double>(bins_.rbegin()->first) / 100;
  }

 private:
  void add_probe(GstElement* element, const char* name, GstPadProbeCallback callback) {
    GstPad* pad = gst_element_get_static_pad(element, name);
    const int types = GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_EVENT_FLUSH;
    gst_pad_add_probe(pad, static_cast<GstPadProbeType>(types), callback, this, nullptr);
    gst_object_unref(pad);
  }
  static bool is_frame(const GstPadProbeInfo* info) {
    return (info->type & GST_PAD_PROBE_TYPE_BUFFER) != 0;
  }
  static GstPadProbeReturn enter(GstPad*, GstPadProbeInfo* info, gpointer data) {
    auto* self = static_cast<FrameCounter*>(data);
    if (is_frame(info)) {
      self->in_++;
      self->lost_ += self->is_inside_.exchange(true) ? 1 : 0;
      self->entered_us_ = g_get_monotonic_time();
    } else if (GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) == GST_EVENT_FLUSH_STOP) {
      // Comes when the streaming thread has left the element.
      self->flushed_ += self->is_inside_.exchange(false) ? 1 : 0;
    }
    return GST_PAD_PROBE_OK;
  }
  static GstPadProbeReturn leave(GstPad*, GstPadProbeInfo* info, gpointer data) {
    auto* self = static_cast<FrameCounter*>(data);
    if (!is_frame(info))
      return GST_PAD_PROBE_OK;
    const gint64 took = g_get_monotonic_time() - self->entered_us_;
    self->out_++;
    self->is_inside_ = false;
    const std::lock_guard<std::mutex> lock(self->mutex_);
    self->bins_[std::min<gint64>(took / 10, 100000)]++;
    return GST_PAD_PROBE_OK;
  }

  std::atomic<uint64_t> in_{0};
  std::atomic<uint64_t> out_{0};
  std::atomic<uint64_t> flushed_{0};
  std::atomic<uint64_t> lost_{0};
  std::atomic<bool> is_inside_{false};
  std::atomic<gint64> entered_us_{0};
  std::mutex mutex_;
  std::map<gint64, uint64_t> bins_;  // frames by hundredths of a millisecond
};

}  // namespace jetsoncaption
