// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads captions and lists of pictures.
#include "text/name_list.h"

#include <algorithm>
#include <fstream>
#include <set>
#include <utility>

#include "base/text.h"
#include "text/clean_text.h"
#include "text/tokenizer.h"

namespace jetsoncaption {

namespace {

// A picture's name without the number of the sentence: "dog.jpg#2" in the files that Flickr8k,
// Flickr30k and others come with. Only behind an ending, so that "take#2" keeps its own.
std::string picture_name(const std::string& name) {
  const size_t hash = name.find_last_of('#');
  const size_t dot = name.find_last_of('.');
  const bool numbered = hash != std::string::npos && dot != std::string::npos && dot < hash &&
                        hash + 1 < name.size() &&
                        name.find_first_not_of("0123456789", hash + 1) == std::string::npos;
  return numbered ? name.substr(0, hash) : name;
}

// The lines of a file, with their numbers; a file in another encoding is refused.
class LineReader {
 public:
  LineReader(std::istream& stream, const std::string& file) : stream_(stream), file_(file) {}

  Result<bool> next(std::string& line) {
    if (!std::getline(stream_, line)) {
      if (stream_.bad())
        return Error{ErrorKind::Internal, file_ + " cannot be read to its end; copy it again."};
      return false;
    }
    ++number_;
    if (number_ == 1 && (starts_with(line, "\xFF\xFE") || starts_with(line, "\xFE\xFF"))) {
      return Error{ErrorKind::InvalidArgument, file_ + " is UTF-16; save it as UTF-8."};
    }
    return true;
  }

  Error bad_line(const std::string& problem) const {
    return {ErrorKind::InvalidArgument,
            file_ + ", line " + std::to_string(number_) + ": " + problem};
  }

 private:
  std::istream& stream_;
  const std::string& file_;
  int number_ = 0;
};

// Adds the sentence of one line; empty lines have none.
Result<void> add_reference(const std::string& line, const LineReader& lines,
                           References& references) {
  const size_t tab = std::min(line.find('\t'), line.size());
  const auto name = clean_name(line.substr(0, tab));
  if (!name.ok())
    return lines.bad_line(name.error().message);
  const auto sentence = clean_sentence(line.substr(std::min(tab + 1, line.size())));
  if (!sentence.ok())
    return lines.bad_line("behind the tab, " + sentence.error().message);
  if (name.value().empty() && sentence.value().empty())
    return {};
  if (name.value().empty() || tab == line.size()) {
    return lines.bad_line("'" + (name.value() + sentence.value()).substr(0, 60) +
                          "' is not a picture's name, a tab and a sentence.");
  }
  Words words = tokenize(sentence.value());
  if (words.empty())
    return lines.bad_line("there is no word after the tab; remove the line.");
  references[picture_name(name.value())].push_back(std::move(words));
  return {};
}

// Opens the file and hands it to one of the readers below.
template <typename T>
Result<T> load(const std::string& file, Result<T> (*read)(std::istream&, const std::string&)) {
  std::ifstream stream(file);
  if (!stream) {
    return Error{ErrorKind::NotFound,
                 file + " cannot be opened; check the path and its permissions."};
  }
  return read(stream, file);
}

}  // namespace

Result<References> read_references(std::istream& stream, const std::string& file) {
  References references;
  LineReader lines(stream, file);
  for (std::string line;;) {
    const auto found = lines.next(line);
    if (!found.ok())
      return found.error();
    if (!found.value())
      break;
    const auto added = add_reference(line, lines, references);
    if (!added.ok())
      return added.error();
  }
  if (references.empty()) {
    return Error{ErrorKind::InvalidArgument,
                 file + " contains no captions; it needs lines of NAME, a tab and a sentence."};
  }
  return references;
}

Result<std::vector<std::string>> read_names(std::istream& stream, const std::string& file) {
  std::vector<std::string> names;
  std::set<std::string> seen;
  LineReader lines(stream, file);
  for (std::string line;;) {
    const auto found = lines.next(line);
    if (!found.ok())
      return found.error();
    if (!found.value())
      break;
    const auto clean = clean_name(line);
    if (!clean.ok())
      return lines.bad_line(clean.error().message);
    if (clean.value().empty())
      continue;
    const std::string name = picture_name(clean.value());
    if (!seen.insert(name).second)
      return lines.bad_line("'" + name + "' is listed before; name each picture once.");
    names.push_back(name);
  }
  if (names.empty()) {
    return Error{ErrorKind::InvalidArgument,
                 file + " lists no pictures; it needs the name of one on each line."};
  }
  return names;
}

Result<References> load_references(const std::string& file) {
  return load(file, read_references);
}

Result<std::vector<std::string>> load_names(const std::string& file) {
  return load(file, read_names);
}

}  // namespace jetsoncaption
