// SPDX-License-Identifier: LGPL-2.1-or-later
// Surfaces as the hardware of a Jetson board has them, for the tests.
#include "surfaces.h"

#include <algorithm>
#include <map>
#include <mutex>

namespace fake_nvmm {

namespace {

constexpr uint32_t kPitchAlignment = 256;
constexpr uint32_t kTileBytes = 64;
constexpr uint32_t kTileLines = 8;
constexpr uint32_t kLeastSide = 16;
constexpr uint32_t kMostScaling = 16;
constexpr uint8_t kNeverSynced = 0xcd;

struct Surface {
  Geometry geometry;
  std::vector<uint8_t> device;
  std::vector<uint8_t> cpu;
  std::vector<uint8_t> synced;  // the CPU's view when it was made the same last
  std::vector<bool> mapped;
};

struct Failure {
  int after = 0;
  int count = 0;
};

std::mutex mutex;  // of all below
std::map<int, Surface> surfaces;
std::map<std::string, Failure> failures;
std::vector<std::string> noted;
int next_fd = 1000;
int transform_count = 0;
int created_count = 0;

uint32_t align(uint32_t value, uint32_t alignment) {
  return (value + alignment - 1) / alignment * alignment;
}

void note(const std::string& error) {
  noted.push_back(error);
}

Surface* find(int fd) {
  const auto found = surfaces.find(fd);
  if (found == surfaces.end()) {
    note("there is no surface " + std::to_string(fd));
    return nullptr;
  }
  return &found->second;
}

Surface* find_plane(int fd, uint32_t plane) {
  Surface* surface = find(fd);
  if (surface != nullptr && plane >= surface->geometry.planes.size()) {
    note("surface " + std::to_string(fd) + " has no plane " + std::to_string(plane));
    return nullptr;
  }
  return surface;
}

Geometry make_geometry(uint32_t width, uint32_t height, Format format, Layout layout, int variant) {
  Geometry geometry;
  geometry.width = width;
  geometry.height = height;
  geometry.format = format;
  geometry.layout = layout;
  geometry.variant = variant;
  if (format == Format::Nv12)
    geometry.planes = {{width, height, 1}, {(width + 1) / 2, (height + 1) / 2, 2}};
  else
    geometry.planes = {{width, height, 4}};
  for (Plane& plane : geometry.planes) {
    plane.pitch = align(plane.width * plane.pixel_bytes, kPitchAlignment);
    plane.offset = geometry.size;
    plane.size = plane.pitch * align(plane.height, kTileLines);
    geometry.size += plane.size;
  }
  return geometry;
}

size_t place_of(const Geometry& geometry, const Plane& plane, uint32_t byte, uint32_t line) {
  if (geometry.layout == Layout::Pitch)
    return plane.offset + static_cast<size_t>(line) * plane.pitch + byte;
  const uint32_t tile = line / kTileLines * (plane.pitch / kTileBytes) + byte / kTileBytes;
  return plane.offset + static_cast<size_t>(tile) * kTileBytes * kTileLines +
         line % kTileLines * kTileBytes + byte % kTileBytes;
}

uint8_t& byte_at(Surface& surface, size_t plane, uint32_t byte, uint32_t line) {
  const Geometry& geometry = surface.geometry;
  return surface.device[place_of(geometry, geometry.planes[plane], byte, line)];
}

Pixel get_pixel(Surface& surface, uint32_t x, uint32_t y) {
  if (surface.geometry.format == Format::Rgba)
    return {byte_at(surface, 0, 4 * x, y), byte_at(surface, 0, 4 * x + 1, y),
            byte_at(surface, 0, 4 * x + 2, y)};
  const uint32_t chroma = x / 2 * 2;
  return {byte_at(surface, 0, x, y), byte_at(surface, 1, chroma, y / 2),
          byte_at(surface, 1, chroma + 1, y / 2)};
}

void set_pixel(Surface& surface, uint32_t x, uint32_t y, const Pixel& pixel) {
  if (surface.geometry.format == Format::Rgba) {
    byte_at(surface, 0, 4 * x, y) = pixel.a;
    byte_at(surface, 0, 4 * x + 1, y) = pixel.b;
    byte_at(surface, 0, 4 * x + 2, y) = pixel.c;
    byte_at(surface, 0, 4 * x + 3, y) = 255;
    return;
  }
  byte_at(surface, 0, x, y) = pixel.a;
  if (x % 2 == 0 && y % 2 == 0) {
    byte_at(surface, 1, x, y / 2) = pixel.b;
    byte_at(surface, 1, x + 1, y / 2) = pixel.c;
  }
}

uint8_t to_byte(double value) {
  return static_cast<uint8_t>(std::clamp(value + 0.5, 0.0, 255.0));
}

Pixel to_rgb(const Pixel& yuv) {
  const double y = 1.164384 * (yuv.a - 16);
  const double u = yuv.b - 128;
  const double v = yuv.c - 128;
  return {to_byte(y + 1.596027 * v), to_byte(y - 0.391762 * u - 0.812968 * v),
          to_byte(y + 2.017232 * u)};
}

bool is_inside(const Rect& rect, const Geometry& geometry) {
  return rect.width > 0 && rect.height > 0 && rect.x + rect.width <= geometry.width &&
         rect.y + rect.height <= geometry.height;
}

bool is_odd(const Rect& rect) {
  return ((rect.x | rect.y | rect.width | rect.height) & 1) != 0;
}

bool is_beyond_scaling(uint32_t from, uint32_t to) {
  return from > to * kMostScaling || to > from * kMostScaling;
}

// Empty: the VIC can do it.
std::string refusal(const Geometry& from, const Rect& from_rect, const Geometry& to,
                    const Rect& to_rect) {
  if (!is_inside(from_rect, from) || !is_inside(to_rect, to))
    return "a rectangle outside of its surface";
  if ((from.format == Format::Nv12 && is_odd(from_rect)) ||
      (to.format == Format::Nv12 && is_odd(to_rect)))
    return "an odd rectangle of NV12";
  if (std::min({from_rect.width, from_rect.height, to_rect.width, to_rect.height}) < kLeastSide)
    return "a side of less than 16 pixels";
  if (is_beyond_scaling(from_rect.width, to_rect.width) ||
      is_beyond_scaling(from_rect.height, to_rect.height))
    return "scaling by more than 16";
  if (from.format == Format::Nv12 && to.format == Format::Nv12 && from.variant != to.variant)
    return "other colors";
  if (from.format == Format::Rgba && to.format == Format::Nv12)
    return "RGBA to NV12, which nobody needs here";
  return "";
}

// Something that the CPU wrote and the hardware does not know.
bool has_unsynced_writes(const Surface& surface, const Plane& plane) {
  const auto begin = surface.cpu.begin() + plane.offset;
  return !std::equal(begin, begin + plane.size, surface.synced.begin() + plane.offset);
}

void forget_view(Surface& surface, const Plane& plane) {
  std::fill_n(surface.cpu.begin() + plane.offset, plane.size, kNeverSynced);
  std::fill_n(surface.synced.begin() + plane.offset, plane.size, kNeverSynced);
}

void copy_plane(const std::vector<uint8_t>& from, std::vector<uint8_t>& to, const Plane& plane) {
  std::copy_n(from.begin() + plane.offset, plane.size, to.begin() + plane.offset);
}

}  // namespace

int create(uint32_t width, uint32_t height, Format format, Layout layout, int variant) {
  std::lock_guard<std::mutex> lock(mutex);
  Surface surface;
  surface.geometry = make_geometry(width, height, format, layout, variant);
  surface.device.assign(surface.geometry.size, 0);
  surface.mapped.resize(surface.geometry.planes.size());
  surfaces[next_fd] = std::move(surface);
  created_count++;
  return next_fd++;
}

bool destroy(int fd) {
  std::lock_guard<std::mutex> lock(mutex);
  const Surface* surface = find(fd);
  if (surface == nullptr)
    return false;
  if (std::count(surface->mapped.begin(), surface->mapped.end(), true) > 0)
    note("a mapped surface was destroyed");
  surfaces.erase(fd);
  return true;
}

bool describe(int fd, Geometry* geometry) {
  std::lock_guard<std::mutex> lock(mutex);
  const Surface* surface = find(fd);
  if (surface == nullptr)
    return false;
  *geometry = surface->geometry;
  return true;
}

uint8_t* map(int fd, uint32_t plane) {
  std::lock_guard<std::mutex> lock(mutex);
  Surface* surface = find_plane(fd, plane);
  if (surface == nullptr)
    return nullptr;
  if (surface->mapped[plane])
    note("a plane was mapped twice");
  if (surface->cpu.empty()) {
    surface->cpu.resize(surface->geometry.size);
    surface->synced.resize(surface->geometry.size);
  }
  surface->mapped[plane] = true;
  forget_view(*surface, surface->geometry.planes[plane]);
  return surface->cpu.data() + surface->geometry.planes[plane].offset;
}

bool unmap(int fd, uint32_t plane) {
  std::lock_guard<std::mutex> lock(mutex);
  Surface* surface = find_plane(fd, plane);
  if (surface == nullptr)
    return false;
  if (!surface->mapped[plane])
    note("a plane was unmapped that is not mapped");
  const Plane& unmapped = surface->geometry.planes[plane];
  if (has_unsynced_writes(*surface, unmapped))
    note(surface->geometry.layout == Layout::BlockLinear
             ? "the CPU wrote to a block-linear surface"
             : "a plane was unmapped before the hardware knew what was written to it");
  surface->mapped[plane] = false;
  forget_view(*surface, unmapped);
  return true;
}

bool sync_for_cpu(int fd, uint32_t plane) {
  std::lock_guard<std::mutex> lock(mutex);
  Surface* surface = find_plane(fd, plane);
  if (surface == nullptr || !surface->mapped[plane]) {
    note("sync for the CPU of a plane that is not mapped");
    return false;
  }
  const Plane& synced = surface->geometry.planes[plane];
  copy_plane(surface->device, surface->cpu, synced);
  copy_plane(surface->cpu, surface->synced, synced);
  return true;
}

bool sync_for_device(int fd, uint32_t plane) {
  std::lock_guard<std::mutex> lock(mutex);
  Surface* surface = find_plane(fd, plane);
  if (surface == nullptr || !surface->mapped[plane]) {
    note("sync for the hardware of a plane that is not mapped");
    return false;
  }
  const Plane& synced = surface->geometry.planes[plane];
  if (surface->geometry.layout == Layout::BlockLinear && has_unsynced_writes(*surface, synced))
    note("the CPU wrote to a block-linear surface");
  copy_plane(surface->cpu, surface->device, synced);
  copy_plane(surface->cpu, surface->synced, synced);
  return true;
}

void lose_writes(int fd, uint32_t plane) {
  std::lock_guard<std::mutex> lock(mutex);
  Surface* surface = find_plane(fd, plane);
  if (surface != nullptr)
    copy_plane(surface->synced, surface->cpu, surface->geometry.planes[plane]);
}

bool transform(int from, const Rect& from_rect, int to, const Rect& to_rect) {
  std::lock_guard<std::mutex> lock(mutex);
  transform_count++;
  Surface* source = find(from);
  Surface* target = find(to);
  if (source == nullptr || target == nullptr)
    return false;
  const std::string refused = refusal(source->geometry, from_rect, target->geometry, to_rect);
  if (!refused.empty()) {
    note("the VIC was asked for " + refused);
    return false;
  }
  const bool converts = source->geometry.format != target->geometry.format;
  for (uint32_t y = 0; y < to_rect.height; y++) {
    const uint32_t line = from_rect.y + (2 * y + 1) * from_rect.height / (2 * to_rect.height);
    for (uint32_t x = 0; x < to_rect.width; x++) {
      const uint32_t column = from_rect.x + (2 * x + 1) * from_rect.width / (2 * to_rect.width);
      const Pixel pixel = get_pixel(*source, column, line);
      set_pixel(*target, to_rect.x + x, to_rect.y + y, converts ? to_rgb(pixel) : pixel);
    }
  }
  return true;
}

bool is_to_fail(const char* function) {
  std::lock_guard<std::mutex> lock(mutex);
  const auto found = failures.find(function);
  if (found == failures.end())
    return false;
  Failure& failure = found->second;
  if (failure.after > 0) {
    failure.after--;
    return false;
  }
  if (failure.count == 0)
    return false;
  failure.count--;
  return true;
}

void note_error(const std::string& error) {
  std::lock_guard<std::mutex> lock(mutex);
  note(error);
}

void fail(const std::string& function, int count, int after) {
  std::lock_guard<std::mutex> lock(mutex);
  failures[function] = {after, count};
}

void forget_failures() {
  std::lock_guard<std::mutex> lock(mutex);
  failures.clear();
  noted.clear();
}

std::vector<std::string> errors() {
  std::lock_guard<std::mutex> lock(mutex);
  return noted;
}

int live_surfaces() {
  std::lock_guard<std::mutex> lock(mutex);
  return static_cast<int>(surfaces.size());
}

int created_surfaces() {
  std::lock_guard<std::mutex> lock(mutex);
  return created_count;
}

int mapped_planes() {
  std::lock_guard<std::mutex> lock(mutex);
  int count = 0;
  for (const auto& entry : surfaces)
    count +=
        static_cast<int>(std::count(entry.second.mapped.begin(), entry.second.mapped.end(), true));
  return count;
}

int transforms() {
  std::lock_guard<std::mutex> lock(mutex);
  return transform_count;
}

// Byte after byte: the tiles do not matter where all pixels are the same.
void fill(int fd, const Pixel& pixel) {
  std::lock_guard<std::mutex> lock(mutex);
  Surface* surface = find(fd);
  if (surface == nullptr)
    return;
  const bool is_nv12 = surface->geometry.format == Format::Nv12;
  for (size_t i = 0; i < surface->geometry.planes.size(); i++) {
    const Plane& plane = surface->geometry.planes[i];
    std::vector<uint8_t> bytes = {pixel.a, pixel.b, pixel.c, 255};
    if (is_nv12)
      bytes = i == 0 ? std::vector<uint8_t>{pixel.a} : std::vector<uint8_t>{pixel.b, pixel.c};
    for (uint32_t place = 0; place < plane.size; place++)
      surface->device[plane.offset + place] = bytes[place % bytes.size()];
  }
}

Pixel pixel_at(int fd, uint32_t x, uint32_t y) {
  std::lock_guard<std::mutex> lock(mutex);
  Surface* surface = find(fd);
  return surface != nullptr ? get_pixel(*surface, x, y) : Pixel{};
}

std::vector<Pixel> pixels_of(int fd) {
  std::lock_guard<std::mutex> lock(mutex);
  std::vector<Pixel> pixels;
  Surface* surface = find(fd);
  if (surface == nullptr)
    return pixels;
  for (uint32_t y = 0; y < surface->geometry.height; y++) {
    for (uint32_t x = 0; x < surface->geometry.width; x++)
      pixels.push_back(get_pixel(*surface, x, y));
  }
  return pixels;
}

}  // namespace fake_nvmm
