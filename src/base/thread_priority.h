// SPDX-License-Identifier: LGPL-2.1-or-later
// The place of captions among what a machine has to do.
#pragma once

namespace jetsoncaption {

// Threads that frames pass in come first, also where they want the processor in the middle of a
// caption: this thread becomes at least 5 nicer than usual, and of the policy SCHED_BATCH, so that
// it does not interrupt the one that wakes it. Threads and processes that it starts inherit both.
// What the system refuses is left as it was.
void let_others_go_first();

}  // namespace jetsoncaption
