// SPDX-License-Identifier: LGPL-2.1-or-later
// A pitch-linear surface of our own, and mapped planes of any.
#include "plugin/frames/nvmm/nvmm_scratch.h"

#include <string>
#include <utility>

namespace jetsoncaption {

NvmmMapping::NvmmMapping(NvmmLibrary& library, const NvmmSurface& surface, GstVideoFormat format)
    : library_(library), surface_(surface) {
  gst_video_info_set_format(&frame_.info, format, surface.width, surface.height);
}

NvmmMapping::~NvmmMapping() {
  for (uint32_t plane = 0; plane < GST_VIDEO_INFO_N_PLANES(&frame_.info); ++plane) {
    if (is_ours_[plane])
      library_.unmap(surface_, plane, static_cast<uint8_t*>(frame_.data[plane]));
  }
}

Result<void> NvmmMapping::map() {
  const uint32_t planes = GST_VIDEO_INFO_N_PLANES(&frame_.info);
  bool fits = surface_.planes == planes;
  for (uint32_t plane = 0; fits && plane < planes; ++plane) {
    const auto row_bytes = static_cast<uint32_t>(GST_VIDEO_INFO_COMP_WIDTH(&frame_.info, plane) *
                                                 GST_VIDEO_INFO_COMP_PSTRIDE(&frame_.info, plane));
    fits = surface_.pitches[plane] >= row_bytes;
  }
  if (!fits)
    return Error{ErrorKind::Unsupported, "The surface does not have the planes of " +
                                             std::string(GST_VIDEO_INFO_NAME(&frame_.info)) + "."};
  for (uint32_t plane = 0; plane < planes; ++plane) {
    const Result<NvmmPlane> mapped = library_.map(surface_, plane);
    if (!mapped.ok())
      return mapped.error();
    frame_.data[plane] = mapped.value().address;
    is_ours_[plane] = mapped.value().is_ours;
    GST_VIDEO_INFO_PLANE_STRIDE(&frame_.info, plane) = static_cast<gint>(surface_.pitches[plane]);
  }
  return {};
}

Result<void> NvmmMapping::sync_for_cpu() const {
  return for_each_plane(&NvmmLibrary::sync_for_cpu);
}

Result<void> NvmmMapping::sync_for_device() const {
  return for_each_plane(&NvmmLibrary::sync_for_device);
}

// All of them, whatever becomes of one, so that no more is lost than must be.
Result<void> NvmmMapping::for_each_plane(PlaneFunction function) const {
  Result<void> result;
  for (uint32_t plane = 0; plane < surface_.planes; ++plane) {
    const Result<void> done =
        (library_.*function)(surface_, plane, static_cast<uint8_t*>(frame_.data[plane]));
    if (result.ok())
      result = done;
  }
  return result;
}

NvmmScratch::NvmmScratch(std::shared_ptr<NvmmLibrary> library, const NvmmSurface& surface,
                         GstVideoFormat format)
    : library_(std::move(library)),
      surface_(surface),
      mapping_(std::make_unique<NvmmMapping>(*library_, surface_, format)) {}

Result<std::unique_ptr<NvmmScratch>> NvmmScratch::make(std::shared_ptr<NvmmLibrary> library,
                                                       uint32_t width, uint32_t height,
                                                       int color_format, GstVideoFormat format) {
  const Result<NvmmSurface> surface = library->create(width, height, color_format);
  if (!surface.ok())
    return surface.error();
  std::unique_ptr<NvmmScratch> scratch(
      new NvmmScratch(std::move(library), surface.value(), format));
  const Result<void> mapped = scratch->mapping_->map();
  if (!mapped.ok())
    return mapped.error();
  return scratch;
}

NvmmScratch::~NvmmScratch() {
  mapping_.reset();
  library_->destroy(surface_);
}

}  // namespace jetsoncaption
