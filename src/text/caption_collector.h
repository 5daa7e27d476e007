// SPDX-License-Identifier: LGPL-2.1-or-later
// Gathers the sentences of each picture while a file of captions is read.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>

#include "text/caption_formats.h"

namespace jetsoncaption {

// Where a sentence stands: "line 17", "annotation 3".
struct CaptionPlace {
  const char* what;
  size_t number;  // counted from 1
};

class CaptionCollector {
 public:
  // Cleans name and sentence and keeps them, or leaves them out with the reason.
  void add(const CaptionPlace& place, const std::string& name, const std::string& sentence,
           Part part = Part::Unsaid);
  void leave_out(const CaptionPlace& place, const std::string& why);

  // What was gathered; `file` is used in the message when that is nothing.
  Result<CaptionList> finish(CaptionFormat format, const std::string& file);

 private:
  CaptionList list_;
  std::unordered_map<std::string, size_t> index_;  // of a picture in the list, by its name
};

// "train", "restval", "val", "dev", "validation", "test": as others call the parts.
Part part_of_name(const std::string& name);

// At most 60 bytes of a text, for a message.
std::string excerpt(const std::string& text);

}  // namespace jetsoncaption
