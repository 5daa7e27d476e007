// SPDX-License-Identifier: LGPL-2.1-or-later
// Surfaces as the hardware of a Jetson board has them, for the tests: what the look-alikes of
// NVIDIA's libraries share, and what tests see and control of it.
//
// The hardware and the CPU each have a view of a surface, which only the sync functions make the
// same, as caches do. Block-linear surfaces are tiled in groups of 64 bytes x 8 lines (Tegra X1
// Technical Reference Manual, "Block Linear"); the CPU must not write to them. What must not be
// done is noted as an error, whether or not a function can return it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#define FAKE_NVMM_EXPORT __attribute__((visibility("default")))

namespace fake_nvmm {

enum class Format { Nv12, Rgba };
enum class Layout { Pitch, BlockLinear };

struct Plane {
  uint32_t width = 0;   // pixels
  uint32_t height = 0;  // lines
  uint32_t pixel_bytes = 0;
  uint32_t pitch = 0;   // bytes
  uint32_t offset = 0;  // in the surface
  uint32_t size = 0;
};

struct Geometry {
  uint32_t width = 0;
  uint32_t height = 0;
  Format format = Format::Nv12;
  Layout layout = Layout::Pitch;
  int variant = 0;  // of NV12: which colors its numbers mean
  std::vector<Plane> planes;
  uint32_t size = 0;
};

struct Rect {
  uint32_t x = 0;
  uint32_t y = 0;
  uint32_t width = 0;
  uint32_t height = 0;
};

// The hardware. A surface is named by the descriptor of its dmabuf; -1 is none.
FAKE_NVMM_EXPORT int create(uint32_t width, uint32_t height, Format format, Layout layout,
                            int variant);
FAKE_NVMM_EXPORT bool destroy(int fd);
FAKE_NVMM_EXPORT bool describe(int fd, Geometry* geometry);
FAKE_NVMM_EXPORT uint8_t* map(int fd, uint32_t plane);
FAKE_NVMM_EXPORT bool unmap(int fd, uint32_t plane);
FAKE_NVMM_EXPORT bool sync_for_cpu(int fd, uint32_t plane);
FAKE_NVMM_EXPORT bool sync_for_device(int fd, uint32_t plane);
// What the CPU wrote is lost, for a sync that is to fail.
FAKE_NVMM_EXPORT void lose_writes(int fd, uint32_t plane);

// Copies, scales by at most 16 and converts NV12 to RGBA (BT.601, limited range).
FAKE_NVMM_EXPORT bool transform(int from, const Rect& from_rect, int to, const Rect& to_rect);

// Whether this call of a function of the libraries is to fail; asked by the look-alikes.
FAKE_NVMM_EXPORT bool is_to_fail(const char* function);
FAKE_NVMM_EXPORT void note_error(const std::string& error);

// For tests. The next calls of that function fail: `count` of them, after `after` that do not.
FAKE_NVMM_EXPORT void fail(const std::string& function, int count = 1, int after = 0);
// The same for all functions: none fails any more, and nothing is noted.
FAKE_NVMM_EXPORT void forget_failures();

FAKE_NVMM_EXPORT std::vector<std::string> errors();
FAKE_NVMM_EXPORT int live_surfaces();
FAKE_NVMM_EXPORT int created_surfaces();  // since the process began
FAKE_NVMM_EXPORT int mapped_planes();
FAKE_NVMM_EXPORT int transforms();  // since the process began

// A pixel as the hardware has it: Y, U, V or R, G, B.
struct Pixel {
  uint8_t a = 0;
  uint8_t b = 0;
  uint8_t c = 0;
};
inline bool operator==(const Pixel& left, const Pixel& right) {
  return left.a == right.a && left.b == right.b && left.c == right.c;
}

FAKE_NVMM_EXPORT void fill(int fd, const Pixel& pixel);
FAKE_NVMM_EXPORT Pixel pixel_at(int fd, uint32_t x, uint32_t y);
FAKE_NVMM_EXPORT std::vector<Pixel> pixels_of(int fd);  // line by line

}  // namespace fake_nvmm
