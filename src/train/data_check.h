// SPDX-License-Identifier: LGPL-2.1-or-later
// Looks at every picture before a training begins, and keeps those that can be read.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/left_out.h"
#include "base/result.h"
#include "image/image_view.h"
#include "train/shard_store.h"

namespace jetsoncaption {

// `size` is what the picture is to be squashed to, which a reader may do: the tools' does it from
// the file's own colors, as the element.
using PictureReader = std::function<Result<Image>(const std::string& path, PictureSize size)>;
using ProgressReport = std::function<void(const std::string& what, int done, int total)>;

struct PictureSource {
  std::string directory;
  std::vector<std::string> names;  // paths in the directory, or absolute ones
  int width = 0;                   // of the network's input
  int height = 0;
  int threads = 1;

  size_t record_bytes() const {
    return static_cast<size_t>(width) * static_cast<size_t>(height) * 3;
  }
};

struct CheckedPictures {
  std::vector<size_t> usable;  // places in the names, ascending; also their records in the store
  std::map<size_t, std::string> unreadable;  // why the others are not: "dog.png: it is damaged"
};

// For ShardPlan::key: changes with the names, their order, and the size and time of their files.
std::string pictures_key(const PictureSource& source);

// Reads each picture whose record is not there yet, squashes it to width x height, and writes its
// three planes (R first, one byte a value) to the record of its place; that of a picture that
// cannot be read stays empty. `read` is called on several threads, `progress` on one. A name below
// folders that the directory does not have ("val2014/x.jpg" in COCO's lists) is also looked for in
// the directory itself. Errors are the store's: no picture is one.
Result<CheckedPictures> check_pictures(const PictureSource& source, const PictureReader& read,
                                       ShardStore& store, const ProgressReport& progress);

// Pictures in the directory itself, not below it, that no name stands for.
LeftOut pictures_without_sentence(const std::string& directory,
                                  const std::vector<std::string>& names);

}  // namespace jetsoncaption
