// SPDX-License-Identifier: LGPL-2.1-or-later
// What a training asks of its folders before it begins: that they can be written, and that what an
// earlier run left in them is either its own or nobody's.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "base/result.h"

namespace jetsoncaption {

// Makes the folder if it is missing, and writes a file there for a moment. NotFound: the folder
// above it is missing. InvalidArgument names `option`.
Result<void> try_folder(const std::string& folder, const std::string& option);

// While it exists no other run, of this program or another, works in the folder. A run that ends in
// whatever way leaves nothing that would keep others out.
class RunLock {
 public:
  // Also removes what a run that was killed was about to write. InvalidArgument: another run is at
  // work there.
  static Result<RunLock> take(const std::string& work);

  ~RunLock();
  RunLock(RunLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;
  RunLock& operator=(RunLock&&) = delete;

 private:
  explicit RunLock(int file) : file_(file) {}
  int file_;
};

// Without `resume` there must be no checkpoints in the folder: they may be all that is left of
// days. InvalidArgument.
Result<void> refuse_checkpoints(const std::string& work, bool resume);

// Everything that the weights of a run depend on: "--batch" -> "16", "the vocabulary" -> "2539
// words, ...". What people read, for it is shown when two runs differ.
using RunRecord = std::map<std::string, std::string>;

// Whether the run that work/run.json is of had the same record, as far as both say; also where
// there is none. Else nothing in the folder may be used, even where no epoch was finished.
bool is_same_run(const std::string& work, const RunRecord& record);

// Keeps the record in work/run.json. Checkpoints there must be of a run with the same record; what
// is in only one of the two, because it was written by another version or belongs to a stage that
// one of them leaves out, does not count, and is kept.
// InvalidArgument says what differs and what to do.
Result<void> begin_run(const std::string& work, const RunRecord& record, bool resume);

}  // namespace jetsoncaption
