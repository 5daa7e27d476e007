// SPDX-License-Identifier: LGPL-2.1-or-later
// A jetsoncaption element between two pads, with a bus, for tests of what it does to frames.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include <gst/check/gstharness.h>
#include <gst/jetsoncaptionmeta/jetsoncaptionmeta.h>
#include <gst/video/video.h>

namespace jetsoncaption {

// Names and values as on the command line of gst-launch-1.0.
using PropertyValues = std::vector<std::pair<const char*, std::string>>;

struct Color {
  uint8_t red = 0;
  uint8_t green = 0;
  uint8_t blue = 0;
};

// What the fake engine says of a frame of one color.
std::string average_text(const Color& color);

// An element that is not started yet; ends in the state NULL. Properties are set in their order.
class CaptionElement {
 public:
  explicit CaptionElement(const PropertyValues& properties);
  ~CaptionElement();
  CaptionElement(const CaptionElement&) = delete;
  CaptionElement& operator=(const CaptionElement&) = delete;

  GstElement* get() const { return element_; }
  GstBus* bus() const { return bus_; }

  void set(const char* property, const std::string& value);
  std::string get_string(const char* property) const;
  unsigned get_uint(const char* property) const;

  // A field of the property stats: a count or a time; 0 when there is no such field.
  uint64_t stat(const char* field) const;
  // A field that is a text and always there.
  std::string stat_text(const char* field) const;
  std::string state() const { return stat_text("state"); }
  // Waits until the model is loaded, or that failed. Fails the test after 20 seconds.
  void wait_until_loaded() const;

  // The next message of these types, or null when none comes for so long. The caller owns it.
  GstMessage* wait_for_message(GstMessageType types, GstClockTime timeout = 20 * GST_SECOND);

  // The text of the next warning, within 20 seconds. Without one the test fails.
  std::string next_warning();

  // How many messages of these types are on the bus now; takes them away.
  int count_messages(GstMessageType types);

 private:
  GstMessage* take_message(GstMessageType types);

  GstElement* element_;
  GstBus* bus_;
  std::deque<GstMessage*> messages_;  // taken from the bus, in their order; owned
};

// A started element in 320x240 RGB at 30 frames a second, unless other caps are set. Its model is
// loaded, so that in live mode the first frame is described.
class CaptionHarness : public CaptionElement {
 public:
  explicit CaptionHarness(const PropertyValues& properties);
  ~CaptionHarness();

  GstHarness* harness() const { return harness_; }
  const GstVideoInfo& info() const { return info_; }

  void set_caps(GstVideoFormat format, int width, int height);

  // A flush, and a new segment from 0.
  void flush();

  // A frame of one color in RGB, and of bytes with that red in other formats. The n-th has the
  // timestamp n / 30 s, counted from 0.
  GstBuffer* make_frame(const Color& color);

  // Pushes a frame, fails the test unless it comes out, and returns it. The caller owns it.
  GstBuffer* pass(GstBuffer* frame);
  GstBuffer* pass(const Color& color) { return pass(make_frame(color)); }
  void pass_and_drop(const Color& color) { gst_buffer_unref(pass(color)); }

  // Pushes frames until the caption is on one of them, and returns that. Fails the test after
  // 20 seconds.
  GstBuffer* pass_until(const Color& color, const std::string& text);

 private:
  GstHarness* harness_;
  GstVideoInfo info_;
  int made_ = 0;
};

// The caption of a buffer, "" when it has none.
std::string caption_of(GstBuffer* buffer);

// The sink of a harness says in answer to ALLOCATION queries that it takes this metadata. Drop for
// gst_harness_add_propose_allocation_meta() when 1.16 is the oldest supported version.
void propose_allocation_meta(GstHarness* harness, GType api);

}  // namespace jetsoncaption
