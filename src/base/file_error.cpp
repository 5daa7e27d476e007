// SPDX-License-Identifier: LGPL-2.1-or-later
#include "base/file_error.h"

#include <cerrno>
#include <cstring>

namespace jetsoncaption {
namespace {

struct Advice {
  ErrorKind kind;
  const char* remedy;
};

Advice advice_on(int fault) {
  switch (fault) {
    case ENOENT:
    case ENOTDIR:
      return {ErrorKind::NotFound, "check the name"};
    case EACCES:
    case EPERM:
      return {ErrorKind::CorruptModel, "check the permissions of the file and of its folders"};
    case ENOMEM:
      return {ErrorKind::OutOfMemory, "free memory"};
    case EMFILE:
      return {ErrorKind::OutOfMemory, "this process has too many files open; raise ulimit -n"};
    case ENFILE:
      return {ErrorKind::OutOfMemory, "the system has too many files open"};
    case EIO:
      return {ErrorKind::CorruptModel, "the disk or card may be failing; see dmesg"};
    case ELOOP:
      return {ErrorKind::CorruptModel, "name the file that the links lead to"};
    default:
      return {ErrorKind::CorruptModel, "see errno(3)"};
  }
}

}  // namespace

ErrorKind kind_of_fault(int fault) {
  const bool passes = fault == ENOMEM || fault == EAGAIN || fault == EMFILE || fault == ENFILE;
  return passes ? ErrorKind::OutOfMemory : ErrorKind::Internal;
}

Error cannot_read_file(const std::string& path, int fault) {
  const Advice advice = advice_on(fault);
  return {advice.kind, "cannot read " + path + ": " + std::strerror(fault) + "; " + advice.remedy};
}

}  // namespace jetsoncaption
