// SPDX-License-Identifier: LGPL-2.1-or-later
// Pixels that two processes see: one writes, the other reads.
#include "worker/shared_pixels.h"

#include <cerrno>
#include <cstring>
#include <string>

#include "base/file_error.h"
#include "worker/protocol.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010  // kernel 5.1
#endif

namespace jetsoncaption {
namespace {

constexpr int kSizeSeals = F_SEAL_SHRINK | F_SEAL_GROW;

// An error number, or 0. A signal of the application ends it early.
int allocate(int descriptor, size_t size) {
  int failed = 0;
  do
    failed = posix_fallocate(descriptor, 0, static_cast<off_t>(size));
  while (failed == EINTR);
  return failed;
}

}  // namespace

SharedPixels::~SharedPixels() {
  release();
}

void SharedPixels::release() {
  if (bytes_ != nullptr)
    munmap(bytes_, size_);
  if (descriptor_ >= 0)
    close(descriptor_);
  bytes_ = nullptr;
  descriptor_ = -1;
  size_ = 0;
}

Result<void> SharedPixels::make(size_t size) {
  release();
  descriptor_ = memfd_create("jetsoncaption", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  // Allocated now: memory that is missing later would end this process.
  int failed = descriptor_ < 0 ? errno : allocate(descriptor_, size);
  if (failed == 0) {
    void* mapped = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor_, 0);
    failed = mapped == MAP_FAILED ? errno : 0;
    if (failed == 0) {
      bytes_ = static_cast<uint8_t*>(mapped);
      size_ = size;
    }
  }
  if (failed == 0 && fcntl(descriptor_, F_ADD_SEALS, kSizeSeals) != 0)
    failed = errno;
  if (failed != 0) {
    release();
    return Error{failed == ENOSPC ? ErrorKind::OutOfMemory : kind_of_fault(failed),
                 std::string("Memory to share with the worker process cannot be had: ") +
                     std::strerror(failed) + "."};
  }
  // The worker has no need to write; older kernels cannot forbid it.
  fcntl(descriptor_, F_ADD_SEALS, F_SEAL_FUTURE_WRITE);
  fcntl(descriptor_, F_ADD_SEALS, F_SEAL_SEAL);
  return {};
}

Result<bool> SharedPixels::write(const JetsonCaptionEngineImage& image) {
  const size_t row = size_t{image.width} * 3;
  if (image.pixels == nullptr || image.width < 1 || image.height < 1 ||
      image.width > kWorkerMaxSide || image.height > kWorkerMaxSide || image.stride < row ||
      row * image.height > kWorkerMaxPixels)
    return Error{ErrorKind::InvalidArgument, "An image of " + std::to_string(image.width) + "x" +
                                                 std::to_string(image.height) +
                                                 " pixels cannot be handed to the worker process."};
  bool is_new = false;
  if (row * image.height > size_) {
    const Result<void> made = make(row * image.height);
    if (!made.ok())
      return made.error();
    is_new = true;
  }
  for (size_t y = 0; y < image.height; ++y)
    std::memcpy(bytes_ + y * row, image.pixels + y * image.stride, row);
  return is_new;
}

SeenPixels::~SeenPixels() {
  release();
}

void SeenPixels::release() {
  if (bytes_ != nullptr)
    munmap(const_cast<uint8_t*>(bytes_), size_);
  bytes_ = nullptr;
  size_ = 0;
}

Result<void> SeenPixels::look_at(int descriptor) {
  release();
  const int seals = fcntl(descriptor, F_GET_SEALS);
  struct stat status;
  if (fstat(descriptor, &status) != 0)
    return Error{ErrorKind::Internal, std::strerror(errno)};
  if (seals < 0 || (seals & kSizeSeals) != kSizeSeals || status.st_size < 1 ||
      static_cast<uint64_t>(status.st_size) > kWorkerMaxPixels)
    return Error{ErrorKind::Unsupported, "no memory of a fixed size"};
  const auto size = static_cast<size_t>(status.st_size);
  void* mapped = mmap(nullptr, size, PROT_READ, MAP_SHARED, descriptor, 0);
  if (mapped == MAP_FAILED)
    return Error{ErrorKind::OutOfMemory, std::strerror(errno)};
  bytes_ = static_cast<const uint8_t*>(mapped);
  size_ = size;
  return {};
}

}  // namespace jetsoncaption
