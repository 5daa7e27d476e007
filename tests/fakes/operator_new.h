// SPDX-License-Identifier: LGPL-2.1-or-later
// operator new and delete of the whole program that includes this, in one file of it. Whether an
// allocation fails, that file says.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>

namespace jetsoncaption {

// Asked for each allocation, by the thread that wants it.
bool next_allocation_fails();

inline void* allocate(std::size_t size) noexcept {
  return next_allocation_fails() ? nullptr : std::malloc(size != 0 ? size : 1);
}

inline void* allocate_or_throw(std::size_t size) {
  void* memory = allocate(size);
  if (memory == nullptr)
    throw std::bad_alloc();
  return memory;
}

}  // namespace jetsoncaption

void* operator new(std::size_t size) {
  return jetsoncaption::allocate_or_throw(size);
}
void* operator new[](std::size_t size) {
  return jetsoncaption::allocate_or_throw(size);
}
// Those of the library would take memory that operator delete of here does not know.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return jetsoncaption::allocate(size);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return jetsoncaption::allocate(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}
