// SPDX-License-Identifier: LGPL-2.1-or-later
// Decides in which format a file of captions is, and hands it to the reader of that format.
#include "text/caption_formats.h"

#include <fstream>

#include "base/text.h"
#include "text/caption_json.h"
#include "text/caption_tables.h"

namespace jetsoncaption {
namespace {

constexpr size_t kMaxFileBytes = size_t{1} << 30;

}  // namespace

const char* caption_format_name(CaptionFormat format) {
  switch (format) {
    case CaptionFormat::Tsv:
      return "tsv";
    case CaptionFormat::Flickr:
      return "flickr";
    case CaptionFormat::Csv:
      return "csv";
    case CaptionFormat::Coco:
      return "coco";
    case CaptionFormat::Karpathy:
      return "karpathy";
    case CaptionFormat::JsonLines:
      return "json-lines";
  }
  return "";
}

size_t CaptionList::sentence_count() const {
  size_t count = 0;
  for (const CaptionedPicture& picture : pictures)
    count += picture.sentences.size();
  return count;
}

std::string CaptionList::told_bad_lines(const std::string& file) const {
  return bad_lines.told("lines of " + file + " (" + caption_format_name(format) +
                        ") cannot be used and are left out");
}

Result<CaptionList> read_captions(const std::string& text, const std::string& file) {
  if (starts_with(text, "\xFF\xFE") || starts_with(text, "\xFE\xFF")) {
    return Error{ErrorKind::InvalidArgument,
                 file + " is UTF-16; save it as UTF-8, which is what captions are read as"};
  }
  const size_t begin = starts_with(text, "\xEF\xBB\xBF") ? 3 : 0;
  const size_t first = text.find_first_not_of(" \t\r\n", begin);
  if (first == std::string::npos)
    return Error{ErrorKind::InvalidArgument, file + " is empty; it needs captions of pictures"};
  if (text[first] == '{' || text[first] == '[')
    return read_json_captions(text, first, file);
  return read_table_captions(text, begin, file);
}

Result<CaptionList> load_captions(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  std::string text;
  // A folder opens like a file, and fails only when it is read.
  if (!stream || stream.peek() == std::ifstream::traits_type::eof()) {
    if (stream.eof() && !stream.bad())
      return read_captions("", file);
    return Error{ErrorKind::NotFound,
                 file + " cannot be read; name a file of captions that may be opened"};
  }
  constexpr size_t kPiece = size_t{1} << 20;
  for (size_t size = 0; stream; size = text.size()) {
    if (size > kMaxFileBytes) {
      return Error{ErrorKind::InvalidArgument,
                   file + " is larger than 1 GiB; use a part of its captions"};
    }
    text.resize(size + kPiece);
    stream.read(&text[size], kPiece);
    text.resize(size + static_cast<size_t>(stream.gcount()));
  }
  return read_captions(text, file);
}

}  // namespace jetsoncaption
