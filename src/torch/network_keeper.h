// SPDX-License-Identifier: LGPL-2.1-or-later
// Keeps a network at work when the memory of the GPU runs out: by giving back what is only kept for
// later, and where that is not enough by another network, on the CPU.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "captioner/network_captioner.h"

namespace jetsoncaption {

// Not thread-safe.
class NetworkKeeper {
 public:
  using Maker = std::function<Result<LoadedNetwork>()>;
  using Work = std::function<void(const LoadedNetwork&)>;

  struct Makers {
    Maker on_gpu;  // empty: the CPU is used from the start
    Maker on_cpu;
    std::function<void()> release_gpu_cache;  // of LibTorch's allocator
  };

  // All of the makers may throw what LibTorch throws. Nothing is made yet.
  explicit NetworkKeeper(Makers makers);

  // Makes the network where there is none yet and lets `work` use it, which may throw what
  // LibTorch throws and is begun anew where memory ran out. On the GPU: after the cache was
  // released; then on the CPU, for good, and nothing is left on the GPU then but CUDA itself, which
  // stays until the process ends. An error leaves the keeper fit for another try, on the same
  // device.
  Result<void> run(const Work& work);

  // Why the network is on the CPU although there is a maker for the GPU: a sentence; "" otherwise.
  std::string fallback() const;

 private:
  Result<void> attempt(const Work& work);
  Result<void> make();
  void release_gpu_cache() const;
  void leave_gpu(const Error& cause);

  const Makers makers_;
  bool is_on_gpu_;
  std::string why_cpu_;  // set when the GPU is left
  LoadedNetwork loaded_;
};

}  // namespace jetsoncaption
