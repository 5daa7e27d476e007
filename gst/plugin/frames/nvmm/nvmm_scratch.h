// SPDX-License-Identifier: LGPL-2.1-or-later
// A pitch-linear surface of our own, and mapped planes of any.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include <gst/video/video.h>

#include "plugin/frames/nvmm/nvmm_library.h"

namespace jetsoncaption {

// All planes of a surface, for the CPU to read and write, until the end of the object's life.
class NvmmMapping {
 public:
  // For a surface that holds this format. Borrows the library and what the surface stands for.
  NvmmMapping(NvmmLibrary& library, const NvmmSurface& surface, GstVideoFormat format);
  ~NvmmMapping();
  NvmmMapping(const NvmmMapping&) = delete;
  NvmmMapping& operator=(const NvmmMapping&) = delete;

  // Comes first. Unsupported if the planes are not those of the format.
  Result<void> map();

  Result<void> sync_for_cpu() const;
  Result<void> sync_for_device() const;

  // The planes as a frame in the size of the surface.
  GstVideoFrame frame() const { return frame_; }

 private:
  using PlaneFunction = Result<void> (NvmmLibrary::*)(const NvmmSurface&, uint32_t, uint8_t*);

  Result<void> for_each_plane(PlaneFunction function) const;

  NvmmLibrary& library_;
  const NvmmSurface surface_;
  GstVideoFrame frame_{};                             // data is null where a plane is not mapped
  std::array<bool, GST_VIDEO_MAX_PLANES> is_ours_{};  // to be unmapped
};

// Is mapped all its life.
class NvmmScratch {
 public:
  // `color_format` is the library's number for `format`.
  static Result<std::unique_ptr<NvmmScratch>> make(std::shared_ptr<NvmmLibrary> library,
                                                   uint32_t width, uint32_t height,
                                                   int color_format, GstVideoFormat format);
  ~NvmmScratch();
  NvmmScratch(const NvmmScratch&) = delete;
  NvmmScratch& operator=(const NvmmScratch&) = delete;

  const NvmmSurface& surface() const { return surface_; }
  const NvmmMapping& mapping() const { return *mapping_; }

  // Whether make() would give the same for these.
  bool fits(uint32_t width, uint32_t height, int color_format) const {
    return surface_.width == width && surface_.height == height &&
           surface_.color_format == color_format;
  }

 private:
  NvmmScratch(std::shared_ptr<NvmmLibrary> library, const NvmmSurface& surface,
              GstVideoFormat format);

  const std::shared_ptr<NvmmLibrary> library_;
  const NvmmSurface surface_;
  std::unique_ptr<NvmmMapping> mapping_;
};

}  // namespace jetsoncaption
