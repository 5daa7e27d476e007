// SPDX-License-Identifier: LGPL-2.1-or-later
// A look-alike of libnvbufsurface.so, for the tests.
#include <cstring>

#include "board_abi.h"
#include "color_numbers.h"
#include "surfaces.h"

#define EXPORT extern "C" FAKE_NVMM_EXPORT

namespace {

constexpr int kFailed = -1;
constexpr int kSurfaceArray = 4;

int done(bool ok) {
  return ok ? 0 : kFailed;
}

constexpr fake_nvmm::ColorNumbers kColors = {19, {6, 7, 33, 34}};

int fd_of(const board::SurfaceBatch* batch) {
  return static_cast<int>(batch->surfaces[0].descriptor);
}

// Only the first surface of a batch is asked for, and one plane at a time.
bool is_plane(const board::SurfaceBatch* batch, int index, int plane) {
  if (index == 0 && plane >= 0 && batch->filled == 1)
    return true;
  fake_nvmm::note_error("plane " + std::to_string(plane) + " of surface " + std::to_string(index) +
                        " of " + std::to_string(batch->filled));
  return false;
}

void fill_in(const fake_nvmm::Geometry& geometry, int fd, board::SurfaceParams* surface) {
  surface->width = geometry.width;
  surface->height = geometry.height;
  surface->pitch = geometry.planes[0].pitch;
  surface->color_format = kColors.of(geometry);
  surface->layout = geometry.layout == fake_nvmm::Layout::BlockLinear ? 1 : 0;
  surface->descriptor = static_cast<uint64_t>(fd);
  surface->data_size = geometry.size;
  surface->planes.num_planes = static_cast<uint32_t>(geometry.planes.size());
  for (size_t i = 0; i < geometry.planes.size(); i++) {
    surface->planes.width[i] = geometry.planes[i].width;
    surface->planes.height[i] = geometry.planes[i].height;
    surface->planes.pitch[i] = geometry.planes[i].pitch;
    surface->planes.offset[i] = geometry.planes[i].offset;
    surface->planes.psize[i] = geometry.planes[i].size;
    surface->planes.bytes_per_pixel[i] = geometry.planes[i].pixel_bytes;
  }
}

}  // namespace

EXPORT int NvBufSurfaceCreate(board::SurfaceBatch** batch, uint32_t count,
                              board::SurfaceCreateParams* params) {
  fake_nvmm::Format format = fake_nvmm::Format::Nv12;
  int variant = 0;
  if (fake_nvmm::is_to_fail("NvBufSurfaceCreate") || count != 1 ||
      !kColors.find(params->color_format, format, variant))
    return kFailed;
  const auto layout =
      params->layout == 1 ? fake_nvmm::Layout::BlockLinear : fake_nvmm::Layout::Pitch;
  const int fd = fake_nvmm::create(params->width, params->height, format, layout, variant);
  fake_nvmm::Geometry geometry;
  fake_nvmm::describe(fd, &geometry);
  auto* made = new board::SurfaceBatch();
  made->batch_size = 1;
  made->memory_type = kSurfaceArray;
  made->surfaces = new board::SurfaceParams();
  fill_in(geometry, fd, made->surfaces);
  *batch = made;
  return 0;
}

EXPORT int NvBufSurfaceDestroy(board::SurfaceBatch* batch) {
  const bool ok = fake_nvmm::destroy(fd_of(batch));
  delete batch->surfaces;
  delete batch;
  return done(ok);
}

EXPORT int NvBufSurfaceMap(board::SurfaceBatch* batch, int index, int plane, int) {
  if (fake_nvmm::is_to_fail("NvBufSurfaceMap") || !is_plane(batch, index, plane))
    return kFailed;
  uint8_t* address = fake_nvmm::map(fd_of(batch), static_cast<uint32_t>(plane));
  batch->surfaces[0].mapped.addr[plane] = address;
  return done(address != nullptr);
}

EXPORT int NvBufSurfaceUnMap(board::SurfaceBatch* batch, int index, int plane) {
  if (!is_plane(batch, index, plane))
    return kFailed;
  batch->surfaces[0].mapped.addr[plane] = nullptr;
  return done(fake_nvmm::unmap(fd_of(batch), static_cast<uint32_t>(plane)));
}

EXPORT int NvBufSurfaceSyncForCpu(board::SurfaceBatch* batch, int index, int plane) {
  return done(!fake_nvmm::is_to_fail("NvBufSurfaceSyncForCpu") && is_plane(batch, index, plane) &&
              fake_nvmm::sync_for_cpu(fd_of(batch), static_cast<uint32_t>(plane)));
}

EXPORT int NvBufSurfaceSyncForDevice(board::SurfaceBatch* batch, int index, int plane) {
  if (!is_plane(batch, index, plane))
    return kFailed;
  if (fake_nvmm::is_to_fail("NvBufSurfaceSyncForDevice")) {
    fake_nvmm::lose_writes(fd_of(batch), static_cast<uint32_t>(plane));
    return kFailed;
  }
  return done(fake_nvmm::sync_for_device(fd_of(batch), static_cast<uint32_t>(plane)));
}

#if FAKE_NVMM_RELEASE >= 34
EXPORT int NvBufSurfaceAllocate(board::SurfaceBatch**, uint32_t, void*) {
  fake_nvmm::note_error("NvBufSurfaceAllocate was called");
  return kFailed;
}
#endif

// For those who make buffers: how much of them is this structure.
EXPORT size_t fake_nvmm_surface_size() {
  return sizeof(board::SurfaceBatch);
}
