// SPDX-License-Identifier: LGPL-2.1-or-later
// Which of NVIDIA's libraries this board has.
#include "plugin/frames/nvmm/nvmm_library.h"

#include <mutex>
#include <string>

#include "plugin/frames/nvmm/dynamic_library.h"
#include "plugin/frames/nvmm/nvbuf_utils_library.h"
#include "plugin/frames/nvmm/nvbufsurface_library.h"

namespace jetsoncaption {

namespace {

Error missing_library() {
  return {ErrorKind::NotFound,
          "Frames in NVMM memory need libnvbufsurface.so and libnvbufsurftransform.so (JetPack 5 "
          "and later) or libnvbuf_utils.so (JetPack 4.5 and later), and none of them can be used. "
          "Looked for " +
              DynamicLibrary::places("libnvbufsurface.so") +
              ". On a Jetson board install the package nvidia-l4t-multimedia, and in a container "
              "start it with --runtime nvidia; elsewhere put frames into system memory: "
              "nvvidconv ! video/x-raw,format=NV12 ! jetsoncaption."};
}

}  // namespace

// r34 and r35 up to 35.3 have libnvbuf_utils.so too, but frames that it does not understand.
Result<std::shared_ptr<NvmmLibrary>> open_nvmm_library() {
  static std::mutex mutex;
  static std::shared_ptr<NvmmLibrary> opened;
  std::lock_guard<std::mutex> lock(mutex);
  if (opened == nullptr)
    opened = open_nvbufsurface();
  if (opened == nullptr)
    opened = open_nvbuf_utils();
  if (opened == nullptr)
    return missing_library();
  return opened;
}

}  // namespace jetsoncaption
