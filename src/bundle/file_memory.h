// SPDX-License-Identifier: LGPL-2.1-or-later
// A file's bytes in memory of our own.
//
// Of a file that is mapped, others may change or cut off what we compute with: new numbers in the
// middle of a caption, or SIGBUS in the application. What has been read stays as it was.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"

namespace jetsoncaption {

// What to do with a symbolic link in the place of the file; those of folders are followed.
enum class Links { Follow, Refuse };

// Movable; `data()` stays where it is.
class FileMemory {
 public:
  // Takes addresses for the whole file, and memory only for what read() reads. NotFound,
  // CorruptModel (no regular file, a link, or larger than `most_bytes`), OutOfMemory. What is
  // checked is the file that is read, whatever others put in its place meanwhile.
  static Result<FileMemory> open(const std::string& path, uint64_t most_bytes,
                                 Links links = Links::Follow);

  FileMemory(FileMemory&&) noexcept;
  FileMemory& operator=(FileMemory&&) noexcept;
  ~FileMemory();

  const unsigned char* data() const;  // begins at a page
  size_t size() const;

  // Reads on until the first `bytes` are there; they must not be more than size().
  Result<void> read(size_t bytes);

  // Closes the file, and makes the memory read-only. CorruptModel when somebody has written into
  // the file since it was opened: then a part may be old and another new.
  Result<void> finish();

  // What is left to read, and finish().
  Result<void> read_to_end();

  // Returns the whole pages between two places to the system: they hold zeros from then on.
  void give_back(size_t begin, size_t end);

 private:
  struct State;
  explicit FileMemory(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace jetsoncaption
