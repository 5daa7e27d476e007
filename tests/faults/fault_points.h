// SPDX-License-Identifier: LGPL-2.1-or-later
// What the test and the processes in which things fail tell each other, in a file that all map.
//
// A point is a place in our code that asks the system or the heap for something: the kind of the
// request, and the calls of ours that led there. Libraries of others in between do not matter, and
// what they ask for by themselves is left alone.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace jetsoncaption {

constexpr const char* kFaultBoardVariable = "JETSONCAPTION_FAULT_BOARD";  // its file
constexpr size_t kMostFaultPoints = 16384;                                // a power of two

struct FaultPoint {
  std::atomic<uint64_t> key;  // 0: free
  char kind[16];              // the function
  char where[240];            // module+offset of the calls of ours, innermost first, for addr2line
};

// All zero in the beginning.
struct FaultBoard {
  std::atomic<bool> is_on;         // requests are looked at
  std::atomic<bool> is_recording;  // points are noted
  std::atomic<uint64_t> target;    // the point that fails, 0: none
  std::atomic<bool> fails_always;  // each time, or the first time only
  std::atomic<uint32_t> failures;  // how often it did
  FaultPoint points[kMostFaultPoints];
};

}  // namespace jetsoncaption
