// SPDX-License-Identifier: LGPL-2.1-or-later
// Buffers in NVMM memory as the elements of a Jetson board make them.
#include "nvmm_frames.h"

#include <dlfcn.h>

#define FAKE_NVMM_RELEASE 35  // only what is the same in all of them is used here
#include "board_abi.h"

namespace jetsoncaption {

namespace {

constexpr const char* kMemoryType = "nvmm-test";
constexpr int kBlockLinear = 1;

template <typename F>
F* function(const char* library, const char* name) {
  void* handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  auto* found = handle != nullptr ? reinterpret_cast<F*>(dlsym(handle, name)) : nullptr;
  if (found == nullptr)
    g_error("%s: no %s; run the tests through meson", library, name);
  return found;
}

struct NvmmMemory {
  GstMemory parent;
  NvmmKind kind;
  int fd;
  void* data;
  gsize size;
};

// The numbers of the format in libnvbuf_utils.so and in libnvbufsurface.so.
int handle_format(const GstVideoInfo& info) {
  return GST_VIDEO_INFO_FORMAT(&info) == GST_VIDEO_FORMAT_NV12 ? 5 : 17;
}

int surface_format(const GstVideoInfo& info) {
  return GST_VIDEO_INFO_FORMAT(&info) == GST_VIDEO_FORMAT_NV12 ? 6 : 19;
}

void make_handle(NvmmMemory* memory, const GstVideoInfo& info, fake_nvmm::Layout layout) {
  constexpr const char* kLibrary = "libnvbuf_utils.so";
  board::BufferCreateParams create = {};
  create.width = GST_VIDEO_INFO_WIDTH(&info);
  create.height = GST_VIDEO_INFO_HEIGHT(&info);
  create.layout = layout == fake_nvmm::Layout::BlockLinear ? kBlockLinear : 0;
  create.color_format = handle_format(info);
  function<int(int*, board::BufferCreateParams*)>(kLibrary, "NvBufferCreateEx")(&memory->fd,
                                                                                &create);
  union {
    board::BufferParams params;
    char room[512];
  } described = {};
  function<int(int, board::BufferParams*)>(kLibrary, "NvBufferGetParams")(memory->fd,
                                                                          &described.params);
  memory->data = described.params.nv_buffer;
  memory->size = described.params.nv_buffer_size;
}

size_t surface_structure_size() {
  return function<size_t()>("libnvbufsurface.so", "fake_nvmm_surface_size")();
}

void make_surface(NvmmMemory* memory, const GstVideoInfo& info, fake_nvmm::Layout layout) {
  constexpr const char* kLibrary = "libnvbufsurface.so";
  union {
    board::SurfaceCreateParams params;
    char room[128];
  } create = {};
  create.params.width = static_cast<uint32_t>(GST_VIDEO_INFO_WIDTH(&info));
  create.params.height = static_cast<uint32_t>(GST_VIDEO_INFO_HEIGHT(&info));
  create.params.layout = layout == fake_nvmm::Layout::BlockLinear ? kBlockLinear : 0;
  create.params.color_format = surface_format(info);
  board::SurfaceBatch* batch = nullptr;
  function<int(board::SurfaceBatch**, uint32_t, board::SurfaceCreateParams*)>(
      kLibrary, "NvBufSurfaceCreate")(&batch, 1, &create.params);
  batch->filled = 1;
  memory->fd = static_cast<int>(batch->surfaces[0].descriptor);
  memory->data = batch;
  memory->size = surface_structure_size();
}

gpointer map_memory(GstMemory* memory, gsize, GstMapFlags) {
  return reinterpret_cast<NvmmMemory*>(memory)->data;
}

void unmap_memory(GstMemory*) {}

GstMemory* share_memory(GstMemory*, gssize, gssize) {
  fake_nvmm::note_error("a part of an NVMM memory was shared");
  return nullptr;
}

// As GStreamer does it where an allocator has no copy: bytes in system memory.
GstMemory* copy_memory(GstMemory* memory, gssize, gssize) {
  fake_nvmm::note_error("the bytes of a handle were copied");
  GstMemory* copy = gst_allocator_alloc(nullptr, memory->size, nullptr);
  return copy;
}

struct NvmmAllocator {
  GstAllocator parent;
};
struct NvmmAllocatorClass {
  GstAllocatorClass parent;
};

G_DEFINE_TYPE(NvmmAllocator, nvmm_allocator, GST_TYPE_ALLOCATOR)

void nvmm_allocator_init(NvmmAllocator* self) {
  auto* allocator = GST_ALLOCATOR_CAST(self);
  allocator->mem_type = kMemoryType;
  allocator->mem_map = map_memory;
  allocator->mem_unmap = unmap_memory;
  allocator->mem_share = share_memory;
  allocator->mem_copy = copy_memory;
  GST_OBJECT_FLAG_SET(allocator, GST_ALLOCATOR_FLAG_CUSTOM_ALLOC);
}

void free_memory(GstAllocator*, GstMemory* memory) {
  auto* nvmm = reinterpret_cast<NvmmMemory*>(memory);
  if (nvmm->kind == NvmmKind::Handle)
    function<int(int)>("libnvbuf_utils.so", "NvBufferDestroy")(nvmm->fd);
  else
    function<int(void*)>("libnvbufsurface.so", "NvBufSurfaceDestroy")(nvmm->data);
  g_free(nvmm);
}

void nvmm_allocator_class_init(NvmmAllocatorClass* klass) {
  klass->parent.free = free_memory;
}

struct NvmmPool {
  GstBufferPool parent;
  GstAllocator* allocator;
  GstVideoInfo info;
  NvmmKind kind;
  fake_nvmm::Layout layout;
};
struct NvmmPoolClass {
  GstBufferPoolClass parent;
};

G_DEFINE_TYPE(NvmmPool, nvmm_pool, GST_TYPE_BUFFER_POOL)

void nvmm_pool_init(NvmmPool* self) {
  self->allocator = GST_ALLOCATOR(g_object_new(nvmm_allocator_get_type(), nullptr));
  gst_object_ref_sink(self->allocator);
}

GstFlowReturn allocate_frame(GstBufferPool* pool, GstBuffer** buffer, GstBufferPoolAcquireParams*) {
  auto* self = reinterpret_cast<NvmmPool*>(pool);
  auto* memory = g_new0(NvmmMemory, 1);
  memory->kind = self->kind;
  if (self->kind == NvmmKind::Handle)
    make_handle(memory, self->info, self->layout);
  else
    make_surface(memory, self->info, self->layout);
  gst_memory_init(GST_MEMORY_CAST(memory), GST_MEMORY_FLAG_NO_SHARE, self->allocator, nullptr,
                  memory->size, 0, 0, memory->size);
  *buffer = gst_buffer_new();
  gst_buffer_append_memory(*buffer, GST_MEMORY_CAST(memory));
  return GST_FLOW_OK;
}

void finalize_pool(GObject* object) {
  gst_object_unref(reinterpret_cast<NvmmPool*>(object)->allocator);
  G_OBJECT_CLASS(nvmm_pool_parent_class)->finalize(object);
}

void nvmm_pool_class_init(NvmmPoolClass* klass) {
  klass->parent.alloc_buffer = allocate_frame;
  G_OBJECT_CLASS(klass)->finalize = finalize_pool;
}

}  // namespace

GstBufferPool* make_nvmm_pool(const GstVideoInfo& info, NvmmKind kind, fake_nvmm::Layout layout,
                              guint frames) {
  auto* self = static_cast<NvmmPool*>(g_object_new(nvmm_pool_get_type(), nullptr));
  self->info = info;
  self->kind = kind;
  self->layout = layout;
  auto* pool = GST_BUFFER_POOL_CAST(self);
  gst_object_ref_sink(pool);
  GstStructure* config = gst_buffer_pool_get_config(pool);
  const auto size =
      static_cast<guint>(kind == NvmmKind::Handle ? board::kHandleSize : surface_structure_size());
  gst_buffer_pool_config_set_params(config, nullptr, size, frames, frames);
  gst_buffer_pool_set_config(pool, config);
  gst_buffer_pool_set_active(pool, TRUE);
  return pool;
}

namespace {

board::SurfaceBatch* batch_of(GstBuffer* frame) {
  auto* memory = reinterpret_cast<NvmmMemory*>(gst_buffer_peek_memory(frame, 0));
  return static_cast<board::SurfaceBatch*>(memory->data);
}

template <typename Body>
void for_each_plane(GstBuffer* frame, Body&& body) {
  const auto planes = static_cast<int>(batch_of(frame)->surfaces[0].planes.num_planes);
  for (int plane = 0; plane < planes; plane++)
    body(plane);
}

}  // namespace

void fill_nvmm_frame(GstBuffer* frame, uint32_t streams) {
  batch_of(frame)->filled = streams;
}

void map_nvmm_frame(GstBuffer* frame) {
  auto* map =
      function<int(board::SurfaceBatch*, int, int, int)>("libnvbufsurface.so", "NvBufSurfaceMap");
  for_each_plane(frame, [&](int plane) { map(batch_of(frame), 0, plane, 0); });
}

void unmap_nvmm_frame(GstBuffer* frame) {
  auto* unmap =
      function<int(board::SurfaceBatch*, int, int)>("libnvbufsurface.so", "NvBufSurfaceUnMap");
  for_each_plane(frame, [&](int plane) { unmap(batch_of(frame), 0, plane); });
}

bool is_nvmm_frame_mapped(GstBuffer* frame) {
  bool all = true;
  for_each_plane(frame, [&](int plane) {
    all = all && batch_of(frame)->surfaces[0].mapped.addr[plane] != nullptr;
  });
  return all;
}

int nvmm_surface_of(GstBuffer* buffer) {
  if (gst_buffer_n_memory(buffer) != 1)
    return -1;
  GstMemory* memory = gst_buffer_peek_memory(buffer, 0);
  if (!gst_memory_is_type(memory, kMemoryType))
    return -1;
  return reinterpret_cast<NvmmMemory*>(memory)->fd;
}

}  // namespace jetsoncaption
