// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether two paths lead to one file or folder, so that what is written does not destroy what is
// read.
#pragma once

#include <string>

#include <sys/stat.h>

namespace jetsoncaption {

// Links are followed. False where one of the two is not there.
inline bool is_same_file(const std::string& one, const std::string& other) {
  struct stat a {};
  struct stat b {};
  return stat(one.c_str(), &a) == 0 && stat(other.c_str(), &b) == 0 && a.st_dev == b.st_dev &&
         a.st_ino == b.st_ino;
}

}  // namespace jetsoncaption
