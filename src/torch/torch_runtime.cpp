// SPDX-License-Identifier: LGPL-2.1-or-later
// The one place where exceptions of LibTorch end.
#include "torch/torch_runtime.h"

#include <algorithm>
#include <mutex>
#include <new>
#include <thread>

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <c10/util/Exception.h>
#include <torch/version.h>

#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

namespace jetsoncaption {
namespace {

constexpr int kMostUsefulThreads = 4;

// LibTorch and oneDNN have no exception of their own for this, or only in newer versions, but
// words.
bool is_out_of_memory(const std::string& what) {
  for (const char* words : {
           "not enough memory",
           "can't allocate memory",
           "out of memory",  // of CUDA and of its allocator in LibTorch
           "_ALLOC_FAILED",  // CUBLAS_STATUS_ALLOC_FAILED and the same of cuDNN
           // LibTorch 2 wants to say who has the memory and asks NVML, which Jetson boards lack or
           // have only in part (pytorch issue 185240).
           "NVML_SUCCESS",
       }) {
    if (what.find(words) != std::string::npos)
      return true;
  }
  return false;
}

void use_torch_threads(int threads) {
  if (at::get_num_threads() != threads)
    at::set_num_threads(threads);
}

// Debian's OpenBLAS has threads of its own, which LibTorch does not know of and which would take
// every core. Both are null with another BLAS.
struct BlasThreads {
  void (*set)(int);
  int (*get)();
};

const BlasThreads& blas_threads() {
  static const BlasThreads functions = {
      reinterpret_cast<void (*)(int)>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads")),
      reinterpret_cast<int (*)()>(dlsym(RTLD_DEFAULT, "openblas_get_num_threads"))};
  return functions;
}

// What TorchSettings of the whole process found.
struct ProcessSettings {
  std::mutex mutex;
  int users = 0;
  int blas_threads = 0;
  bool cudnn = false;
};

ProcessSettings& process_settings() {
  static ProcessSettings settings;
  return settings;
}

}  // namespace

int default_threads() {
  const int cores = static_cast<int>(std::thread::hardware_concurrency());
  return std::min(std::max(cores - 1, 1), kMostUsefulThreads);
}

void use_threads(int threads) {
  use_torch_threads(threads);
  if (blas_threads().set)
    blas_threads().set(threads);
}

TorchSettings::TorchSettings(int threads, bool allow_cudnn)
    : threads_before_(at::get_num_threads()) {
  use_torch_threads(threads);
  ProcessSettings& process = process_settings();
  const std::lock_guard<std::mutex> lock(process.mutex);
  if (process.users++ == 0) {
    process.blas_threads = blas_threads().get ? blas_threads().get() : 0;
    process.cudnn = at::globalContext().userEnabledCuDNN();
  }
  if (blas_threads().set)
    blas_threads().set(threads);
  at::globalContext().setUserEnabledCuDNN(allow_cudnn);
}

TorchSettings::~TorchSettings() {
  use_torch_threads(threads_before_);
  ProcessSettings& process = process_settings();
  const std::lock_guard<std::mutex> lock(process.mutex);
  if (--process.users > 0)
    return;
  if (blas_threads().set && process.blas_threads > 0)
    blas_threads().set(process.blas_threads);
  at::globalContext().setUserEnabledCuDNN(process.cudnn);
}

std::string torch_version() {
  return std::to_string(TORCH_VERSION_MAJOR) + "." + std::to_string(TORCH_VERSION_MINOR) + "." +
         std::to_string(TORCH_VERSION_PATCH);
}

namespace {

// LibTorch's convolutions are compiled while they run. systemd's MemoryDenyWriteExecute and SELinux
// may forbid that, and all that is said then is that a primitive could not be created.
bool may_execute_new_code() {
  const auto bytes = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  void* page = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED)
    return true;  // for want of memory
  const bool may = mprotect(page, bytes, PROT_READ | PROT_EXEC) == 0;
  munmap(page, bytes);
  return may;
}

}  // namespace

Result<void> guard_torch(const std::function<void()>& work) {
  std::string what;
  try {
    work();
    return {};
  } catch (const std::bad_alloc&) {
    return Error{ErrorKind::OutOfMemory, "Memory ran out while captioning"};
  } catch (const c10::Error& e) {
    what = e.what_without_backtrace();
  } catch (const std::exception& e) {
    what = e.what();
  } catch (...) {
    what = "an unknown exception";
  }
  if (is_out_of_memory(what))
    return Error{ErrorKind::OutOfMemory, "Memory ran out while captioning: " + what};
  if (!may_execute_new_code())
    return Error{ErrorKind::Unsupported,
                 "LibTorch may not make executable memory here, which it needs (" + what +
                     "): allow it (systemd: MemoryDenyWriteExecute=no; SELinux: execmem), or use "
                     "precision int8"};
  return Error{ErrorKind::Internal, "The model could not be run: " + what};
}

}  // namespace jetsoncaption
