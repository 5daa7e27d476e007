// SPDX-License-Identifier: LGPL-2.1-or-later
// What the worker process gives up at its start: what it was given and does not need, its place
// before others, and ways to harm them.
#pragma once

#include "worker/sandbox.h"

#include <sys/types.h>

namespace jetsoncaption {

// Before there is a second thread. The descriptors below 4 stay, 3 is the socket; from here on the
// process ends when `parent` does, and has at most so many MB of data; 0: no limit.
void give_up_what_is_not_needed(pid_t parent, unsigned long long limit_mb);

// confine(), and a line on standard error where that is not to be had.
void confine_or_tell(Confinement confinement);

}  // namespace jetsoncaption
