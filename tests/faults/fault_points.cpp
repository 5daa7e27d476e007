// SPDX-License-Identifier: LGPL-2.1-or-later
// Stands before the C library and operator new, for the test of faults and the worker it starts:
// notes what our code asks for, and lets one of the requests fail. Comes with LD_PRELOAD or linked.
#include "faults/fault_points.h"

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <dlfcn.h>
#include <execinfo.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

using jetsoncaption::FaultBoard;
using jetsoncaption::FaultPoint;

constexpr int kMostFrames = 24;
constexpr int kOwnFrames = 5;  // that tell points apart

FaultBoard* board = nullptr;
thread_local bool is_looking = false;  // what is done to find out where we are is not ours

__attribute__((constructor)) void find_board() {
  const char* path = std::getenv(jetsoncaption::kFaultBoardVariable);
  if (path == nullptr || board != nullptr)
    return;
  const int file = open(path, O_RDWR | O_CLOEXEC);
  if (file < 0)
    return;
  void* mapped = mmap(nullptr, sizeof(FaultBoard), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  void* frames[2];
  backtrace(frames, 2);  // loads a library the first time
  if (mapped != MAP_FAILED)
    board = static_cast<FaultBoard*>(mapped);
}

enum class Owner { Ours, Between, Others };

// The test itself has another name.
Owner owner_of(const char* module) {
  const char* slash = std::strrchr(module, '/');
  const char* name = slash != nullptr ? slash + 1 : module;
  if (std::strstr(name, "jetsoncaption") != nullptr)
    return Owner::Ours;
  if (std::strncmp(name, "libstdc++", 9) == 0 || std::strncmp(name, "libfault", 8) == 0)
    return Owner::Between;
  return Owner::Others;
}

// 0 when it was not our code that asked.
uint64_t find_point(const char* kind, char* where, size_t room) {
  void* frames[kMostFrames];
  const int count = backtrace(frames, kMostFrames);
  uint64_t key = 14695981039346656037ULL;  // FNV-1a
  const auto mix = [&key](uint64_t value) {
    for (int i = 0; i < 8; ++i)
      key = (key ^ ((value >> (8 * i)) & 0xff)) * 1099511628211ULL;
  };
  for (const char* letter = kind; *letter != '\0'; ++letter)
    mix(static_cast<uint64_t>(*letter));
  int own = 0;
  size_t used = 0;
  for (int i = 1; i < count && own < kOwnFrames; ++i) {
    Dl_info info;
    if (dladdr(frames[i], &info) == 0 || info.dli_fname == nullptr)
      continue;
    const Owner owner = owner_of(info.dli_fname);
    if (owner == Owner::Others && own == 0)
      return 0;
    if (owner != Owner::Ours)
      continue;
    const auto offset = static_cast<uint64_t>(static_cast<const char*>(frames[i]) -
                                              static_cast<const char*>(info.dli_fbase));
    mix(offset);
    ++own;
    const char* slash = std::strrchr(info.dli_fname, '/');
    const int written =
        std::snprintf(where + used, room - used, "%s+%#llx ", slash != nullptr ? slash + 1 : "?",
                      static_cast<unsigned long long>(offset));
    used = written < 0 ? used : std::min(room - 1, used + static_cast<size_t>(written));
  }
  return own == 0 ? 0 : key | 1;
}

void note(uint64_t key, const char* kind, const char* where) {
  for (size_t i = 0; i < jetsoncaption::kMostFaultPoints; ++i) {
    FaultPoint& point = board->points[(key + i) % jetsoncaption::kMostFaultPoints];
    uint64_t seen = 0;
    if (point.key.compare_exchange_strong(seen, key)) {
      std::snprintf(point.kind, sizeof point.kind, "%s", kind);
      std::snprintf(point.where, sizeof point.where, "%s", where);
      return;
    }
    if (seen == key)
      return;
  }
}

// Whether this request is to fail.
bool fails(const char* kind) {
  if (board == nullptr || is_looking || !board->is_on)
    return false;
  is_looking = true;
  const int saved = errno;
  char where[sizeof FaultPoint::where] = "";
  const uint64_t key = find_point(kind, where, sizeof where);
  bool result = false;
  if (key != 0 && board->is_recording)
    note(key, kind, where);
  if (key != 0 && board->target == key)
    result = board->failures++ == 0 || board->fails_always;
  errno = saved;
  is_looking = false;
  return result;
}

template <typename Function>
Function* next(const char* name, Function*) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

#pragma GCC visibility push(default)

#include "fakes/operator_new.h"

bool jetsoncaption::next_allocation_fails() {
  return fails("new");
}

// A function of the C library that fails with a value and errno.
// Meson asks for 64-bit files: what is called `open` here has the symbol open64, as in our code.
#define FAULT(type, name, parameters, arguments, failure, number)                    \
  extern "C" type name parameters {                                                  \
    static auto* const real = next(#name, static_cast<type(*) parameters>(nullptr)); \
    if (!fails(#name))                                                               \
      return real arguments;                                                         \
    errno = number;                                                                  \
    return failure;                                                                  \
  }

FAULT(FILE*, fopen, (const char* path, const char* mode), (path, mode), nullptr, EMFILE)
FAULT(int, access, (const char* path, int mode), (path, mode), -1, EACCES)
FAULT(int, fstat, (int file, struct stat* status), (file, status), -1, EIO)
// Its value is the error.
FAULT(int, posix_fallocate, (int file, off_t offset, off_t size), (file, offset, size), ENOSPC,
      ENOSPC)
FAULT(int, lstat, (const char* path, struct stat* status), (path, status), -1, EACCES)
FAULT(int, memfd_create, (const char* name, unsigned flags), (name, flags), -1, EMFILE)
FAULT(int, poll, (struct pollfd * files, nfds_t count, int timeout), (files, count, timeout), -1,
      ENOMEM)
FAULT(ssize_t, pread, (int file, void* to, size_t bytes, off_t from), (file, to, bytes, from), -1,
      EIO)
FAULT(ssize_t, read, (int file, void* to, size_t bytes), (file, to, bytes), -1, EIO)
FAULT(ssize_t, recv, (int socket, void* to, size_t bytes, int flags), (socket, to, bytes, flags),
      -1, ENOMEM)
FAULT(ssize_t, recvmsg, (int socket, struct msghdr* message, int flags), (socket, message, flags),
      -1, ENOMEM)
FAULT(ssize_t, send, (int socket, const void* from, size_t bytes, int flags),
      (socket, from, bytes, flags), -1, ENOBUFS)
FAULT(ssize_t, sendmsg, (int socket, const struct msghdr* message, int flags),
      (socket, message, flags), -1, ENOBUFS)
FAULT(int, socketpair, (int domain, int type, int protocol, int sockets[2]),
      (domain, type, protocol, sockets), -1, EMFILE)
FAULT(int, stat, (const char* path, struct stat* status), (path, status), -1, EACCES)
FAULT(void*, mmap, (void* address, size_t bytes, int protection, int flags, int file, off_t offset),
      (address, bytes, protection, flags, file, offset), MAP_FAILED, ENOMEM)
FAULT(int, pthread_create,
      (pthread_t * thread, const pthread_attr_t* attributes, void* (*work)(void*), void* data),
      (thread, attributes, work, data), EAGAIN, EAGAIN)
FAULT(int, posix_spawn,
      (pid_t * pid, const char* path, const posix_spawn_file_actions_t* actions,
       const posix_spawnattr_t* attributes, char* const* arguments, char* const* environment),
      (pid, path, actions, attributes, arguments, environment), EAGAIN, EAGAIN)

// dlerror() has something to say afterwards.
extern "C" void* dlopen(const char* path, int flags) {
  static auto* const real = next("dlopen", static_cast<void* (*)(const char*, int)>(nullptr));
  return real(fails("dlopen") ? "/a library that cannot be opened" : path, flags);
}

extern "C" int open(const char* path, int flags, ...) {
  static auto* const real = next("open", static_cast<int (*)(const char*, int, ...)>(nullptr));
  va_list rest;
  va_start(rest, flags);
  const unsigned mode = va_arg(rest, unsigned);
  va_end(rest);
  if (!fails("open"))
    return real(path, flags, mode);
  errno = EMFILE;
  return -1;
}

#pragma GCC visibility pop
