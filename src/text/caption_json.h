// SPDX-License-Identifier: LGPL-2.1-or-later
// Captions as JSON: COCO's and Karpathy's files, and records with a name and a sentence.
#pragma once

#include <cstddef>
#include <string>

#include "text/caption_formats.h"

namespace jetsoncaption {

// `first` is where the opening brace or bracket stands. Of a file that breaks off, or is no JSON
// from some byte on, what comes before is used. InvalidArgument when nothing can be.
Result<CaptionList> read_json_captions(const std::string& text, size_t first,
                                       const std::string& file);

}  // namespace jetsoncaption
