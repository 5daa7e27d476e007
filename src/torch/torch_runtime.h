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

// Lets LibTorch and its BLAS use so many threads, in this process from now on: for programs, which
// have the process to themselves. Cheap; OpenMP keeps the number for each thread, so every thread
// that computes must ask.
void use_threads(int threads);

// The same for as long as it lives, and whether cuDNN may be used: for libraries, which leave the
// process of their host as they found it. What is of the whole process is put back when the last
// one ends; while several live with different wishes, the newest counts.
//
// cuDNN is off unless allowed, because it was unstable on the boards this replaces a program on,
// and its kernels take hundreds of megabytes. Without CUDA it changes nothing.
class TorchSettings {
 public:
  TorchSettings(int threads, bool allow_cudnn);
  ~TorchSettings();
  TorchSettings(const TorchSettings&) = delete;
  TorchSettings& operator=(const TorchSettings&) = delete;

 private:
  const int threads_before_;  // of LibTorch in this thread
};

std::string torch_version();  // "1.13.1"

// Runs work() and turns whatever LibTorch or the allocator throws into an error:
// OutOfMemory or Internal.
Result<void> guard_torch(const std::function<void()>& work);

}  // namespace jetsoncaption
