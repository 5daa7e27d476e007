// SPDX-License-Identifier: LGPL-2.1-or-later
// Many records of one size on disk, in files of bounded size.
//
// Read and written with pread() and pwrite(): memory does not grow with the number of records, and
// a full disk is an error with a sentence, where a mapped file would end the process with SIGBUS.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace jetsoncaption {

struct ShardPlan {
  std::string path;  // "work/features": the files are work/features-0000.shard, ... and
                     // work/features.json, which is written last
  std::string key;   // names everything that the records depend on
  size_t record_bytes = 0;
  size_t records = 0;
  size_t shard_bytes = size_t{256} << 20;  // a file is as large, or holds one record

  size_t records_per_shard() const;
  size_t shards() const;
};

class ShardStore {
 public:
  // Opens a store that was finished with the same plan, for reading and for writing what it lacks;
  // null when there is none.
  static std::unique_ptr<ShardStore> open(const ShardPlan& plan);
  // Replaces what is there. Internal: the files cannot be made, or the disk has not enough space.
  static Result<std::unique_ptr<ShardStore>> create(const ShardPlan& plan);
  ~ShardStore();
  ShardStore(const ShardStore&) = delete;
  ShardStore& operator=(const ShardStore&) = delete;

  const ShardPlan& plan() const { return plan_; }

  // Thread-safe, but for the same record. Internal: the disk is full, or fails.
  Result<void> write(size_t record, const void* data);
  // Brings all to the disk, and the key last: a store is found again only when this was done.
  // Records may be missing.
  Result<void> finish();

  // Thread-safe. Internal: the record was never written, or is not what was written.
  Result<void> read(size_t record, void* data) const;
  // Of what was written: equal for equal records. 0 for one that was never written.
  uint64_t checksum(size_t record) const { return checksums_[record]; }

 private:
  explicit ShardStore(ShardPlan plan);
  std::string shard_path(size_t shard) const;
  std::string key_path() const { return plan_.path + ".json"; }
  std::string key_text() const;
  bool open_shards(int flags);
  bool read_checksums();
  size_t stride() const;
  size_t shard_bytes(size_t shard) const;
  Error cannot_write(const std::string& path, int fault) const;

  const ShardPlan plan_;
  std::vector<int> files_;
  std::vector<uint64_t> checksums_;
  std::atomic<size_t> written_{0};
};

}  // namespace jetsoncaption
