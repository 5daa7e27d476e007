// SPDX-License-Identifier: LGPL-2.1-or-later
// libnvbuf_utils.so of L4T r32: JetPack 4.
#include "plugin/frames/nvmm/nvbuf_utils_library.h"

#include <string>

#include "plugin/frames/nvmm/dynamic_library.h"
#include "plugin/frames/nvmm/nvbuf_utils_abi.h"
#include "plugin/frames/nvmm/surface_structure.h"

namespace jetsoncaption {

namespace {

struct Functions {
  decltype(&::NvBufferGetSize) get_size = nullptr;
  decltype(&::ExtractFdFromNvBuffer) extract_fd = nullptr;
  decltype(&::NvBufferGetParams) get_params = nullptr;
  decltype(&::NvBufferCreateEx) create = nullptr;
  decltype(&::NvBufferDestroy) destroy = nullptr;
  decltype(&::NvBufferMemMap) map = nullptr;
  decltype(&::NvBufferMemUnMap) unmap = nullptr;
  decltype(&::NvBufferMemSyncForCpu) sync_for_cpu = nullptr;
  decltype(&::NvBufferMemSyncForDevice) sync_for_device = nullptr;
  decltype(&::NvBufferTransform) transform = nullptr;
};

bool find_all(const DynamicLibrary& library, Functions& functions) {
  return library.get("NvBufferGetSize", functions.get_size) &&
         library.get("ExtractFdFromNvBuffer", functions.extract_fd) &&
         library.get("NvBufferGetParams", functions.get_params) &&
         library.get("NvBufferCreateEx", functions.create) &&
         library.get("NvBufferDestroy", functions.destroy) &&
         library.get("NvBufferMemMap", functions.map) &&
         library.get("NvBufferMemUnMap", functions.unmap) &&
         library.get("NvBufferMemSyncForCpu", functions.sync_for_cpu) &&
         library.get("NvBufferMemSyncForDevice", functions.sync_for_device) &&
         library.get("NvBufferTransform", functions.transform);
}

// The releases of the library differ in the size of what they write.
union RoomyParams {
  NvBufferParams params;
  unsigned char room[512];
};

Error failure(const char* function, int result) {
  return {ErrorKind::Internal,
          std::string(function) + " of libnvbuf_utils.so returned " + std::to_string(result) + "."};
}

Result<void> checked(const char* function, int result) {
  if (result != 0)
    return failure(function, result);
  return {};
}

NvBufferRect to_nvidia(const NvmmRect& rect) {
  return {rect.y, rect.x, rect.width, rect.height};
}

class NvbufUtilsLibrary : public NvmmLibrary {
 public:
  explicit NvbufUtilsLibrary(const Functions& functions) : functions_(functions) {}

  const char* name() const override { return "nvbuf_utils"; }

  // NVIDIA's own elements tell the two kinds apart by the size as well. The descriptor stays with
  // the buffer: releasing it here would break it for everybody else.
  Result<NvmmSurface> inspect(const void* data, size_t size) override {
    if (size == static_cast<size_t>(functions_.get_size())) {
      int fd = -1;
      const int result = functions_.extract_fd(const_cast<void*>(data), &fd);
      if (result != 0)
        return failure("ExtractFdFromNvBuffer", result);
      return describe(fd);
    }
    const Result<NvBufSurface*> surface = surface_at(data, size);
    if (!surface.ok())
      return surface.error();
    return describe(static_cast<int>(surface.value()->surfaceList[0].bufferDesc));
  }

  Result<NvmmSurface> create(uint32_t width, uint32_t height, int color_format) override {
    NvBufferCreateParams params = {};
    params.width = static_cast<int32_t>(width);
    params.height = static_cast<int32_t>(height);
    params.payloadType = NvBufferPayload_SurfArray;
    params.layout = NvBufferLayout_Pitch;
    params.colorFormat = static_cast<NvBufferColorFormat>(color_format);
    params.nvbuf_tag = NvBufferTag_VIDEO_CONVERT;
    int fd = -1;
    const int result = functions_.create(&fd, &params);
    if (result != 0)
      return failure("NvBufferCreateEx", result);
    Result<NvmmSurface> surface = describe(fd);
    if (!surface.ok())
      functions_.destroy(fd);
    return surface;
  }

  void destroy(const NvmmSurface& surface) override { functions_.destroy(surface.fd); }

  int rgba() const override { return NvBufferColorFormat_ABGR32; }

  bool is_nv12(int color_format) const override {
    return color_format == NvBufferColorFormat_NV12 ||
           color_format == NvBufferColorFormat_NV12_ER ||
           color_format == NvBufferColorFormat_NV12_709 ||
           color_format == NvBufferColorFormat_NV12_709_ER;
  }

  Result<void> transform(const NvmmSurface& from, const NvmmRect& from_rect, const NvmmSurface& to,
                         const NvmmRect& to_rect) override {
    NvBufferTransformParams params = {};
    params.transform_flag =
        NVBUFFER_TRANSFORM_CROP_SRC | NVBUFFER_TRANSFORM_CROP_DST | NVBUFFER_TRANSFORM_FILTER;
    params.transform_filter = NvBufferTransform_Filter_Smart;
    params.src_rect = to_nvidia(from_rect);
    params.dst_rect = to_nvidia(to_rect);
    return checked("NvBufferTransform", functions_.transform(from.fd, to.fd, &params));
  }

  // Each call makes a mapping of its own.
  Result<NvmmPlane> map(const NvmmSurface& surface, uint32_t plane) override {
    void* address = nullptr;
    const int result = functions_.map(surface.fd, plane, NvBufferMem_Read_Write, &address);
    if (result != 0 || address == nullptr)
      return failure("NvBufferMemMap", result);
    return NvmmPlane{static_cast<uint8_t*>(address), true};
  }

  void unmap(const NvmmSurface& surface, uint32_t plane, uint8_t* address) override {
    void* mapped = address;
    functions_.unmap(surface.fd, plane, &mapped);
  }

  Result<void> sync_for_cpu(const NvmmSurface& surface, uint32_t plane, uint8_t* address) override {
    void* mapped = address;
    return checked("NvBufferMemSyncForCpu", functions_.sync_for_cpu(surface.fd, plane, &mapped));
  }

  Result<void> sync_for_device(const NvmmSurface& surface, uint32_t plane,
                               uint8_t* address) override {
    void* mapped = address;
    return checked("NvBufferMemSyncForDevice",
                   functions_.sync_for_device(surface.fd, plane, &mapped));
  }

 private:
  Result<NvmmSurface> describe(int fd) {
    RoomyParams roomy = {};
    const int result = functions_.get_params(fd, &roomy.params);
    if (result != 0)
      return failure("NvBufferGetParams", result);
    const NvBufferParams& params = roomy.params;
    if (params.num_planes < 1 || params.num_planes > 4)
      return Error{ErrorKind::Unsupported,
                   "The surface has " + std::to_string(params.num_planes) + " planes."};
    NvmmSurface surface;
    surface.fd = fd;
    surface.width = params.width[0];
    surface.height = params.height[0];
    surface.color_format = params.pixel_format;
    surface.is_block_linear = params.layout[0] != NvBufferLayout_Pitch;
    surface.planes = params.num_planes;
    for (uint32_t plane = 0; plane < surface.planes; ++plane)
      surface.pitches[plane] = params.pitch[plane];
    return surface;
  }

  const Functions functions_;
};

}  // namespace

std::shared_ptr<NvmmLibrary> open_nvbuf_utils() {
  const DynamicLibrary library = DynamicLibrary::open("libnvbuf_utils.so");
  Functions functions;
  if (!find_all(library, functions))
    return nullptr;
  return std::make_shared<NvbufUtilsLibrary>(functions);
}

}  // namespace jetsoncaption
