// SPDX-License-Identifier: LGPL-2.1-or-later
// A file that appears under its name only when it is complete.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"

namespace jetsoncaption {

// Writes beside the final place and renames at the end: a reader finds the old file or the new one,
// also after a crash or a power cut. What is written after finish() is never there without it, so a
// file that names others is written last. Without finish() nothing is left behind.
class AtomicFile {
 public:
  explicit AtomicFile(const std::string& path);
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  // Failures are kept and reported by finish().
  void write(const void* data, size_t bytes);
  // NotFound: the directory is missing. Internal: the disk refused.
  Result<void> finish();

 private:
  const std::string path_;
  const std::string temporary_;
  int file_ = -1;
  int fault_ = 0;  // errno of the first failure
};

// "run.json" of "run.json.part-123-4", which is left of it when its process is killed; "" where the
// name is none of these.
std::string name_of_unfinished(const std::string& name);

}  // namespace jetsoncaption
