// SPDX-License-Identifier: LGPL-2.1-or-later
// A directory for the files of one test.
#pragma once

#include <cassert>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include <dirent.h>
#include <unistd.h>

namespace jetsoncaption {

// Removed at the end with the files in it; it must have no directories in it.
class TemporaryDirectory {
 public:
  TemporaryDirectory() : path_(testing::TempDir() + "/jetsoncaption-XXXXXX") {
    const char* made = mkdtemp(&path_[0]);
    assert(made != nullptr);
    static_cast<void>(made);
  }
  ~TemporaryDirectory() {
    if (DIR* directory = opendir(path_.c_str())) {
      while (const dirent* entry = readdir(directory))
        unlink(file(entry->d_name).c_str());
      closedir(directory);
    }
    rmdir(path_.c_str());
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

  // Returns the path. A file of that name is removed first, not cut: it may be mapped, and ext4
  // waits for the disk when a file is cut and written again.
  std::string write(const std::string& name, const std::string& bytes) const {
    unlink(file(name).c_str());
    std::ofstream(file(name), std::ios::binary) << bytes;
    return file(name);
  }
  std::string read(const std::string& name) const {
    std::ifstream stream(file(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  }

 private:
  std::string path_;
};

}  // namespace jetsoncaption
