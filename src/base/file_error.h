// SPDX-License-Identifier: LGPL-2.1-or-later
// The sentence for a file that cannot be read: the cause, and the remedy for that cause.
#pragma once

#include <string>

#include "base/error.h"

namespace jetsoncaption {

// `fault` is an errno. NotFound, OutOfMemory, or else CorruptModel; "cannot read PATH: No such file
// or directory; check the name".
Error cannot_read_file(const std::string& path, int fault);

}  // namespace jetsoncaption
