// SPDX-License-Identifier: LGPL-2.1-or-later
// Landlock (Documentation/userspace-api/landlock.rst) and seccomp (seccomp(2), libseccomp).
#include "worker/sandbox.h"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef JETSONCAPTION_SECCOMP
#include <seccomp.h>
#endif

// A sanitizer opens files to say what it found.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define JETSONCAPTION_SANITIZER 1
#endif

namespace jetsoncaption {
namespace {

// Landlock's interface, which headers before Linux 5.13 do not have. The numbers are the same on
// all processors.
constexpr long kCreateRuleset = 444;
constexpr long kAddRule = 445;
constexpr long kRestrictSelf = 446;
constexpr uint32_t kAskForVersion = 1U << 0;
constexpr int kPathBeneath = 1;

struct Ruleset {
  uint64_t files;
  uint64_t network;  // since version 4
  uint64_t scoped;   // since version 6
};

struct PathBeneath {
  uint64_t allowed;
  int32_t parent;
} __attribute__((packed));

constexpr uint64_t kWriteFile = 1U << 1;
constexpr uint64_t kRemoveAndMake = 0x1ff0;  // REMOVE_DIR to MAKE_SYM
constexpr uint64_t kRefer = 1U << 13;
constexpr uint64_t kTruncate = 1U << 14;
constexpr uint64_t kBindAndConnectTcp = 3;
constexpr uint64_t kSocketsAndSignals = 3;

Ruleset ruleset_of(long version) {
  Ruleset rules = {};
  rules.files = kWriteFile | kRemoveAndMake;
  if (version >= 2)
    rules.files |= kRefer;
  if (version >= 3)
    rules.files |= kTruncate;
  if (version >= 4)
    rules.network = kBindAndConnectTcp;
  if (version >= 6)
    rules.scoped = kSocketsAndSignals;
  return rules;
}

size_t size_of_ruleset(long version) {
  if (version >= 6)
    return sizeof(Ruleset);
  return version >= 4 ? offsetof(Ruleset, scoped) : offsetof(Ruleset, network);
}

#ifdef JETSONCAPTION_SECCOMP

// What computing, waiting and answering need.
constexpr int kComputing[] = {
    // memory
    SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(membarrier),
    SCMP_SYS(mincore),
    // threads, which were there or are made for the first caption
    SCMP_SYS(futex), SCMP_SYS(futex_time64), SCMP_SYS(set_robust_list), SCMP_SYS(rseq),
    SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity), SCMP_SYS(sched_getparam),
    SCMP_SYS(sched_getscheduler), SCMP_SYS(getcpu), SCMP_SYS(sigaltstack),
    SCMP_SYS(set_tid_address), SCMP_SYS(gettid), SCMP_SYS(getpid), SCMP_SYS(getppid),
    SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(restart_syscall),
    // signals, abort() among them
    SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigreturn),
    // time
    SCMP_SYS(clock_gettime), SCMP_SYS(clock_gettime64), SCMP_SYS(clock_getres),
    SCMP_SYS(clock_nanosleep), SCMP_SYS(clock_nanosleep_time64), SCMP_SYS(nanosleep),
    SCMP_SYS(gettimeofday), SCMP_SYS(time),
    // descriptors that are open
    SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(pread64), SCMP_SYS(write), SCMP_SYS(writev),
    SCMP_SYS(close), SCMP_SYS(fstat), SCMP_SYS(fstat64), SCMP_SYS(lseek), SCMP_SYS(_llseek),
    SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(recvmsg), SCMP_SYS(recvfrom), SCMP_SYS(recv),
    SCMP_SYS(sendmsg), SCMP_SYS(sendto), SCMP_SYS(send),
    // what is asked and does no harm
    SCMP_SYS(getrandom), SCMP_SYS(getrusage), SCMP_SYS(sysinfo), SCMP_SYS(uname), SCMP_SYS(getuid),
    SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid), SCMP_SYS(getrlimit),
    SCMP_SYS(ugetrlimit), SCMP_SYS(getpriority)};

// What nothing that captions needs, whatever its driver does.
constexpr int kNever[] = {
    // programs and other processes
    SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(tkill),
    SCMP_SYS(rt_sigqueueinfo), SCMP_SYS(rt_tgsigqueueinfo), SCMP_SYS(pidfd_open),
    SCMP_SYS(pidfd_getfd), SCMP_SYS(pidfd_send_signal), SCMP_SYS(ioprio_set), SCMP_SYS(ptrace),
    SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
    // sockets that others find
    SCMP_SYS(bind), SCMP_SYS(listen), SCMP_SYS(accept), SCMP_SYS(accept4),
    // memory, messages and semaphores of System V and POSIX, which sinks share with an X server
    SCMP_SYS(shmget), SCMP_SYS(shmat), SCMP_SYS(shmctl), SCMP_SYS(shmdt), SCMP_SYS(msgget),
    SCMP_SYS(msgsnd), SCMP_SYS(msgrcv), SCMP_SYS(msgctl), SCMP_SYS(semget), SCMP_SYS(semop),
    SCMP_SYS(semtimedop), SCMP_SYS(semctl), SCMP_SYS(ipc), SCMP_SYS(mq_open), SCMP_SYS(mq_unlink),
    // files that are changed without being opened, of which Landlock knows nothing
    SCMP_SYS(truncate), SCMP_SYS(truncate64), SCMP_SYS(chmod), SCMP_SYS(fchmod), SCMP_SYS(fchmodat),
    SCMP_SYS(chown), SCMP_SYS(fchown), SCMP_SYS(lchown), SCMP_SYS(fchownat), SCMP_SYS(chown32),
    SCMP_SYS(fchown32), SCMP_SYS(lchown32), SCMP_SYS(setxattr), SCMP_SYS(lsetxattr),
    SCMP_SYS(fsetxattr), SCMP_SYS(removexattr), SCMP_SYS(lremovexattr), SCMP_SYS(fremovexattr),
    SCMP_SYS(utime), SCMP_SYS(utimes), SCMP_SYS(futimesat), SCMP_SYS(utimensat),
    SCMP_SYS(utimensat_time64),
    // the system, where this is root
    SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(pivot_root), SCMP_SYS(chroot), SCMP_SYS(fsopen),
    SCMP_SYS(fsmount), SCMP_SYS(fspick), SCMP_SYS(open_tree), SCMP_SYS(move_mount),
    SCMP_SYS(open_by_handle_at), SCMP_SYS(setns), SCMP_SYS(unshare), SCMP_SYS(bpf),
    SCMP_SYS(perf_event_open), SCMP_SYS(keyctl), SCMP_SYS(add_key), SCMP_SYS(request_key),
    SCMP_SYS(init_module), SCMP_SYS(finit_module), SCMP_SYS(delete_module), SCMP_SYS(kexec_load),
    SCMP_SYS(kexec_file_load), SCMP_SYS(reboot), SCMP_SYS(swapon), SCMP_SYS(swapoff),
    SCMP_SYS(acct), SCMP_SYS(sethostname), SCMP_SYS(setdomainname), SCMP_SYS(settimeofday),
    SCMP_SYS(clock_settime), SCMP_SYS(clock_settime64), SCMP_SYS(adjtimex), SCMP_SYS(clock_adjtime),
    SCMP_SYS(clock_adjtime64), SCMP_SYS(userfaultfd), SCMP_SYS(io_uring_setup)};

// Of Linux 6.6 and 6.13, which headers of libseccomp lack; the numbers are the same on all
// processors.
constexpr int kNeverInNewKernels[] = {452 /* fchmodat2 */, 463 /* setxattrat */,
                                      466 /* removexattrat */};

class Filter {
 public:
  explicit Filter(uint32_t otherwise) : context_(seccomp_init(otherwise)) {}
  ~Filter() {
    if (context_ != nullptr)
      seccomp_release(context_);
  }
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;

  // Calls that this processor does not have are nobody's loss; a rule for which there is no memory
  // is a hole.
  template <typename... Conditions>
  void rule(uint32_t action, int call, Conditions... conditions) {
    if (context_ == nullptr)
      return;
    const int failed =
        seccomp_rule_add(context_, action, call, sizeof...(conditions), conditions...);
    is_whole_ = is_whole_ && failed != -ENOMEM && failed != -EFAULT;
  }

  bool load() {
    return context_ != nullptr && is_whole_ &&
           seccomp_attr_set(context_, SCMP_FLTATR_CTL_TSYNC, 1) == 0 && seccomp_load(context_) == 0;
  }

 private:
  const scmp_filter_ctx context_;
  bool is_whole_ = true;
};

// Memory may be had; code only where it is made.
void allow_mappings(Filter& filter, bool may_make_code) {
  for (const int call : {SCMP_SYS(mmap), SCMP_SYS(mmap2), SCMP_SYS(mprotect)}) {
    if (may_make_code)
      filter.rule(SCMP_ACT_ALLOW, call);
    else
      filter.rule(SCMP_ACT_ALLOW, call, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
  }
}

// fstat() of the C library is this call with an empty name; that of a file cannot be told from it,
// and says no more than whether it is there. On 32 bits it is statx() first, from 2.33 on, and what
// is allowed where the kernel seems not to have that.
void allow_status_of_descriptors(Filter& filter) {
  filter.rule(SCMP_ACT_ALLOW, SCMP_SYS(newfstatat));
  filter.rule(SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(statx));
}

// clone3() has its flags in memory, where a filter does not see them: the C library then takes
// clone().
void allow_threads(Filter& filter) {
  filter.rule(SCMP_ACT_ALLOW, SCMP_SYS(clone),
              SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
  filter.rule(SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3));
  filter.rule(SCMP_ACT_ALLOW, SCMP_SYS(prctl), SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME));
  // Of raise() and abort(): to this process alone.
  filter.rule(SCMP_ACT_ALLOW, SCMP_SYS(tgkill),
              SCMP_A0(SCMP_CMP_EQ, static_cast<scmp_datum_t>(getpid())));
}

// What of the calls for descriptors that are open is about them alone. F_SETOWN and F_SETSIG would
// have the kernel send any signal to the application with its next message.
void allow_flags_of_descriptors(Filter& filter) {
  for (const int call : {SCMP_SYS(fcntl), SCMP_SYS(fcntl64)}) {
    for (const int command : {F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC, F_GET_SEALS})
      filter.rule(SCMP_ACT_ALLOW, call, SCMP_A1(SCMP_CMP_EQ, static_cast<scmp_datum_t>(command)));
  }
}

// That an argument of 32 bits is this, under a mask. The kernel does not look at the upper half of
// its register, which could be filled to get past a comparison of all of it.
scmp_arg_cmp second_argument_is(unsigned value, unsigned mask = 0xffffffffU) {
  return SCMP_A1(SCMP_CMP_MASKED_EQ, mask, value);
}

// Whoever reaches the bus of a session has programs started there. A driver may make sockets, and
// look for a service of its own: there is none. Sockets that need no connection can name who gets
// a message where a filter does not see it.
void refuse_connections(Filter& filter) {
  const uint32_t refuse = SCMP_ACT_ERRNO(EPERM);
  filter.rule(SCMP_ACT_ERRNO(ENOENT), SCMP_SYS(connect));
  filter.rule(refuse, SCMP_SYS(socket), SCMP_A0(SCMP_CMP_NE, AF_UNIX));
  constexpr unsigned kTypes = 0xf;  // the rest are flags
  for (const int call : {SCMP_SYS(socket), SCMP_SYS(socketpair)}) {
    for (const unsigned type : {SOCK_DGRAM, SOCK_RAW})  // of AF_UNIX they are the same
      filter.rule(refuse, call, second_argument_is(type, kTypes));
  }
}

// What reaches other processes, and other machines, of calls that a driver may need otherwise.
void refuse_what_reaches_others(Filter& filter) {
  const uint32_t refuse = SCMP_ACT_ERRNO(EPERM);
  const auto self = static_cast<scmp_datum_t>(getpid());
  refuse_connections(filter);
  filter.rule(refuse, SCMP_SYS(kill), SCMP_A0(SCMP_CMP_NE, self));
  filter.rule(refuse, SCMP_SYS(tgkill), SCMP_A0(SCMP_CMP_NE, self));
  filter.rule(refuse, SCMP_SYS(clone), SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
  filter.rule(SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3));
  // 0 is the caller.
  for (const int call : {SCMP_SYS(prlimit64), SCMP_SYS(sched_setaffinity), SCMP_SYS(sched_setattr),
                         SCMP_SYS(sched_setparam), SCMP_SYS(sched_setscheduler)})
    filter.rule(refuse, call, SCMP_A0(SCMP_CMP_NE, 0));
  filter.rule(refuse, SCMP_SYS(setpriority), SCMP_A0(SCMP_CMP_NE, PRIO_PROCESS));
  filter.rule(refuse, SCMP_SYS(setpriority), SCMP_A1(SCMP_CMP_NE, 0));
  for (const int call : {SCMP_SYS(fcntl), SCMP_SYS(fcntl64)}) {
    for (const int command : {F_SETOWN, F_SETOWN_EX, F_SETSIG})
      filter.rule(refuse, call, second_argument_is(static_cast<unsigned>(command)));
  }
  // The latter two type into a terminal, and standard error may be one.
  for (const unsigned request : {FIOSETOWN, SIOCSPGRP, TIOCSTI, TIOCLINUX})
    filter.rule(refuse, SCMP_SYS(ioctl), second_argument_is(request));
}

bool load_filter(Confinement confinement) {
  if (confinement == Confinement::Loading || confinement == Confinement::Accelerator) {
    Filter filter(SCMP_ACT_ALLOW);
    for (const int call : kNever)
      filter.rule(SCMP_ACT_ERRNO(EPERM), call);
    for (const int call : kNeverInNewKernels)
      filter.rule(SCMP_ACT_ERRNO(EPERM), call);
    refuse_what_reaches_others(filter);
    return filter.load();
  }
  Filter filter(SCMP_ACT_ERRNO(EPERM));
  for (const int call : kComputing)
    filter.rule(SCMP_ACT_ALLOW, call);
  allow_mappings(filter, confinement == Confinement::MakingCode);
  allow_flags_of_descriptors(filter);
  allow_status_of_descriptors(filter);
  allow_threads(filter);
  return filter.load();
}

#endif

// The files in /dev by which programs talk to GPUs; not the memory that programs share, and no
// disk.
bool is_of_a_gpu(const char* name) {
  for (const char* begin : {"nvidia", "nvhost", "nvmap", "nvgpu", "nvsciipc", "host1x"}) {
    if (std::strncmp(name, begin, std::strlen(begin)) == 0)
      return true;
  }
  return std::strcmp(name, "dri") == 0 || std::strcmp(name, "null") == 0;
}

void allow_writing_to_gpus(int ruleset) {
  DIR* const devices = opendir("/dev");
  if (devices == nullptr)
    return;
  while (const dirent* entry = readdir(devices)) {
    if (!is_of_a_gpu(entry->d_name))
      continue;
    PathBeneath device = {};
    device.allowed = kWriteFile;
    device.parent = openat(dirfd(devices), entry->d_name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (device.parent < 0)
      continue;
    syscall(kAddRule, ruleset, kPathBeneath, &device, 0);
    close(device.parent);
  }
  closedir(devices);
}

}  // namespace

void refuse_writing() {
#ifndef JETSONCAPTION_SANITIZER
  const long version = syscall(kCreateRuleset, nullptr, 0, kAskForVersion);
  if (version < 1)
    return;
  const Ruleset rules = ruleset_of(version);
  const int ruleset =
      static_cast<int>(syscall(kCreateRuleset, &rules, size_of_ruleset(version), 0));
  if (ruleset < 0)
    return;
  allow_writing_to_gpus(ruleset);
  syscall(kRestrictSelf, ruleset, 0);
  close(ruleset);
#endif
}

bool confine(Confinement confinement) {
#if defined(JETSONCAPTION_SECCOMP) && !defined(JETSONCAPTION_SANITIZER)
  return load_filter(confinement);
#else
  static_cast<void>(confinement);
  return false;
#endif
}

}  // namespace jetsoncaption
