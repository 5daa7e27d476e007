// SPDX-License-Identifier: LGPL-2.1-or-later
// A look-alike of libnvbuf_utils.so of L4T r32 (JetPack 4), for the tests.
#include <cstring>

#include "board_abi.h"
#include "color_numbers.h"
#include "surfaces.h"

#define EXPORT extern "C" FAKE_NVMM_EXPORT

namespace {

constexpr int kFailed = -1;
constexpr uint32_t kMagic = 0x6e76626d;

// What the bytes of a buffer of the camera are.
struct Handle {
  uint32_t magic;
  int32_t fd;
  char rest[board::kHandleSize - 8];
};
static_assert(sizeof(Handle) == board::kHandleSize);

// One for each descriptor: the address stays the same as long as the surface lives.
Handle handles[1 << 16];

int done(bool ok) {
  return ok ? 0 : kFailed;
}

constexpr fake_nvmm::ColorNumbers kColors = {17, {5, 6, 30, 31}};

fake_nvmm::Rect rect_of(const board::BoardRect& rect) {
  return {rect.left, rect.top, rect.width, rect.height};
}

}  // namespace

EXPORT int NvBufferGetSize() {
  return board::kHandleSize;
}

EXPORT int ExtractFdFromNvBuffer(void* data, int* fd) {
  if (fake_nvmm::is_to_fail("ExtractFdFromNvBuffer"))
    return kFailed;
  const auto* handle = static_cast<const Handle*>(data);
  if (handle->magic != kMagic) {
    fake_nvmm::note_error("what is no handle was taken for one");
    return kFailed;
  }
  *fd = handle->fd;
  return 0;
}

EXPORT int NvReleaseFd(int) {
  fake_nvmm::note_error("a descriptor was released that belongs to a buffer");
  return kFailed;
}

EXPORT int NvBufferGetParams(int fd, board::BufferParams* params) {
  fake_nvmm::Geometry geometry;
  if (fake_nvmm::is_to_fail("NvBufferGetParams") || !fake_nvmm::describe(fd, &geometry))
    return kFailed;
  // As later releases do, more is written than the structure is large.
  std::memset(params, 0, sizeof *params + 64);
  Handle& handle = handles[fd];
  handle.magic = kMagic;
  handle.fd = fd;
  params->dmabuf_fd = static_cast<uint32_t>(fd);
  params->nv_buffer = &handle;
  params->nv_buffer_size = board::kHandleSize;
  params->pixel_format = kColors.of(geometry);
  params->num_planes = static_cast<uint32_t>(geometry.planes.size());
  for (size_t i = 0; i < geometry.planes.size(); i++) {
    params->width[i] = geometry.planes[i].width;
    params->height[i] = geometry.planes[i].height;
    params->pitch[i] = geometry.planes[i].pitch;
    params->offset[i] = geometry.planes[i].offset;
    params->psize[i] = geometry.planes[i].size;
    params->layout[i] = geometry.layout == fake_nvmm::Layout::BlockLinear ? 1 : 0;
  }
  return 0;
}

EXPORT int NvBufferCreateEx(int* fd, board::BufferCreateParams* params) {
  fake_nvmm::Format format = fake_nvmm::Format::Nv12;
  int variant = 0;
  if (fake_nvmm::is_to_fail("NvBufferCreateEx") ||
      !kColors.find(params->color_format, format, variant))
    return kFailed;
  *fd = fake_nvmm::create(
      static_cast<uint32_t>(params->width), static_cast<uint32_t>(params->height), format,
      params->layout == 1 ? fake_nvmm::Layout::BlockLinear : fake_nvmm::Layout::Pitch, variant);
  return 0;
}

EXPORT int NvBufferDestroy(int fd) {
  return done(fake_nvmm::destroy(fd));
}

EXPORT int NvBufferMemMap(int fd, unsigned plane, int, void** address) {
  *address = fake_nvmm::is_to_fail("NvBufferMemMap") ? nullptr : fake_nvmm::map(fd, plane);
  return done(*address != nullptr);
}

EXPORT int NvBufferMemUnMap(int fd, unsigned plane, void**) {
  return done(fake_nvmm::unmap(fd, plane));
}

EXPORT int NvBufferMemSyncForCpu(int fd, unsigned plane, void**) {
  return done(!fake_nvmm::is_to_fail("NvBufferMemSyncForCpu") &&
              fake_nvmm::sync_for_cpu(fd, plane));
}

EXPORT int NvBufferMemSyncForDevice(int fd, unsigned plane, void**) {
  if (fake_nvmm::is_to_fail("NvBufferMemSyncForDevice")) {
    fake_nvmm::lose_writes(fd, plane);
    return kFailed;
  }
  return done(fake_nvmm::sync_for_device(fd, plane));
}

EXPORT int NvBufferTransform(int from, int to, board::BufferTransformParams* params) {
  if (fake_nvmm::is_to_fail("NvBufferTransform"))
    return kFailed;
  if ((params->flag & board::kCropSource) == 0 || (params->flag & board::kCropTarget) == 0) {
    fake_nvmm::note_error("a transform without its rectangles");
    return kFailed;
  }
  return done(fake_nvmm::transform(from, rect_of(params->source), to, rect_of(params->target)));
}
