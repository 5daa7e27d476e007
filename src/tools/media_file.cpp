// SPDX-License-Identifier: LGPL-2.1-or-later
// Looks at what kind of file a name stands for, before anything reads it.
#include "tools/media_file.h"

#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/text.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace jetsoncaption {

namespace {

// A picture of 100 megapixels without any compression has 300 MB.
constexpr uint64_t kMostBytes = uint64_t{512} << 20;
constexpr unsigned kVideoDevices = 81;  // the kernel's major number of cameras

// Whether the name stands for a file that this process has open already.
bool is_open_already(const std::string& name) {
  return name == "/dev/stdin" || starts_with(name, "/dev/fd/") ||
         (starts_with(name, "/proc/") && name.find("/fd/") != std::string::npos);
}

std::string reason() {
  return std::strerror(errno);
}

// Copies all that comes until the writer closes the pipe.
Result<std::shared_ptr<std::FILE>> copy_pipe(const std::string& name) {
  const std::shared_ptr<std::FILE> in(std::fopen(name.c_str(), "rb"),
                                      [](std::FILE* file) { return file ? std::fclose(file) : 0; });
  if (!in)
    return Error{ErrorKind::NotFound, name + " cannot be opened: " + reason() + "."};
  std::shared_ptr<std::FILE> copy(std::tmpfile(),
                                  [](std::FILE* file) { return file ? std::fclose(file) : 0; });
  if (!copy) {
    return Error{ErrorKind::Internal,
                 name + " can be read only once, and there is no room for a copy: " + reason() +
                     "; make room in the folder for temporary files."};
  }
  std::vector<char> piece(size_t{64} << 10);
  while (const size_t bytes = std::fread(piece.data(), 1, piece.size(), in.get())) {
    if (std::fwrite(piece.data(), 1, bytes, copy.get()) != bytes)
      break;
  }
  if (std::ferror(in.get()) != 0 || std::fflush(copy.get()) != 0 || std::ferror(copy.get()) != 0) {
    return Error{ErrorKind::Internal, name + " could not be read to its end: " + reason() + "."};
  }
  return copy;
}

// What is neither a file nor anything that we read; empty: it is.
std::string unreadable_kind(const struct stat& status) {
  if (S_ISFIFO(status.st_mode))
    return "FIFO";
  if (S_ISSOCK(status.st_mode))
    return "socket";
  if (S_ISBLK(status.st_mode))
    return "disk";
  const bool camera = S_ISCHR(status.st_mode) && major(status.st_rdev) == kVideoDevices;
  return S_ISCHR(status.st_mode) && !camera ? "device, but no camera" : "";
}

}  // namespace

Result<MediaFile> MediaFile::open(const std::string& name) {
  MediaFile file;
  file.name_ = name;
  file.path_ = name;
  struct stat status {};
  if (stat(name.c_str(), &status) != 0) {
    return Error{ErrorKind::NotFound,
                 name + " cannot be opened: " + reason() + "; check the path."};
  }
  if (S_ISDIR(status.st_mode)) {
    return Error{ErrorKind::InvalidArgument,
                 name + " is a directory; name the files in it, for example " + name + "/*.jpg."};
  }
  if (S_ISFIFO(status.st_mode) && is_open_already(name)) {
    auto copy = copy_pipe(name);
    if (!copy.ok())
      return copy.error();
    file.copy_ = std::move(copy.value());
    const int number = fileno(file.copy_.get());
    file.path_ = "/proc/self/fd/" + std::to_string(number);
    if (fstat(number, &status) != 0)
      return Error{ErrorKind::Internal, name + " could not be copied: " + reason() + "."};
  }
  const std::string kind = unreadable_kind(status);
  if (!kind.empty()) {
    return Error{ErrorKind::InvalidArgument,
                 name + " is a " + kind + "; pictures and videos are read from files" +
                     (S_ISFIFO(status.st_mode)
                          ? ". To wait for its writer, name <(cat " + name + ") instead."
                          : ".")};
  }
  file.camera_ = S_ISCHR(status.st_mode);
  if (file.camera_)
    return file;
  file.size_ = static_cast<uint64_t>(status.st_size);
  uint8_t start[12];
  std::ifstream stream(file.path_, std::ios::binary);
  if (!stream)
    return Error{ErrorKind::NotFound, name + " cannot be opened: " + reason() + "."};
  stream.read(reinterpret_cast<char*>(start), sizeof start);
  file.kind_ = find_picture_kind({start, static_cast<size_t>(stream.gcount()), false});
  return file;
}

Result<std::vector<uint8_t>> MediaFile::read() const {
  if (size_ > kMostBytes) {
    return Error{ErrorKind::InvalidArgument,
                 name_ + " has " + std::to_string(size_ >> 20) + " MB; at most " +
                     std::to_string(kMostBytes >> 20) + " MB are read of a picture."};
  }
  std::ifstream stream(path_, std::ios::binary);
  std::vector<uint8_t> bytes(static_cast<size_t>(size_));
  if (!stream.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size_)))
    return Error{ErrorKind::NotFound, name_ + " cannot be read: " + reason() + "."};
  return bytes;
}

}  // namespace jetsoncaption
