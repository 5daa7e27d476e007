// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads a file into anonymous pages, which can be given back one by one.
#include "bundle/file_memory.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>

#include "base/file_error.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jetsoncaption {

namespace {

// The most that one call reads: read() takes no more than 2 GB.
constexpr size_t kMostAtOnce = size_t{64} << 20;

Error corrupt(const std::string& message) {
  return Error{ErrorKind::CorruptModel, message};
}

bool same_contents(const struct stat& one, const struct stat& other) {
  return one.st_size == other.st_size && one.st_mtim.tv_sec == other.st_mtim.tv_sec &&
         one.st_mtim.tv_nsec == other.st_mtim.tv_nsec;
}

}  // namespace

struct FileMemory::State {
  std::string path;
  int file = -1;
  struct stat status {};  // when it was opened
  void* address = nullptr;
  size_t bytes = 0;
  size_t done = 0;  // of them, that are read

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    close_file();
    if (address != nullptr)
      munmap(address, bytes);
  }
  void close_file() {
    if (file >= 0)
      close(file);
    file = -1;
  }
};

Result<FileMemory> FileMemory::open(const std::string& path, uint64_t most_bytes, Links links) {
  auto state = std::make_unique<State>();
  state->path = path;
  // Not blocking: opening a FIFO would wait for a writer.
  state->file = ::open(
      path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | (links == Links::Refuse ? O_NOFOLLOW : 0));
  if (state->file < 0 && errno == ELOOP && links == Links::Refuse) {
    return corrupt(path +
                   " is a symbolic link, which may lead out of the bundle; copy the file that it "
                   "leads to in its place");
  }
  if (state->file < 0 || fstat(state->file, &state->status) != 0)
    return cannot_read_file(path, errno);
  if (!S_ISREG(state->status.st_mode))
    return corrupt(path + " is not a regular file; put the file itself in its place");
  const auto size = static_cast<uint64_t>(state->status.st_size);
  if (size > std::min<uint64_t>(most_bytes, std::numeric_limits<size_t>::max() / 2)) {
    return corrupt(path + " has " + std::to_string(size) + " bytes; at most " +
                   std::to_string(most_bytes) + " are allowed");
  }
  state->bytes = static_cast<size_t>(size);
  if (state->bytes == 0)
    return FileMemory(std::move(state));
  void* address =
      mmap(nullptr, state->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (address == MAP_FAILED) {
    return Error{ErrorKind::OutOfMemory, "There is no memory for the " +
                                             std::to_string(state->bytes >> 20) + " MB of " + path};
  }
  state->address = address;
  return FileMemory(std::move(state));
}

FileMemory::FileMemory(std::unique_ptr<State> state) : state_(std::move(state)) {}
FileMemory::FileMemory(FileMemory&&) noexcept = default;
FileMemory& FileMemory::operator=(FileMemory&&) noexcept = default;
FileMemory::~FileMemory() = default;

const unsigned char* FileMemory::data() const {
  return static_cast<const unsigned char*>(state_->address);
}

size_t FileMemory::size() const {
  return state_->bytes;
}

Result<void> FileMemory::read(size_t bytes) {
  State& state = *state_;
  while (state.done < bytes) {
    const ssize_t got = ::read(state.file, static_cast<unsigned char*>(state.address) + state.done,
                               std::min(bytes - state.done, kMostAtOnce));
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return cannot_read_file(state.path, errno);
    if (got == 0) {
      return corrupt(state.path + " became shorter while it was read; load the model again when " +
                     "whoever writes it has finished");
    }
    state.done += static_cast<size_t>(got);
  }
  return {};
}

Result<void> FileMemory::finish() {
  State& state = *state_;
  struct stat now {};
  if (fstat(state.file, &now) != 0)
    return cannot_read_file(state.path, errno);
  if (!same_contents(state.status, now)) {
    return corrupt(state.path + " was written to while it was read; load the model again when " +
                   "whoever writes it has finished");
  }
  state.close_file();
  if (state.address != nullptr)
    mprotect(state.address, state.bytes, PROT_READ);
  return {};
}

Result<void> FileMemory::read_to_end() {
  const auto done = read(state_->bytes);
  return done.ok() ? finish() : done;
}

void FileMemory::give_back(size_t begin, size_t end) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t first = (begin + page - 1) / page * page;
  const size_t last = end == state_->bytes ? end : end / page * page;
  if (first < last)
    madvise(static_cast<unsigned char*>(state_->address) + first, last - first, MADV_DONTNEED);
}

}  // namespace jetsoncaption
