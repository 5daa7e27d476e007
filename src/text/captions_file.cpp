// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads captions and lists of pictures.
#include "text/captions_file.h"

#include <fstream>
#include <set>

#include "text/tokenizer.h"

namespace jetsoncaption {

namespace {

// Files may come from Windows.
bool read_line(std::istream& stream, std::string& line) {
  if (!std::getline(stream, line))
    return false;
  if (!line.empty() && line.back() == '\r')
    line.pop_back();
  return true;
}

Error bad_line(const std::string& file, int number, const std::string& problem) {
  return {ErrorKind::InvalidArgument, file + ", line " + std::to_string(number) + ": " + problem};
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
  std::string line;
  for (int number = 1; read_line(stream, line); ++number) {
    if (line.empty())
      continue;
    const size_t tab = line.find('\t');
    if (tab == std::string::npos || tab == 0) {
      return bad_line(
          file, number,
          "'" + line.substr(0, 60) + "' is not a picture's name, a tab and a sentence.");
    }
    Words words = tokenize(line.substr(tab + 1));
    if (words.empty()) {
      return bad_line(file, number, "there is no word after the tab; remove the line.");
    }
    references[line.substr(0, tab)].push_back(std::move(words));
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
  std::string line;
  for (int number = 1; read_line(stream, line); ++number) {
    if (line.empty())
      continue;
    if (!seen.insert(line).second) {
      return bad_line(file, number, "'" + line + "' is listed before; name each picture once.");
    }
    names.push_back(line);
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
