// SPDX-License-Identifier: LGPL-2.1-or-later
// The process jetsoncaption-worker, from its start to its end.
#include "worker/worker_process.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <thread>
#include <vector>

#include "base/file_error.h"
#include "worker/protocol.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace jetsoncaption {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr const char* kVariable = "JETSONCAPTION_WORKER";

// How long an end of the socket, or SIGKILL, may take to end it.
constexpr milliseconds kPatience{1000};

// Those that even SIGKILL did not end yet, because the kernel holds them.
std::mutex leftover_mutex;
std::vector<pid_t>& leftovers() {
  static auto* const all = new std::vector<pid_t>;
  return *all;
}

void reap_leftovers() {
  const std::lock_guard<std::mutex> lock(leftover_mutex);
  std::vector<pid_t> still;
  for (const pid_t pid : leftovers()) {
    if (waitpid(pid, nullptr, WNOHANG) == 0)
      still.push_back(pid);
  }
  leftovers() = still;
}

struct Descriptor {
  int number = -1;
  ~Descriptor() {
    if (number >= 0)
      close(number);
  }
};

// Room for the longest message, which is a little more than the usual default.
void make_room(int socket) {
  const int bytes = static_cast<int>(kWorkerMaxMessage);
  setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

// What the worker is started with. fault() is what kept it from being said whole, or 0: a worker
// that is started with less would have descriptors or signals of the application's.
class SpawnSetup {
 public:
  explicit SpawnSetup(int socket) {
    keep(posix_spawn_file_actions_init(&actions_));
    keep(posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0));
    keep(posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, "/dev/null", O_WRONLY, 0));
    keep(posix_spawn_file_actions_adddup2(&actions_, socket, kWorkerSocket));
#if defined(__GLIBC_PREREQ)
#if __GLIBC_PREREQ(2, 34)
    // Before, the worker closes them itself, as the first thing that it does.
    keep(posix_spawn_file_actions_addclosefrom_np(&actions_, kWorkerSocket + 1));
#endif
#endif
    keep(posix_spawnattr_init(&attributes_));
    sigset_t signals;
    sigemptyset(&signals);
    keep(posix_spawnattr_setsigmask(&attributes_, &signals));
    sigfillset(&signals);
    keep(posix_spawnattr_setsigdefault(&attributes_, &signals));
    // A session of its own has no terminal that could be typed into.
    keep(posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID));
  }
  ~SpawnSetup() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;

  int fault() const {
    return fault_;
  }

  // Returns what posix_spawn() returns.
  int start(const char* const* words, pid_t* pid) const {
    return posix_spawn(pid, words[0], &actions_, &attributes_, const_cast<char**>(words), environ);
  }

 private:
  void keep(int fault) {
    fault_ = fault_ != 0 ? fault_ : fault;
  }

  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
  int fault_ = 0;
};

Error system_error(const std::string& what, int number) {
  return {kind_of_fault(number), what + ": " + std::strerror(number) + "."};
}

const char* signal_name(int signal) {
  switch (signal) {
    case SIGABRT:
      return "SIGABRT";
    case SIGBUS:
      return "SIGBUS";
    case SIGFPE:
      return "SIGFPE";
    case SIGHUP:
      return "SIGHUP";
    case SIGILL:
      return "SIGILL, an instruction that this processor does not have";
    case SIGINT:
      return "SIGINT";
    case SIGKILL:
      return "SIGKILL, with which the kernel ends processes when memory runs out";
    case SIGSEGV:
      return "SIGSEGV";
    case SIGSYS:
      return "SIGSYS";
    case SIGTERM:
      return "SIGTERM";
    case SIGTRAP:
      return "SIGTRAP";
    case SIGXCPU:
      return "SIGXCPU";
    default:
      return "see signal(7)";
  }
}

}  // namespace

Result<std::string> find_worker_program() {
  const char* named = std::getenv(kVariable);
  const bool is_named = named != nullptr && named[0] != '\0';
  const std::string path = is_named ? named : JETSONCAPTION_LIBEXEC_DIR "/jetsoncaption-worker";
  const std::string name = "The program " + path + ", which isolation=process needs (" +
                           (is_named ? std::string("the environment variable ") + kVariable
                                     : std::string("the place where it is installed")) +
                           "),";
  if (path[0] != '/')
    return Error{ErrorKind::InvalidArgument,
                 name + " is not an absolute path; name it with all its folders."};
  if (access(path.c_str(), X_OK) != 0)
    return Error{ErrorKind::NotFound,
                 name + " cannot be executed: " + std::strerror(errno) +
                     ". Build and install it with scripts/setup.sh and meson "
                     "install, set " +
                     kVariable +
                     " to the program src/worker/jetsoncaption-worker in the build folder, or set "
                     "isolation=none."};
  return path;
}

Result<std::unique_ptr<WorkerProcess>> WorkerProcess::start(uint32_t memory_limit_mb) {
  reap_leftovers();
  const Result<std::string> program = find_worker_program();
  if (!program.ok())
    return program.error();

  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    return system_error("No socket can be made for the worker process", errno);
  const Descriptor first{ends[0]};
  const Descriptor other{ends[1]};
  // Nobody who writes to standard error, where that was closed, must write to the worker.
  Descriptor ours{fcntl(first.number, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)};
  // Above all numbers that are given in the worker, or the C library before 2.29 would not pass it.
  const Descriptor theirs{fcntl(other.number, F_DUPFD_CLOEXEC, kWorkerSocket + 10)};
  if (ours.number < 0 || theirs.number < 0)
    return system_error("No socket can be made for the worker process", errno);
  make_room(ours.number);
  make_room(theirs.number);

  const std::string parent = std::to_string(getpid());
  const std::string limit = std::to_string(memory_limit_mb);
  const char* words[] = {program.value().c_str(), parent.c_str(), limit.c_str(), nullptr};
  const SpawnSetup setup(theirs.number);
  // Made before there is a process, which would be left alone where there is no memory for this.
  std::unique_ptr<WorkerProcess> process(new WorkerProcess(ours.number));
  ours.number = -1;
  const int failed = setup.fault() != 0 ? setup.fault() : setup.start(words, &process->pid_);
  process->has_ended_ = failed != 0;
  if (failed != 0)
    return system_error("The worker process " + program.value() + " cannot be started", failed);
  return process;
}

WorkerProcess::~WorkerProcess() {
  close(socket_);
  if (reap(kPatience))
    return;
  kill();
  if (!has_ended_) {
    const std::lock_guard<std::mutex> lock(leftover_mutex);
    leftovers().push_back(pid_);
  }
}

bool WorkerProcess::is_running() {
  return !reap(milliseconds(0));
}

// While it was not waited for, its number cannot be that of another process. Somebody else may have
// waited for all children: then it is none of ours any more, and no signal is sent.
void WorkerProcess::kill() {
  if (is_running())
    ::kill(pid_, SIGKILL);
  reap(kPatience);
}

bool WorkerProcess::reap(milliseconds patience) {
  const Clock::time_point end = Clock::now() + patience;
  while (!has_ended_) {
    const pid_t ended = waitpid(pid_, &status_, WNOHANG);
    if (ended == pid_) {
      has_ended_ = is_status_known_ = true;
    } else if (ended < 0 && errno != EINTR) {
      has_ended_ = true;
    } else if (Clock::now() >= end) {
      break;
    } else {
      std::this_thread::sleep_for(milliseconds(1));
    }
  }
  return has_ended_;
}

std::string WorkerProcess::wait(milliseconds patience) {
  if (!reap(patience)) {
    kill();
    return "closed its socket, went on, and was killed";
  }
  if (!is_status_known_)
    return "ended; how, only those know who wait for all children of this process";
  if (WIFSIGNALED(status_)) {
    const int signal = WTERMSIG(status_);
    return "was ended by signal " + std::to_string(signal) + " (" + signal_name(signal) + ")";
  }
  const int code = WEXITSTATUS(status_);
  // Of the loader of programs. As a fault it would be EFBIG, which nothing here can meet.
  if (code == 127)
    return "ended with exit code 127: a library that it needs is missing";
  return "ended with exit code " + std::to_string(code) +
         (code > kWorkerFault ? std::string(" (") + std::strerror(code - kWorkerFault) + ")" : "");
}

}  // namespace jetsoncaption
