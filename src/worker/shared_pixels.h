// SPDX-License-Identifier: LGPL-2.1-or-later
// Pixels that two processes see: one writes, the other reads.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "engine/engine_api.h"

namespace jetsoncaption {

// The writer's end. Nobody can make the memory smaller or larger, so that no access to it fails.
class SharedPixels {
 public:
  SharedPixels() = default;
  ~SharedPixels();
  SharedPixels(const SharedPixels&) = delete;
  SharedPixels& operator=(const SharedPixels&) = delete;

  // Copies the image there, without gaps between its rows. True when it lies in memory that was
  // made for it now, whose descriptor has to be sent. InvalidArgument, OutOfMemory, Internal.
  Result<bool> write(const JetsonCaptionEngineImage& image);

  int descriptor() const { return descriptor_; }

 private:
  Result<void> make(size_t size);
  void release();

  int descriptor_ = -1;
  uint8_t* bytes_ = nullptr;
  size_t size_ = 0;
};

// The reader's end.
class SeenPixels {
 public:
  SeenPixels() = default;
  ~SeenPixels();
  SeenPixels(const SeenPixels&) = delete;
  SeenPixels& operator=(const SeenPixels&) = delete;

  // In the place of what was seen before. The descriptor remains the caller's. Unsupported when it
  // is no memory whose size is fixed.
  Result<void> look_at(int descriptor);

  const uint8_t* bytes() const { return bytes_; }
  size_t size() const { return size_; }

 private:
  void release();

  const uint8_t* bytes_ = nullptr;
  size_t size_ = 0;
};

}  // namespace jetsoncaption
