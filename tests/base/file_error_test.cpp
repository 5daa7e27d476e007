// SPDX-License-Identifier: LGPL-2.1-or-later
// Rules of what follows from a file that cannot be read.
#include "base/file_error.h"

#include <cerrno>

#include <gtest/gtest.h>

namespace jetsoncaption {
namespace {

TEST(FileError, IsWorthAnotherTryWhereTheSystemLacksSomething) {
  for (const int fault : {ENOMEM, EMFILE, ENFILE}) {
    EXPECT_EQ(cannot_read_file("model/config.json", fault).kind, ErrorKind::OutOfMemory) << fault;
    EXPECT_EQ(kind_of_fault(fault), ErrorKind::OutOfMemory) << fault;
  }
  for (const int fault : {ENOENT, EACCES, EIO, ELOOP}) {
    EXPECT_NE(cannot_read_file("model/config.json", fault).kind, ErrorKind::OutOfMemory) << fault;
    EXPECT_EQ(kind_of_fault(fault), ErrorKind::Internal) << fault;
  }
}

TEST(FileError, NamesTheFileTheCauseAndTheRemedy) {
  EXPECT_EQ(cannot_read_file("model/config.json", EMFILE).message,
            "cannot read model/config.json: Too many open files; this process has too many files "
            "open; raise ulimit -n");
}

}  // namespace
}  // namespace jetsoncaption
