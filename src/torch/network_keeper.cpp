// SPDX-License-Identifier: LGPL-2.1-or-later
// Keeps a network at work when the memory of the GPU runs out.
#include "torch/network_keeper.h"

#include <utility>

#include "torch/torch_runtime.h"

namespace jetsoncaption {
namespace {

bool ran_out_of_memory(const Result<void>& done) {
  return !done.ok() && done.error().kind == ErrorKind::OutOfMemory;
}

// LibTorch may add paragraphs of advice.
std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

}  // namespace

NetworkKeeper::NetworkKeeper(Makers makers)
    : makers_(std::move(makers)), is_on_gpu_(makers_.on_gpu != nullptr) {}

Result<void> NetworkKeeper::run(const Work& work) {
  auto done = attempt(work);
  if (!is_on_gpu_ || !ran_out_of_memory(done))
    return done;
  release_gpu_cache();
  done = attempt(work);
  if (!ran_out_of_memory(done))
    return done;
  leave_gpu(done.error());
  return attempt(work);
}

std::string NetworkKeeper::fallback() const {
  return loaded_.network ? why_cpu_ : "";
}

Result<void> NetworkKeeper::attempt(const Work& work) {
  if (!loaded_.network) {
    auto made = make();
    if (!made.ok())
      return made;
  }
  return guard_torch([&] { work(loaded_); });
}

Result<void> NetworkKeeper::make() {
  Result<LoadedNetwork> made = LoadedNetwork{};
  const auto guarded =
      guard_torch([&] { made = is_on_gpu_ ? makers_.on_gpu() : makers_.on_cpu(); });
  if (guarded.ok() && made.ok()) {
    loaded_ = std::move(made.value());
    return {};
  }
  Error error = guarded.ok() ? made.error() : guarded.error();
  if (!why_cpu_.empty()) {
    error.message =
        "The memory of the GPU ran out, and the model cannot be loaded on the CPU instead: " +
        error.message;
  }
  return error;
}

void NetworkKeeper::release_gpu_cache() const {
  // What goes wrong here will go wrong again in the next attempt, which says so.
  (void)guard_torch(makers_.release_gpu_cache);
}

// Before the network for the CPU is made: a Jetson board has one memory for both.
void NetworkKeeper::leave_gpu(const Error& cause) {
  loaded_.network.reset();
  loaded_.bundle.reset();
  release_gpu_cache();
  is_on_gpu_ = false;
  why_cpu_ =
      "The memory of the GPU ran out, also after what LibTorch keeps for later was given back, so "
      "the model has been moved to the CPU, where captions take longer. End other programs that "
      "use the GPU, or choose device cpu from the start. The cause: " +
      first_line(cause.message);
}

}  // namespace jetsoncaption
