// SPDX-License-Identifier: LGPL-2.1-or-later
// Records one after the other, each with a checksum behind it.
#include "train/shard_store.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <utility>

#include "bundle/atomic_file.h"

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace jetsoncaption {
namespace {

constexpr size_t kChecksumBytes = sizeof(uint64_t);

// Not against malice: it finds records that never reached the disk, or only in part.
uint64_t checksum_of(const void* data, size_t bytes) {
  const char* from = static_cast<const char*>(data);
  uint64_t sum = 0x9E3779B97F4A7C15U ^ bytes;
  while (bytes > 0) {
    uint64_t word = 0;
    const size_t taken = std::min(bytes, sizeof word);
    std::memcpy(&word, from, taken);
    sum = (sum ^ word) * 0xFF51AFD7ED558CCDU;
    sum ^= sum >> 32;
    from += taken;
    bytes -= taken;
  }
  return sum;
}

// 0, or errno. Writes all of it, or as much as there is space for.
int write_all(int file, const void* data, size_t bytes, size_t at) {
  const char* from = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t written = pwrite(file, from, bytes, static_cast<off_t>(at));
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
      return written < 0 ? errno : EIO;
    from += written;
    at += static_cast<size_t>(written);
    bytes -= static_cast<size_t>(written);
  }
  return 0;
}

// 0, or errno; the end of the file is EIO.
int read_all(int file, void* data, size_t bytes, size_t at) {
  char* to = static_cast<char*>(data);
  while (bytes > 0) {
    const ssize_t got = pread(file, to, bytes, static_cast<off_t>(at));
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return got < 0 ? errno : EIO;
    to += got;
    at += static_cast<size_t>(got);
    bytes -= static_cast<size_t>(got);
  }
  return 0;
}

// What is free to us where the file is, or will be; the largest number when that cannot be said.
size_t free_bytes(const std::string& path) {
  const size_t slash = path.rfind('/');
  struct statvfs space {};
  if (statvfs(slash == std::string::npos ? "." : path.substr(0, slash + 1).c_str(), &space) != 0)
    return SIZE_MAX;
  return static_cast<size_t>(space.f_bavail) * space.f_frsize;
}

std::string megabytes(size_t bytes) {
  return std::to_string((bytes + 999999) / 1000000) + " MB";
}

}  // namespace

size_t ShardPlan::records_per_shard() const {
  return std::max<size_t>(1, shard_bytes / (record_bytes + kChecksumBytes));
}

size_t ShardPlan::shards() const {
  return (records + records_per_shard() - 1) / records_per_shard();
}

ShardStore::ShardStore(ShardPlan plan) : plan_(std::move(plan)), checksums_(plan_.records, 0) {}

// Of a record and its checksum.
size_t ShardStore::stride() const {
  return plan_.record_bytes + kChecksumBytes;
}

size_t ShardStore::shard_bytes(size_t shard) const {
  const size_t first = shard * plan_.records_per_shard();
  return std::min(plan_.records - first, plan_.records_per_shard()) * stride();
}

ShardStore::~ShardStore() {
  for (const int file : files_)
    close(file);
}

std::string ShardStore::shard_path(size_t shard) const {
  char number[32];
  std::snprintf(number, sizeof number, "-%04zu.shard", shard);
  return plan_.path + number;
}

std::string ShardStore::key_text() const {
  return nlohmann::json{{"key", plan_.key},
                        {"record_bytes", plan_.record_bytes},
                        {"records", plan_.records},
                        {"records_per_shard", plan_.records_per_shard()}}
      .dump();
}

// False with errno set.
bool ShardStore::open_shards(int flags) {
  while (files_.size() < plan_.shards()) {
    const int file = ::open(shard_path(files_.size()).c_str(), flags | O_CLOEXEC, 0666);
    if (file < 0)
      return false;
    files_.push_back(file);
  }
  return true;
}

bool ShardStore::read_checksums() {
  for (size_t record = 0; record < plan_.records; ++record) {
    const size_t at = record % plan_.records_per_shard() * stride() + plan_.record_bytes;
    if (read_all(files_[record / plan_.records_per_shard()], &checksums_[record], kChecksumBytes,
                 at) != 0)
      return false;
  }
  return true;
}

std::unique_ptr<ShardStore> ShardStore::open(const ShardPlan& plan) {
  std::unique_ptr<ShardStore> store(new ShardStore(plan));
  std::ifstream key(store->key_path());
  const std::string stored{std::istreambuf_iterator<char>(key), {}};
  if (stored != store->key_text() || !store->open_shards(O_RDWR))
    return nullptr;
  for (size_t shard = 0; shard < store->files_.size(); ++shard) {
    struct stat status {};
    if (fstat(store->files_[shard], &status) != 0 ||
        static_cast<size_t>(status.st_size) != store->shard_bytes(shard))
      return nullptr;
  }
  return store->read_checksums() ? std::move(store) : nullptr;
}

Result<std::unique_ptr<ShardStore>> ShardStore::create(const ShardPlan& plan) {
  std::unique_ptr<ShardStore> store(new ShardStore(plan));
  unlink(store->key_path().c_str());
  if (!store->open_shards(O_RDWR | O_CREAT | O_TRUNC))
    return store->cannot_write(store->shard_path(store->files_.size()), errno);
  // Those of an earlier store that was larger.
  for (size_t shard = plan.shards(); unlink(store->shard_path(shard).c_str()) == 0; ++shard) {
  }
  // Better now than after hours.
  if (free_bytes(plan.path) < plan.records * store->stride())
    return store->cannot_write(plan.path, ENOSPC);
  // Spelled out, because compilers before GCC 11 would copy.
  return Result<std::unique_ptr<ShardStore>>(std::move(store));
}

Result<void> ShardStore::write(size_t record, const void* data) {
  const size_t shard = record / plan_.records_per_shard();
  const size_t at = record % plan_.records_per_shard() * stride();
  const uint64_t sum = checksum_of(data, plan_.record_bytes);
  int fault = write_all(files_[shard], data, plan_.record_bytes, at);
  if (fault == 0)
    fault = write_all(files_[shard], &sum, sizeof sum, at + plan_.record_bytes);
  if (fault != 0)
    return cannot_write(shard_path(shard), fault);
  checksums_[record] = sum;
  ++written_;
  return {};
}

Result<void> ShardStore::finish() {
  for (size_t shard = 0; shard < files_.size(); ++shard) {
    // Records may be missing at the end.
    if (ftruncate(files_[shard], static_cast<off_t>(shard_bytes(shard))) != 0 ||
        fsync(files_[shard]) != 0)
      return cannot_write(shard_path(shard), errno);
  }
  AtomicFile key(key_path());
  const std::string text = key_text();
  key.write(text.data(), text.size());
  return key.finish();
}

Result<void> ShardStore::read(size_t record, void* data) const {
  const size_t shard = record / plan_.records_per_shard();
  const size_t at = record % plan_.records_per_shard() * stride();
  uint64_t sum = 0;
  int fault = read_all(files_[shard], data, plan_.record_bytes, at);
  if (fault == 0)
    fault = read_all(files_[shard], &sum, sizeof sum, at + plan_.record_bytes);
  if (fault == 0 && sum == checksum_of(data, plan_.record_bytes))
    return {};
  return Error{ErrorKind::Internal,
               "Record " + std::to_string(record) + " in " + shard_path(shard) +
                   (fault == 0 ? " is not what was written there"
                               : std::string(" cannot be read: ") + std::strerror(fault)) +
                   "; remove " + key_path() + " and start with --resume to have it made again"};
}

Error ShardStore::cannot_write(const std::string& path, int fault) const {
  if (fault == ENOENT) {
    return {ErrorKind::NotFound,
            path + " cannot be made: its folder does not exist; create it first"};
  }
  std::string message = path + " cannot be written: " + std::strerror(fault);
  if (fault == ENOSPC || fault == EDQUOT || fault == EFBIG) {
    const size_t left = (plan_.records - written_) * stride();
    message += "; " + megabytes(left) + " more are needed";
    const size_t free = free_bytes(path);
    if (fault == ENOSPC && free != SIZE_MAX)
      message += " and " + megabytes(free) + " are free";
    message += " there. Make space, or choose another folder with --work";
  } else {
    message += "; check the permissions of the folder, or choose another with --work";
  }
  return {ErrorKind::Internal, message};
}

}  // namespace jetsoncaption
