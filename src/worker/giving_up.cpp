// SPDX-License-Identifier: LGPL-2.1-or-later
// Asks the kernel for less.
#include "worker/giving_up.h"

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "base/thread_priority.h"
#include "worker/protocol.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace jetsoncaption {
namespace {

constexpr int kOomScoreMore = 500;  // of 1000: when memory runs out, the kernel takes this process
constexpr int kMostOomScore = 1000;

// What the process that started this one had open is none of our business.
void close_what_was_inherited() {
#ifdef SYS_close_range
  if (syscall(SYS_close_range, kWorkerSocket + 1, ~0U, 0) == 0)
    return;
#endif
  std::vector<int> open;
  if (DIR* directory = opendir("/proc/self/fd")) {
    while (const dirent* entry = readdir(directory)) {
      const int number = std::atoi(entry->d_name);
      if (number > kWorkerSocket && number != dirfd(directory))
        open.push_back(number);
    }
    closedir(directory);
  }
  for (const int number : open)
    close(number);
}

// Files that the engine opens must not become standard error.
void fill_standard_error() {
  if (fcntl(STDERR_FILENO, F_GETFD) < 0)
    static_cast<void>(open("/dev/null", O_WRONLY));
}

// A terminal is usually open for both, and who reads it reads what is typed into the application.
void keep_terminal_for_writing() {
  if (isatty(STDERR_FILENO) == 0)
    return;
  const int terminal = open("/proc/self/fd/2", O_WRONLY | O_NOCTTY | O_CLOEXEC);
  if (terminal < 0)
    return;
  dup2(terminal, STDERR_FILENO);
  close(terminal);
}

// Of root. Models that only root can read must still be read.
void give_up_capabilities() {
  constexpr uint32_t kReadEveryFile = 1U << CAP_DAC_READ_SEARCH;
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};
  if (syscall(SYS_capget, &header, sets) != 0)
    return;
  const uint32_t kept = sets[0].permitted & kReadEveryFile;
  sets[0] = {kept & sets[0].effective, kept, 0};
  sets[1] = {0, 0, 0};
  syscall(SYS_capset, &header, sets);
}

// Raising it needs no privilege.
void offer_to_oom_killer() {
  std::FILE* file = std::fopen("/proc/self/oom_score_adj", "r+e");
  if (file == nullptr)
    return;
  int score = 0;
  if (std::fscanf(file, "%d", &score) == 1) {
    std::rewind(file);
    std::fprintf(file, "%d", std::min(score + kOomScoreMore, kMostOomScore));
  }
  std::fclose(file);
}

void limit_memory(unsigned long long mb) {
  if (mb == 0)
    return;
  rlimit limit;
  if (getrlimit(RLIMIT_DATA, &limit) != 0)
    return;
  limit.rlim_cur = std::min<rlim_t>(static_cast<rlim_t>(mb) << 20, limit.rlim_max);
  limit.rlim_max = limit.rlim_cur;
  setrlimit(RLIMIT_DATA, &limit);
}

pid_t the_parent = 0;

void end_without_parent(int) {
  if (getppid() != the_parent)
    _exit(0);
}

// The kernel sends the signal when the thread ends that started this process, and then again for
// the one that it gives the process to: the engine may outlive the element that loaded it.
void end_with_the_parent(pid_t parent) {
  the_parent = parent;
  struct sigaction action = {};
  action.sa_handler = end_without_parent;
  action.sa_flags = SA_RESTART;
  sigaction(SIGHUP, &action, nullptr);
  prctl(PR_SET_PDEATHSIG, SIGHUP);
}

}  // namespace

void confine_or_tell(Confinement confinement) {
  if (!confine(confinement))
    std::fputs("jetsoncaption-worker: is not confined: the build or the kernel has no seccomp.\n",
               stderr);
}

void give_up_what_is_not_needed(pid_t parent, unsigned long long limit_mb) {
  end_with_the_parent(parent);
  if (getppid() != parent)
    _exit(0);  // it has ended meanwhile
  close_what_was_inherited();
  fill_standard_error();
  keep_terminal_for_writing();
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  let_others_go_first();
  offer_to_oom_killer();
  limit_memory(limit_mb);
  give_up_capabilities();
  refuse_writing();
  confine_or_tell(Confinement::Loading);
}

}  // namespace jetsoncaption
