// SPDX-License-Identifier: LGPL-2.1-or-later
// What the user named: a file, a camera, or something that can be read only once.
//
// A shell's <(cat dog.jpg) and /dev/stdin are pipes that somebody has opened for us. They are read
// to their end once, into a nameless file, and used from there. A FIFO that only lies in a folder
// is refused: opening it would wait for a writer that may never come.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "tools/picture_header.h"

namespace jetsoncaption {

class MediaFile {
 public:
  // NotFound, InvalidArgument (a folder, a FIFO, a device that is no camera), Internal (no place
  // for the copy of what can be read once).
  static Result<MediaFile> open(const std::string& name);

  const std::string& name() const { return name_; }  // as it was given: for messages and results
  const std::string& path() const { return path_; }  // for those who open it
  bool is_camera() const { return camera_; }
  // The kind of picture that it begins like; empty: worth a try as a video.
  std::optional<PictureKind> picture_kind() const { return kind_; }

  // The whole file. InvalidArgument when it is larger than any picture should be.
  Result<std::vector<uint8_t>> read() const;

 private:
  std::string name_;
  std::string path_;
  bool camera_ = false;
  uint64_t size_ = 0;
  std::optional<PictureKind> kind_;
  std::shared_ptr<std::FILE> copy_;  // keeps the nameless file alive
};

}  // namespace jetsoncaption
