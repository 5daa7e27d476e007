// SPDX-License-Identifier: LGPL-2.1-or-later
// Arrays whose memory goes back to the system when they go.
//
// malloc() takes big blocks from the system, but raises what it calls big each time that one is
// freed (mallopt(3), M_MMAP_THRESHOLD); from then on the megabytes of a model lie on the heap of
// the application, between its own blocks, and a heap with holes does not shrink. A model that was
// unloaded or changed must leave nothing behind.
#pragma once

#include <cstddef>
#include <limits>
#include <new>
#include <vector>

#include <sys/mman.h>

namespace jetsoncaption {

// Takes blocks from kLeastPages bytes on from the system, smaller ones from the heap. Pages are
// zero and begin at a page.
template <typename T>
class PageAllocator {
 public:
  using value_type = T;
  static constexpr size_t kLeastPages = 32 * 1024;

  PageAllocator() = default;
  template <typename U>
  PageAllocator(const PageAllocator<U>&) {}

  T* allocate(size_t count) {
    if (count > std::numeric_limits<size_t>::max() / 2 / sizeof(T))
      throw std::bad_alloc();
    const size_t bytes = count * sizeof(T);
    if (bytes < kLeastPages)
      return static_cast<T*>(::operator new(bytes));
    void* pages = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED)
      throw std::bad_alloc();
    return static_cast<T*>(pages);
  }
  void deallocate(T* block, size_t count) noexcept {
    const size_t bytes = count * sizeof(T);
    if (bytes < kLeastPages)
      ::operator delete(block);
    else
      munmap(block, bytes);
  }

  template <typename U>
  bool operator==(const PageAllocator<U>&) const {
    return true;
  }
  template <typename U>
  bool operator!=(const PageAllocator<U>&) const {
    return false;
  }
};

// For arrays that may be big and are seldom made: weights, activations, pixels.
template <typename T>
using PageVector = std::vector<T, PageAllocator<T>>;

}  // namespace jetsoncaption
