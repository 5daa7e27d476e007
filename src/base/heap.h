// SPDX-License-Identifier: LGPL-2.1-or-later
// How the heap of a program of ours treats large blocks.
#pragma once

namespace jetsoncaption {

// For programs that compute with LibTorch, which frees and allocates the same large tensors for
// each picture: the heap keeps them instead of asking the system for zeroed pages each time. Needs
// both of malloc's limits (mallopt(3)), which are the whole process's: an application's are its
// own.
void keep_freed_blocks();

}  // namespace jetsoncaption
