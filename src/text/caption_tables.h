// SPDX-License-Identifier: LGPL-2.1-or-later
// Captions with a line each: TSV, Flickr's token files, and CSV.
#pragma once

#include <cstddef>
#include <string>

#include "text/caption_formats.h"

namespace jetsoncaption {

// Reads `text` from `begin` on. InvalidArgument when it is no table of captions.
Result<CaptionList> read_table_captions(const std::string& text, size_t begin,
                                        const std::string& file);

// What a column, or a field of JSON, may be called that has the picture's file or its sentence.
bool is_name_key(const std::string& key);
bool is_sentence_key(const std::string& key);

}  // namespace jetsoncaption
