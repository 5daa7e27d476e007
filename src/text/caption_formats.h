// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads what people wrote about pictures, in any of the formats in which captions are handed on.
//
//   tsv          dog.jpg<TAB>A dog runs .           also with a header
//   flickr       dog.jpg#0<TAB>A dog runs .         Flickr8k.token.txt and its relatives
//   csv          image,caption                      Kaggle's; the header may be missing, fields may
//                dog.jpg,"A dog, running"           be quoted, and | or ; may stand for the comma
//   coco         {"images": [{"id", "file_name"}], "annotations": [{"image_id", "caption"}]}
//   karpathy     {"images": [{"filename", "filepath", "split", "sentences": [{"raw"}]}]}
//   json-lines   {"file_name": "dog.jpg", "text": "A dog runs"} on each line, or in one array
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/left_out.h"
#include "base/result.h"

namespace jetsoncaption {

enum class CaptionFormat { Tsv, Flickr, Csv, Coco, Karpathy, JsonLines };

const char* caption_format_name(CaptionFormat format);  // as in the list above

// What the file says a picture is for.
enum class Part { Unsaid, Train, Dev, Test };

struct CaptionedPicture {
  std::string name;  // its path in the folder of the pictures
  Part part = Part::Unsaid;
  std::vector<std::string> sentences;  // UTF-8, without blanks at the ends or two in a row
};

struct CaptionList {
  CaptionFormat format = CaptionFormat::Tsv;
  std::vector<CaptionedPicture> pictures;  // in the order of the file; each has a sentence
  LeftOut bad_lines;                       // "line 17: ..." or "annotation 17: ..."

  size_t sentence_count() const;

  // A warning about them, of the file that they are in.
  std::string told_bad_lines(const std::string& file) const;
};

// Finds the format by looking at the text. Lines, or records of JSON, that cannot be used are left
// out; only when none can be used the answer is InvalidArgument, which names the first of them.
// `file` is used in messages.
Result<CaptionList> read_captions(const std::string& text, const std::string& file);

// The same for a file of at most 1 GiB. Also NotFound.
Result<CaptionList> load_captions(const std::string& file);

}  // namespace jetsoncaption
