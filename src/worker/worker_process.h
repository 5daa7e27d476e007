// SPDX-License-Identifier: LGPL-2.1-or-later
// The process jetsoncaption-worker, from its start to its end.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"

#include <sys/types.h>

namespace jetsoncaption {

// Where the program is: the environment variable JETSONCAPTION_WORKER, an absolute path, or the
// place where it is installed.
Result<std::string> find_worker_program();

// Has no descriptor of this process but standard error and one end of a socket pair, no signal
// handlers and a process group of its own, so that Ctrl-C in a terminal reaches the application
// alone. It ends when this process does, and outlives the thread that started it.
//
// The signal SIGCHLD of the application is left alone: only this process is waited for. Where the
// application waits for all children, how it ended remains unknown.
class WorkerProcess {
 public:
  // `memory_limit_mb`: of its data (RLIMIT_DATA); 0: none. NotFound, InvalidArgument, Unsupported,
  // OutOfMemory where the system lacks what it may have in a moment, Internal.
  static Result<std::unique_ptr<WorkerProcess>> start(uint32_t memory_limit_mb);

  // Closes the socket, upon which it ends, and waits for it; it is killed when that takes too long.
  ~WorkerProcess();
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  pid_t pid() const { return pid_; }
  int socket() const { return socket_; }  // of packets; valid until the end of this object

  // Whether it still runs, without waiting.
  bool is_running();

  // Ends it at once, if it still runs, and waits.
  void kill();

  // Waits for its end so long, then ends it. Returns how it ended: "was ended by signal 11
  // (SIGSEGV)".
  std::string wait(std::chrono::milliseconds patience);

 private:
  explicit WorkerProcess(int socket) : socket_(socket) {}

  bool reap(std::chrono::milliseconds patience);

  pid_t pid_ = 0;
  const int socket_;
  bool has_ended_ = false;
  bool is_status_known_ = false;
  int status_ = 0;  // of waitpid()
};

}  // namespace jetsoncaption
