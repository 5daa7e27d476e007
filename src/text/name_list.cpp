// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads lists of pictures.
#include "text/name_list.h"

#include <fstream>
#include <set>

#include "base/text.h"
#include "text/clean_text.h"

namespace jetsoncaption {

namespace {

// A picture's name without the number of the sentence: "dog.jpg#2" in the files that Flickr8k,
// Flickr30k and others come with. Only behind an ending, so that "take#2" keeps its own. And
// without the "./" of the command find, as in captions.
std::string picture_name(std::string name) {
  if (starts_with(name, "./"))
    name.erase(0, 2);
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

}  // namespace

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

Result<std::vector<std::string>> load_names(const std::string& file) {
  std::ifstream stream(file);
  if (!stream) {
    return Error{ErrorKind::NotFound,
                 file + " cannot be opened; check the path and its permissions."};
  }
  return read_names(stream, file);
}

}  // namespace jetsoncaption
