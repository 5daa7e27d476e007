// SPDX-License-Identifier: LGPL-2.1-or-later
// libnvbufsurface.so and libnvbufsurftransform.so of L4T r34 and later: JetPack 5 to 7.
#include "plugin/frames/nvmm/nvbufsurface_library.h"

#include <string>

#include "plugin/frames/nvmm/dynamic_library.h"
#include "plugin/frames/nvmm/nvbufsurface_abi.h"
#include "plugin/frames/nvmm/surface_structure.h"

namespace jetsoncaption {

namespace {

// Only the first surface of a batch is a frame here.
constexpr int kIndex = 0;

// r32 has no such function.
constexpr const char* kNewInR34 = "NvBufSurfaceAllocate";

struct Functions {
  decltype(&::NvBufSurfaceCreate) create = nullptr;
  decltype(&::NvBufSurfaceDestroy) destroy = nullptr;
  decltype(&::NvBufSurfaceMap) map = nullptr;
  decltype(&::NvBufSurfaceUnMap) unmap = nullptr;
  decltype(&::NvBufSurfaceSyncForCpu) sync_for_cpu = nullptr;
  decltype(&::NvBufSurfaceSyncForDevice) sync_for_device = nullptr;
  decltype(&::NvBufSurfTransform) transform = nullptr;
};

bool find_all(const DynamicLibrary& surfaces, const DynamicLibrary& transforms,
              Functions& functions) {
  return surfaces.get("NvBufSurfaceCreate", functions.create) &&
         surfaces.get("NvBufSurfaceDestroy", functions.destroy) &&
         surfaces.get("NvBufSurfaceMap", functions.map) &&
         surfaces.get("NvBufSurfaceUnMap", functions.unmap) &&
         surfaces.get("NvBufSurfaceSyncForCpu", functions.sync_for_cpu) &&
         surfaces.get("NvBufSurfaceSyncForDevice", functions.sync_for_device) &&
         transforms.get("NvBufSurfTransform", functions.transform);
}

// Later releases append fields that must be 0.
union RoomyCreateParams {
  NvBufSurfaceCreateParams params;
  unsigned char room[128];
};

Error failure(const char* function, int result) {
  return {ErrorKind::Internal, std::string(function) + " returned " + std::to_string(result) + "."};
}

Result<void> checked(const char* function, int result) {
  if (result != 0)
    return failure(function, result);
  return {};
}

NvBufSurface* structure_of(const NvmmSurface& surface) {
  return static_cast<NvBufSurface*>(surface.handle);
}

NvBufSurfTransformRect to_nvidia(const NvmmRect& rect) {
  return {rect.y, rect.x, rect.width, rect.height};
}

NvmmSurface describe(NvBufSurface* structure) {
  const NvBufSurfaceParams& params = structure->surfaceList[kIndex];
  NvmmSurface surface;
  surface.handle = structure;
  surface.width = params.width;
  surface.height = params.height;
  surface.color_format = params.colorFormat;
  surface.is_block_linear = params.layout != NVBUF_LAYOUT_PITCH;
  surface.planes = params.planeParams.num_planes;
  for (uint32_t plane = 0; plane < surface.planes; ++plane)
    surface.pitches[plane] = params.planeParams.pitch[plane];
  return surface;
}

class NvbufsurfaceLibrary : public NvmmLibrary {
 public:
  explicit NvbufsurfaceLibrary(const Functions& functions) : functions_(functions) {}

  const char* name() const override { return "nvbufsurface"; }

  Result<NvmmSurface> inspect(const void* data, size_t size) override {
    const Result<NvBufSurface*> structure = surface_at(data, size);
    if (!structure.ok())
      return structure.error();
    return describe(structure.value());
  }

  Result<NvmmSurface> create(uint32_t width, uint32_t height, int color_format) override {
    RoomyCreateParams roomy = {};
    NvBufSurfaceCreateParams& params = roomy.params;
    params.width = width;
    params.height = height;
    params.colorFormat = static_cast<NvBufSurfaceColorFormat>(color_format);
    params.layout = NVBUF_LAYOUT_PITCH;
    params.memType = NVBUF_MEM_SURFACE_ARRAY;
    NvBufSurface* structure = nullptr;
    const int result = functions_.create(&structure, 1, &params);
    if (result != 0 || structure == nullptr)
      return failure("NvBufSurfaceCreate", result);
    structure->numFilled = 1;  // or the other functions see no surface in it
    return describe(structure);
  }

  void destroy(const NvmmSurface& surface) override { functions_.destroy(structure_of(surface)); }

  int rgba() const override { return NVBUF_COLOR_FORMAT_RGBA; }

  bool is_nv12(int color_format) const override {
    return color_format == NVBUF_COLOR_FORMAT_NV12 || color_format == NVBUF_COLOR_FORMAT_NV12_ER ||
           color_format == NVBUF_COLOR_FORMAT_NV12_709 ||
           color_format == NVBUF_COLOR_FORMAT_NV12_709_ER ||
           color_format == NVBUF_COLOR_FORMAT_NV12_2020;
  }

  // The session of the thread stays as other elements have set it: the default is the VIC, and any
  // other engine gives the same picture.
  Result<void> transform(const NvmmSurface& from, const NvmmRect& from_rect, const NvmmSurface& to,
                         const NvmmRect& to_rect) override {
    NvBufSurfTransformRect source = to_nvidia(from_rect);
    NvBufSurfTransformRect target = to_nvidia(to_rect);
    NvBufSurfTransformParams params = {};
    params.transform_flag =
        NVBUFSURF_TRANSFORM_CROP_SRC | NVBUFSURF_TRANSFORM_CROP_DST | NVBUFSURF_TRANSFORM_FILTER;
    params.transform_filter = NvBufSurfTransformInter_Algo3;
    params.src_rect = &source;
    params.dst_rect = &target;
    return checked("NvBufSurfTransform",
                   functions_.transform(structure_of(from), structure_of(to), &params));
  }

  // Plane by plane: not each release takes -1 for all of them. The structure has one address for
  // each, so that unmapping what somebody else has mapped would take it from him.
  Result<NvmmPlane> map(const NvmmSurface& surface, uint32_t plane) override {
    NvBufSurface* structure = structure_of(surface);
    void* const& address = structure->surfaceList[kIndex].mappedAddr.addr[plane];
    if (address != nullptr)
      return NvmmPlane{static_cast<uint8_t*>(address), false};
    const int result =
        functions_.map(structure, kIndex, static_cast<int>(plane), NVBUF_MAP_READ_WRITE);
    if (result != 0 || address == nullptr)
      return failure("NvBufSurfaceMap", result);
    return NvmmPlane{static_cast<uint8_t*>(address), true};
  }

  void unmap(const NvmmSurface& surface, uint32_t plane, uint8_t*) override {
    functions_.unmap(structure_of(surface), kIndex, static_cast<int>(plane));
  }

  Result<void> sync_for_cpu(const NvmmSurface& surface, uint32_t plane, uint8_t*) override {
    return checked("NvBufSurfaceSyncForCpu",
                   functions_.sync_for_cpu(structure_of(surface), kIndex, static_cast<int>(plane)));
  }

  Result<void> sync_for_device(const NvmmSurface& surface, uint32_t plane, uint8_t*) override {
    return checked(
        "NvBufSurfaceSyncForDevice",
        functions_.sync_for_device(structure_of(surface), kIndex, static_cast<int>(plane)));
  }

 private:
  const Functions functions_;
};

}  // namespace

std::shared_ptr<NvmmLibrary> open_nvbufsurface() {
  const DynamicLibrary surfaces = DynamicLibrary::open("libnvbufsurface.so");
  if (!surfaces.has(kNewInR34))
    return nullptr;
  const DynamicLibrary transforms = DynamicLibrary::open("libnvbufsurftransform.so");
  Functions functions;
  if (!find_all(surfaces, transforms, functions))
    return nullptr;
  return std::make_shared<NvbufsurfaceLibrary>(functions);
}

}  // namespace jetsoncaption
