// SPDX-License-Identifier: LGPL-2.1-or-later
// Lets operator new fail, in the whole program that includes this: the next allocation but so many
// by threads of the wanted kind. Memory of the C library and of GLib is not concerned.
#pragma once

#include <atomic>

#include "fakes/operator_new.h"

namespace jetsoncaption {

inline std::atomic<int> allocations_left{-1};  // until the one that fails; below 0: none does
inline thread_local bool is_test_thread = false;
inline std::atomic<bool> fails_in_test_thread{false};

// From now on. Afterwards `stop_failing()` says whether it came to that.
inline void fail_allocation(int number, bool in_test_thread) {
  is_test_thread = true;
  fails_in_test_thread = in_test_thread;
  allocations_left = number;
}
inline bool stop_failing() {
  return allocations_left.exchange(-1) < 0;
}

bool next_allocation_fails() {
  return allocations_left >= 0 && is_test_thread == fails_in_test_thread &&
         allocations_left.fetch_sub(1) == 0;
}

}  // namespace jetsoncaption
