// SPDX-License-Identifier: LGPL-2.1-or-later
// LibTorch as a whole: threads, cuDNN, version, and its exceptions turned into errors.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"

namespace jetsoncaption {

// One thread fewer than the processor has, so that the video keeps one, and at most four: one
// picture has too little work for more.
int default_threads();

// Lets LibTorch use so many threads in the calling thread. Cheap; OpenMP keeps the
// number for each thread, so every thread that captions must ask.
void use_threads(int threads);

// Off unless allowed, because it was unstable on the boards this replaces a program on, and its
// kernels take hundreds of megabytes. Without CUDA it changes nothing.
void allow_cudnn(bool allowed);

std::string torch_version();  // "1.13.1"

// Runs work() and turns whatever LibTorch or the allocator throws into an error:
// OutOfMemory or Internal.
Result<void> guard_torch(const std::function<void()>& work);

}  // namespace jetsoncaption
