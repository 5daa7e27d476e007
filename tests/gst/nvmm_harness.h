// SPDX-License-Identifier: LGPL-2.1-or-later
// A jetsoncaption element that gets frames in NVMM memory, through look-alikes of NVIDIA's
// libraries.
#pragma once

#include <string>
#include <vector>

#include "caption_harness.h"
#include "nvmm_frames.h"

namespace jetsoncaption {

// What frames are like.
struct NvmmFormat {
  GstVideoFormat format = GST_VIDEO_FORMAT_NV12;
  fake_nvmm::Layout layout = fake_nvmm::Layout::BlockLinear;
  int width = 640;
  int height = 480;
};

// The kind of buffers that the environment JETSONCAPTION_TEST_NVMM asks for, `handle` or
// `surface`, and the library that the dynamic loader finds.
NvmmKind nvmm_kind();
bool is_nvbuf_utils();

// A started element with its model loaded and a pool of frames before it, as a camera has it.
class NvmmHarness : public CaptionElement {
 public:
  explicit NvmmHarness(const PropertyValues& properties, const NvmmFormat& format = {});
  ~NvmmHarness();

  GstHarness* harness() const { return harness_; }

  // New caps, and a new pool.
  void set_format(const NvmmFormat& format);

  // A frame of one color from the pool; fails the test, and gives up on it, where the pool has no
  // frame left. The n-th has the timestamp n / 30 s.
  GstBuffer* make_frame(const fake_nvmm::Pixel& pixel);

  // Pushes a frame, fails the test unless it comes out, and returns it. The caller owns it.
  GstBuffer* pass(GstBuffer* frame);
  GstBuffer* pass(const fake_nvmm::Pixel& pixel) { return pass(make_frame(pixel)); }
  void pass_and_drop(const fake_nvmm::Pixel& pixel) { gst_buffer_unref(pass(pixel)); }

 private:
  GstHarness* harness_;
  GstBufferPool* pool_ = nullptr;
  int made_ = 0;
};

// A frame that somebody else has mapped for the CPU, all planes of it, with NvBufSurfaceMap().
class NvmmMapped {
 public:
  explicit NvmmMapped(GstBuffer* frame) : frame_(frame) { map_nvmm_frame(frame_); }
  ~NvmmMapped() { unmap_nvmm_frame(frame_); }
  NvmmMapped(const NvmmMapped&) = delete;
  NvmmMapped& operator=(const NvmmMapped&) = delete;

  // Whether all of them still are.
  bool is_mapped() const { return is_nvmm_frame_mapped(frame_); }

 private:
  GstBuffer* const frame_;  // borrowed
};

// All pixels of a frame, line by line, as the hardware has them.
std::vector<fake_nvmm::Pixel> pixels_of(GstBuffer* buffer);

// Whether all pixels are this one.
bool is_plain(GstBuffer* buffer, const fake_nvmm::Pixel& pixel);

}  // namespace jetsoncaption
