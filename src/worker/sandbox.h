// SPDX-License-Identifier: LGPL-2.1-or-later
// What the worker process gives up, so that a library in it that was taken over by a model or a
// picture can harm nobody: what it has no need of, the kernel then refuses.
#pragma once

namespace jetsoncaption {

// Before there is a second thread. No file can be written, made or removed but the devices of GPUs
// that are there now, no TCP connection made, no process outside signalled. By Landlock, as far as
// the kernel has it (5.13 files, 6.7 TCP, 6.12 signals); without it, this does nothing.
void refuse_writing();

enum class Confinement {
  Loading,      // all but connections, programs, and what reaches other processes
  Computing,    // memory, time, threads, and descriptors that are open already; no code is made
  MakingCode,   // and memory that is executed: LibTorch compiles kernels when it needs them
  Accelerator,  // as while loading: what drivers of GPUs want is not known
};

// Loading at the start, another one once the model has been loaded; of all threads. Whatever else
// is asked of the kernel fails with EPERM; nothing is killed, for libraries can do without most of
// it. By seccomp, where the worker was built with libseccomp. False: the kernel or the build has
// none, or no memory for it.
bool confine(Confinement confinement);

}  // namespace jetsoncaption
