// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/thread_priority.h"

#include <cerrno>

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>

namespace jetsoncaption {

void let_others_go_first() {
  constexpr int kNice = 5;
  const sched_param no_priority = {};
  pthread_setschedparam(pthread_self(), SCHED_BATCH, &no_priority);
  // Linux has a nice value for each thread; 0 is this one.
  errno = 0;
  const int nice_now = getpriority(PRIO_PROCESS, 0);
  if (errno == 0 && nice_now < kNice)
    setpriority(PRIO_PROCESS, 0, kNice);
}

}  // namespace jetsoncaption
