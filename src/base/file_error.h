// SPDX-License-Identifier: LGPL-2.1-or-later
// The sentence for a file that cannot be read: the cause, and the remedy for that cause.
#pragma once

#include <string>

#include "base/error.h"

namespace jetsoncaption {

// OutOfMemory, which is worth another try, where the system lacks what it may have in a moment:
// memory, descriptors, processes; else Internal. `fault` is an errno.
ErrorKind kind_of_fault(int fault);

// `fault` is an errno. NotFound, OutOfMemory, or else CorruptModel; "cannot read PATH: No such file
// or directory; check the name".
Error cannot_read_file(const std::string& path, int fault);

}  // namespace jetsoncaption
