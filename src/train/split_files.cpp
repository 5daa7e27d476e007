// SPDX-License-Identifier: LGPL-2.1-or-later
// Names the files of a split, and writes them.
#include "train/split_files.h"

#include "base/same_file.h"
#include "bundle/bundle.h"

#include <unistd.h>

namespace jetsoncaption {
namespace {

constexpr struct {
  const char* name;
  std::string SplitFiles::*text;
  std::string DataSource::*list;  // what the user may have given instead
} kFiles[] = {{"train", &SplitFiles::train, &DataSource::train_list},
              {"dev", &SplitFiles::dev, &DataSource::dev_list}};

std::string numbered(const char* name, size_t source) {
  return name + (source == 0 ? "" : "-" + std::to_string(source + 1)) + ".txt";
}

bool is_read(const TrainOptions& options, const std::string& path) {
  for (const DataSource& source : options.sources) {
    for (const std::string* read : {&source.captions, &source.train_list, &source.dev_list}) {
      if (is_same_file(path, *read))
        return true;
    }
  }
  return false;
}

bool is_there(const std::string& path) {
  return access(path.c_str(), F_OK) == 0;
}

}  // namespace

Result<void> refuse_files_of_others(const TrainOptions& options) {
  if (is_there(options.work + "/run.json"))
    return {};
  for (size_t i = 0; i < options.sources.size(); ++i) {
    for (const auto& file : kFiles) {
      const std::string name = numbered(file.name, i);
      const std::string path = options.work + "/" + name;
      const bool is_written = (options.sources[i].*file.list).empty();
      if (is_written && is_there(path) && !is_read(options, path)) {
        return Error{ErrorKind::InvalidArgument,
                     "--work " + options.work + " has a file " + name +
                         " that no run has written and this one would; choose another folder"};
      }
    }
  }
  return {};
}

Result<void> write_split_files(const TrainOptions& options, const std::vector<SplitFiles>& files) {
  for (size_t i = 0; i < files.size(); ++i) {
    for (const auto& file : kFiles) {
      const std::string& text = files[i].*file.text;
      const std::string path = options.work + "/" + numbered(file.name, i);
      if (text.empty() || is_read(options, path))
        continue;
      auto written = write_text_file(path, text);
      if (!written.ok())
        return written;
    }
  }
  return {};
}

}  // namespace jetsoncaption
