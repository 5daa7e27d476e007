// SPDX-License-Identifier: LGPL-2.1-or-later
// Finds the columns of a table of captions and reads its rows.
#include "text/caption_tables.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/picture_name.h"
#include "text/caption_collector.h"

namespace jetsoncaption {
namespace {

constexpr size_t kMaxLineBytes = 65536;
constexpr size_t kLinesLookedAt = 100;  // for one that gives the format away

struct Columns {
  CaptionFormat format = CaptionFormat::Tsv;
  char separator = '\t';
  bool header = false;
  size_t count = 2;
  size_t name = 0;
  size_t sentence = 1;
  size_t part = std::string::npos;  // npos: there is none

  // Else a line is a name, a tab and a sentence, whatever characters are in it.
  bool has_rows() const { return header || format == CaptionFormat::Csv; }
};

// Walks over lines, and can look at one without taking it.
class Lines {
 public:
  Lines(const std::string& text, size_t begin) : text_(text), at_(begin) {}

  bool done() const { return at_ >= text_.size(); }
  size_t number() const { return number_; }
  // Without its end, which may be that of Windows.
  std::string line() const {
    size_t end = end_of_line(at_);
    if (end > at_ && text_[end - 1] == '\r')
      --end;
    return text_.substr(at_, std::min(end - at_, kMaxLineBytes + 1));
  }
  void next() {
    at_ = end_of_line(at_) + 1;
    ++number_;
  }
  // A row that may go over several lines because of quotes; false when a quote is never closed, and
  // then nothing is taken.
  bool take_row(char separator, std::vector<std::string>& fields);

 private:
  size_t end_of_line(size_t from) const {
    const size_t end = text_.find('\n', from);
    return end == std::string::npos ? text_.size() : end;
  }
  bool read_quoted(char separator, size_t& at, std::string& field) const;

  const std::string& text_;
  size_t at_;
  size_t number_ = 1;
};

// From behind the opening quote to behind the closing one; "" is a quote. False when there is none
// before a separator or the end of a line: then the quote that was found opens another field.
bool Lines::read_quoted(char separator, size_t& at, std::string& field) const {
  const size_t limit = std::min(text_.size(), at_ + kMaxLineBytes);
  while (at < limit) {
    const char c = text_[at++];
    if (c != '"') {
      field += c;
    } else if (at < text_.size() && text_[at] == '"') {
      field += '"';
      ++at;
    } else {
      const size_t behind = text_.find_first_not_of(" \r", at);
      return behind == std::string::npos || text_[behind] == separator || text_[behind] == '\n';
    }
  }
  return false;
}

bool Lines::take_row(char separator, std::vector<std::string>& fields) {
  fields.assign(1, "");
  size_t at = at_;
  bool blank_so_far = true;  // of the field
  while (at < text_.size() && text_[at] != '\n') {
    const char c = text_[at++];
    if (c == separator) {
      fields.emplace_back();
      blank_so_far = true;
    } else if (c == '"' && blank_so_far) {
      fields.back().clear();
      if (!read_quoted(separator, at, fields.back()))
        return false;
      blank_so_far = false;
    } else {
      blank_so_far = blank_so_far && c == ' ';
      fields.back() += c;
    }
  }
  number_ +=
      static_cast<size_t>(std::count(text_.begin() + static_cast<std::ptrdiff_t>(at_),
                                     text_.begin() + static_cast<std::ptrdiff_t>(at), '\n')) +
      1;
  at_ = at + 1;
  return true;
}

std::vector<std::string> split(const std::string& line, char separator) {
  std::vector<std::string> fields;
  Lines(line, 0).take_row(separator, fields);
  return fields;
}

// Lower case, without blanks and quotes around it.
std::string key_of(const std::string& field) {
  const size_t first = field.find_first_not_of(" \"\r");
  if (first == std::string::npos)
    return "";
  std::string key = field.substr(first, field.find_last_not_of(" \"\r") - first + 1);
  std::transform(key.begin(), key.end(), key.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return key;
}

// Columns by their names, if the line is a header.
bool read_header(const std::string& line, char separator, Columns& columns) {
  const auto fields = split(line, separator);
  bool has_name = false;
  bool has_sentence = false;
  for (size_t i = 0; i < fields.size(); ++i) {
    const std::string key = key_of(fields[i]);
    if (!has_name && is_name_key(key)) {
      has_name = true;
      columns.name = i;
    } else if (!has_sentence && is_sentence_key(key)) {
      has_sentence = true;
      columns.sentence = i;
    } else if (key == "split" || key == "part" || key == "set") {
      columns.part = i;
    }
  }
  if (!has_name || !has_sentence)
    return false;
  columns.count = fields.size();
  columns.separator = separator;
  columns.format = separator == '\t' ? CaptionFormat::Tsv : CaptionFormat::Csv;
  columns.header = true;
  return true;
}

// The length of a name before its "#0", or npos.
size_t end_before_number(const std::string& name) {
  const size_t hash = name.rfind('#');
  const bool numbered = hash != std::string::npos && hash + 1 < name.size() &&
                        name.find_first_not_of("0123456789", hash + 1) == std::string::npos;
  return numbered ? hash : std::string::npos;
}

// Looks at the first lines; false when none of them looks like captions.
bool find_columns(Lines lines, Columns& columns) {
  for (const char separator : {'\t', ',', '|', ';'}) {
    if (read_header(lines.line(), separator, columns))
      return true;
    columns = Columns();
  }
  for (size_t i = 0; i < kLinesLookedAt && !lines.done(); ++i, lines.next()) {
    const std::string line = lines.line();
    const size_t tab = line.find('\t');
    if (tab != std::string::npos && tab > 0) {
      const bool numbered = end_before_number(line.substr(0, tab)) != std::string::npos;
      columns.format = numbered ? CaptionFormat::Flickr : CaptionFormat::Tsv;
      return true;
    }
    for (const char separator : {',', '|', ';'}) {
      const auto fields = split(line, separator);
      if (fields.size() < 2 || !is_picture_name(key_of(fields[0])))
        continue;
      columns.format = CaptionFormat::Csv;
      columns.separator = separator;
      return true;
    }
  }
  return false;
}

void add_row(const Columns& columns, const CaptionPlace& place, std::vector<std::string> fields,
             CaptionCollector& collector) {
  // Unquoted separators in the sentence, when it is the last column, are meant as they stand.
  while (fields.size() > columns.count && columns.sentence + 1 == columns.count) {
    fields[columns.count - 1] += columns.separator + fields[columns.count];
    fields.erase(fields.begin() + static_cast<std::ptrdiff_t>(columns.count));
  }
  if (fields.size() != columns.count) {
    return collector.leave_out(place, "it has " + std::to_string(fields.size()) + " of " +
                                          std::to_string(columns.count) + " columns");
  }
  const Part part =
      columns.part == std::string::npos ? Part::Unsaid : part_of_name(key_of(fields[columns.part]));
  collector.add(place, fields[columns.name], fields[columns.sentence], part);
}

void add_line(const Columns& columns, const CaptionPlace& place, const std::string& line,
              CaptionCollector& collector) {
  const size_t tab = line.find('\t');
  if (tab == std::string::npos)
    return collector.leave_out(place, "'" + excerpt(line) + "' has no tab behind a name");
  std::string name = line.substr(0, tab);
  if (columns.format == CaptionFormat::Flickr)
    name = name.substr(0, end_before_number(name));
  collector.add(place, name, line.substr(tab + 1));
}

}  // namespace

bool is_name_key(const std::string& key) {
  static const std::vector<std::string> kKeys = {"file",       "file_name",  "filename", "image",
                                                 "image_name", "image_path", "filepath", "path"};
  return std::find(kKeys.begin(), kKeys.end(), key) != kKeys.end();
}

bool is_sentence_key(const std::string& key) {
  static const std::vector<std::string> kKeys = {"caption",   "captions", "text",       "sentence",
                                                 "sentences", "comment",  "description"};
  return std::find(kKeys.begin(), kKeys.end(), key) != kKeys.end();
}

Result<CaptionList> read_table_captions(const std::string& text, size_t begin,
                                        const std::string& file) {
  Lines lines(text, begin);
  while (lines.line().empty())  // there is a line that is not: the caller has seen it
    lines.next();
  Columns columns;
  if (!find_columns(lines, columns)) {
    return Error{ErrorKind::InvalidArgument,
                 file + " begins with '" + excerpt(lines.line()) +
                     "', which is no format of captions that is known here; use lines of a "
                     "picture's name, a tab and a sentence"};
  }
  if (columns.header)
    lines.next();
  CaptionCollector collector;
  std::vector<std::string> fields;
  while (!lines.done()) {
    const CaptionPlace place{"line", lines.number()};
    const std::string line = lines.line();
    if (line.find_first_not_of(" \t") == std::string::npos) {
      lines.next();
    } else if (line.size() > kMaxLineBytes) {
      collector.leave_out(place, "it is longer than 65536 bytes");
      lines.next();
    } else if (!columns.has_rows()) {
      add_line(columns, place, line, collector);
      lines.next();
    } else if (lines.take_row(columns.separator, fields)) {
      add_row(columns, place, fields, collector);
    } else {
      collector.leave_out(place, "a quotation mark is never closed");
      lines.next();
    }
  }
  return collector.finish(columns.format, file);
}

}  // namespace jetsoncaption
