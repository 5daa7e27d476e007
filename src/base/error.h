// SPDX-License-Identifier: LGPL-2.1-or-later
// What went wrong, in a sentence a user can act on.
#pragma once

#include <string>
#include <utility>

namespace jetsoncaption {

// One kind for each way a caller may want to react. The numbers are part of the engine API
// (engine_api.h) and never change.
enum class ErrorKind {
  NotFound = 1,         // a file, directory or library is missing
  InvalidArgument = 2,  // an option has a value that cannot be used
  CorruptModel = 3,     // the model bundle was read and refused
  OutOfMemory = 4,      // memory ran out; smaller settings may work
  Unsupported = 5,      // correct, but not on this machine or in this build
  Cancelled = 6,        // the caller asked to stop
  Internal = 7,         // anything else; a bug or a failure below us
  Lost = 8,             // what was asked is gone; another may be made
};

struct Error {
  ErrorKind kind = ErrorKind::Internal;
  std::string message;  // a full sentence: the offending value, the cause and the remedy
};

}  // namespace jetsoncaption
