// SPDX-License-Identifier: LGPL-2.1-or-later
// A file that appears under its name only when it is complete.
#include "bundle/atomic_file.h"

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <unistd.h>

namespace jetsoncaption {

namespace {

constexpr char kPart[] = ".part-";

// Unique among the threads of this process and among processes.
std::string temporary_name(const std::string& path) {
  static std::atomic<unsigned> count{0};
  return path + kPart + std::to_string(getpid()) + "-" + std::to_string(count++);
}

// The name too must be on the disk before anything is done that relies on it. A file system that
// cannot do this for directories promises nothing, so its refusal is no failure.
void sync_directory_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int opened = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (opened < 0)
    return;
  fsync(opened);
  close(opened);
}

}  // namespace

std::string name_of_unfinished(const std::string& name) {
  const size_t part = name.rfind(kPart);
  if (part == std::string::npos)
    return "";
  const std::string numbers = name.substr(part + std::strlen(kPart));
  const bool is_ours = numbers.find_first_not_of("0123456789-") == std::string::npos &&
                       numbers.find('-') != std::string::npos;
  return is_ours ? name.substr(0, part) : "";
}

AtomicFile::AtomicFile(const std::string& path) : path_(path), temporary_(temporary_name(path)) {
  file_ = open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file_ < 0)
    fault_ = errno;
}

AtomicFile::~AtomicFile() {
  if (file_ < 0)
    return;
  close(file_);
  unlink(temporary_.c_str());
}

void AtomicFile::write(const void* data, size_t bytes) {
  const char* from = static_cast<const char*>(data);
  while (fault_ == 0 && bytes > 0) {
    const ssize_t written = ::write(file_, from, bytes);
    if (written < 0) {
      if (errno != EINTR)
        fault_ = errno;
      continue;
    }
    from += written;
    bytes -= static_cast<size_t>(written);
  }
}

Result<void> AtomicFile::finish() {
  // Without fsync() a power cut can leave the new name on an empty file.
  if (fault_ == 0 && fsync(file_) != 0)
    fault_ = errno;
  if (fault_ == 0 && rename(temporary_.c_str(), path_.c_str()) != 0)
    fault_ = errno;
  if (fault_ == 0) {
    close(file_);
    file_ = -1;
    sync_directory_of(path_);
    return {};
  }
  if (fault_ == ENOENT) {
    return Error{ErrorKind::NotFound,
                 "cannot write " + path_ + ": its directory does not exist; create it first"};
  }
  return Error{ErrorKind::Internal, "cannot write " + path_ + ": " + std::strerror(fault_) +
                                        "; check the permissions and the free space there"};
}

}  // namespace jetsoncaption
