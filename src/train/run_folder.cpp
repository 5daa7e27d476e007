// SPDX-License-Identifier: LGPL-2.1-or-later
// Tries folders and compares the records of runs.
#include "train/run_folder.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>

#include "base/text.h"
#include "bundle/atomic_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jetsoncaption {
namespace {

// Of stages that have finished an epoch: "checkpoint-decoder.json", or "".
std::string checkpoint_in(const std::string& folder) {
  std::unique_ptr<DIR, int (*)(DIR*)> opened(opendir(folder.c_str()), closedir);
  if (!opened)
    return "";
  while (const dirent* entry = readdir(opened.get())) {
    const std::string name = entry->d_name;
    if (starts_with(name, "checkpoint-") && ends_with(name, ".json"))
      return name;
  }
  return "";
}

// Of files that runs write; others may be in the folder.
void remove_unfinished_files(const std::string& folder) {
  std::unique_ptr<DIR, int (*)(DIR*)> opened(opendir(folder.c_str()), closedir);
  if (!opened)
    return;
  while (const dirent* entry = readdir(opened.get())) {
    const std::string whole = name_of_unfinished(entry->d_name);
    for (const char* kind : {".json", ".jsonl", ".safetensors", ".optimizer", ".shard", ".txt"}) {
      if (ends_with(whole, kind))
        unlink((folder + "/" + entry->d_name).c_str());
    }
  }
}

std::string record_path(const std::string& work) {
  return work + "/run.json";
}

// Empty when there is none, or none that can be read: an older version kept no record.
RunRecord stored_record(const std::string& path) {
  std::ifstream file(path);
  const auto json = nlohmann::json::parse(file, nullptr, false);
  RunRecord record;
  if (!json.is_object())
    return record;
  for (auto entry = json.begin(); entry != json.end(); ++entry) {
    if (entry->is_string())
      record[entry.key()] = entry->get<std::string>();
  }
  return record;
}

std::string differences(const RunRecord& before, const RunRecord& now) {
  std::string text;
  for (const auto& [name, value] : now) {
    const auto found = before.find(name);
    if (found == before.end() || found->second == value)
      continue;
    text += text.empty() ? "" : ", ";
    text += name + " was " + found->second + " and is " + value;
  }
  return text;
}

}  // namespace

Result<void> try_folder(const std::string& folder, const std::string& option) {
  const auto unusable = [&](int fault) {
    return Error{fault == ENOENT ? ErrorKind::NotFound : ErrorKind::InvalidArgument,
                 option + " " + folder + " cannot be written: " + std::strerror(fault) +
                     (fault == ENOENT ? "; make the folder that it is to be in"
                                      : "; choose a folder in which you may write")};
  };
  if (mkdir(folder.c_str(), 0777) != 0 && errno != EEXIST)
    return unusable(errno);
  struct stat status {};
  if (stat(folder.c_str(), &status) == 0 && !S_ISDIR(status.st_mode))
    return unusable(ENOTDIR);
  const std::string path = folder + "/.jetsoncaption-try";
  std::ofstream file(path);
  errno = 0;
  file << "This folder can be written.\n" << std::flush;
  const int fault = file ? 0 : (errno != 0 ? errno : EACCES);
  unlink(path.c_str());
  return fault == 0 ? Result<void>() : unusable(fault);
}

Result<RunLock> RunLock::take(const std::string& work) {
  const std::string path = work + "/run.lock";
  RunLock lock(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (lock.file_ < 0)
    return Error{ErrorKind::InvalidArgument, path + " cannot be written: " + std::strerror(errno)};
  const int fault = flock(lock.file_, LOCK_EX | LOCK_NB) != 0 ? errno : 0;
  if (fault == EWOULDBLOCK)
    return Error{ErrorKind::InvalidArgument,
                 "another run is at work in --work " + work +
                     "; wait for its end, stop it, or choose another folder"};
  // Some file systems have no locks: a run may be at work.
  if (fault == 0)
    remove_unfinished_files(work);
  return Result<RunLock>(std::move(lock));  // GCC before 11 would copy it
}

RunLock::~RunLock() {
  if (file_ >= 0)
    close(file_);
}

Result<void> refuse_checkpoints(const std::string& work, bool resume) {
  const std::string checkpoint = checkpoint_in(work);
  if (resume || checkpoint.empty())
    return {};
  return Error{ErrorKind::InvalidArgument,
               "--work " + work + " has checkpoints of an earlier run (" + checkpoint +
                   "); go on with it by --resume, choose another folder, or remove what is in "
                   "this one"};
}

bool is_same_run(const std::string& work, const RunRecord& record) {
  return differences(stored_record(record_path(work)), record).empty();
}

Result<void> begin_run(const std::string& work, const RunRecord& record, bool resume) {
  const std::string path = record_path(work);
  auto refused = refuse_checkpoints(work, resume);
  if (!refused.ok())
    return refused;
  RunRecord kept = record;
  if (!checkpoint_in(work).empty()) {
    const RunRecord before = stored_record(path);
    kept.insert(before.begin(), before.end());
    const std::string different = differences(before, record);
    if (!different.empty()) {
      return Error{ErrorKind::InvalidArgument,
                   "--resume cannot go on with the run in " + work + ": " + different +
                       "; use the same again, or begin anew with another --work"};
    }
  }
  AtomicFile file(path);
  const std::string text = nlohmann::json(kept).dump(2) + "\n";
  file.write(text.data(), text.size());
  return file.finish();
}

}  // namespace jetsoncaption
