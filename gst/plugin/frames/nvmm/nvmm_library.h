// SPDX-License-Identifier: LGPL-2.1-or-later
// NVIDIA's libraries for surfaces in NVMM memory, opened at run time: the frames of a Jetson are
// not bytes but handles, and what lies behind them is copied, scaled and mapped by these.
//
// Two of them do the same: libnvbuf_utils (L4T r32, JetPack 4), which names surfaces by the file
// descriptor of their dmabuf, and libnvbufsurface with libnvbufsurftransform (r34 and later,
// JetPack 5 to 7), which name them by a structure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/result.h"

namespace jetsoncaption {

// Pixels from the top left corner of a surface.
struct NvmmRect {
  uint32_t x = 0;
  uint32_t y = 0;
  uint32_t width = 0;
  uint32_t height = 0;
};

// A surface that somebody owns: the buffer it came in, or NvmmScratch.
struct NvmmSurface {
  void* handle = nullptr;  // the structure, where the library names surfaces so
  int fd = -1;             // the dmabuf, where the library names them so
  uint32_t width = 0;
  uint32_t height = 0;
  int color_format = 0;  // the library's number
  bool is_block_linear = false;
  uint32_t planes = 0;
  std::array<uint32_t, 4> pitches{};  // bytes from row to row of each plane
};

// A plane that the CPU can reach.
struct NvmmPlane {
  uint8_t* address = nullptr;
  bool is_ours = false;  // else somebody else has mapped it, and will unmap it
};

// Calls take up to some milliseconds, for they wait for the hardware. One thread at a time for
// each surface. Errors name the function of the library that failed and what it returned.
class NvmmLibrary {
 public:
  virtual ~NvmmLibrary() = default;

  // For messages and the debug log: "nvbuf_utils" or "nvbufsurface".
  virtual const char* name() const = 0;

  // What the mapped memory of a buffer holds. The surface is borrowed: valid while the memory is
  // mapped. Unsupported for memory that is no surface of this library, or lies on a graphics card.
  virtual Result<NvmmSurface> inspect(const void* data, size_t size) = 0;

  // Pitch linear. `color_format` is the library's number.
  virtual Result<NvmmSurface> create(uint32_t width, uint32_t height, int color_format) = 0;
  virtual void destroy(const NvmmSurface& surface) = 0;

  // The library's number of the format with the bytes R, G, B, A.
  virtual int rgba() const = 0;
  virtual bool is_nv12(int color_format) const = 0;

  // Copies a rectangle, scales it to the size of the other one, and converts format and layout;
  // what lies around the other one stays. Done when it returns.
  virtual Result<void> transform(const NvmmSurface& from, const NvmmRect& from_rect,
                                 const NvmmSurface& to, const NvmmRect& to_rect) = 0;

  // Makes a plane readable and writable for the CPU, or says where somebody else has it mapped,
  // which sees what the hardware wrote only after sync_for_cpu(), and the hardware what the CPU
  // wrote only after sync_for_device().
  virtual Result<NvmmPlane> map(const NvmmSurface& surface, uint32_t plane) = 0;
  // Of a plane that is_ours.
  virtual void unmap(const NvmmSurface& surface, uint32_t plane, uint8_t* address) = 0;
  virtual Result<void> sync_for_cpu(const NvmmSurface& surface, uint32_t plane,
                                    uint8_t* address) = 0;
  virtual Result<void> sync_for_device(const NvmmSurface& surface, uint32_t plane,
                                       uint8_t* address) = 0;
};

// The library of this board. Opened once in a process and kept, because NVIDIA's libraries start
// threads that do not end. From any thread. NotFound says what was looked for, where, and what to
// install.
Result<std::shared_ptr<NvmmLibrary>> open_nvmm_library();

}  // namespace jetsoncaption
