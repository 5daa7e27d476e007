// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads files like things.txt, and things.txt itself, which embed_text.py made part of the program.
#include <algorithm>
#include <cassert>
#include <set>
#include <sstream>
#include <utility>

#include "text/things.h"
#include "text/tokenizer.h"

namespace jetsoncaption {

// Made of things.txt by the build.
extern const char* const kThingsText;

namespace {

constexpr const char* kBlanks = " \t\r";

bool is_blank(char c) {
  return std::string(kBlanks).find(c) != std::string::npos;
}

std::string trim(const std::string& text) {
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string::npos)
    return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// The pieces between separators, trimmed; one empty piece where there is nothing.
std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> pieces;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(separator, begin), text.size());
    pieces.push_back(trim(text.substr(begin, end - begin)));
    begin = end + 1;
  }
  return pieces;
}

// The parts of a form as Things::find() compares them: words of sentences, split at hyphens.
Words parts_of(const std::string& form) {
  Words parts;
  for (const std::string& word : tokenize(form)) {
    for (std::string& part : split(word, '-'))
      parts.push_back(std::move(part));
  }
  return parts;
}

}  // namespace

// Reads entry after entry; broader groups may stand further down, so they are looked up at the end.
class Things::Reader {
 public:
  explicit Reader(std::string name) : name_(std::move(name)) {}

  Result<Things> read(std::istream& stream) {
    stream.exceptions(std::ios::badbit);  // else a line for which there is no memory ends the file
    std::string entry;
    std::string line;
    for (int number = 1; std::getline(stream, line); ++number) {
      const bool goes_on = !line.empty() && is_blank(line.front());
      line = trim(line);
      if (line.empty() || line.front() == '#')
        continue;
      if (goes_on) {
        entry += ' ' + line;
        continue;
      }
      const auto added = add_entry(entry);
      if (!added.ok())
        return added.error();
      entry = line;
      line_ = number;
    }
    const auto added = add_entry(entry);
    if (!added.ok())
      return added.error();
    if (things_.nouns_.empty())
      return Error{ErrorKind::InvalidArgument,
                   name_ + " has no groups; write one a line, as 'horse | horses, pony | ponies'."};
    for (const auto& link : {link_broader(), link_phrases()}) {
      if (!link.ok())
        return link.error();
    }
    for (auto& forms : things_.forms_) {
      std::stable_sort(forms.second.begin(), forms.second.end(), [](const Form& a, const Form& b) {
        return a.parts.size() > b.parts.size();
      });
    }
    return std::move(things_);
  }

 private:
  // Names that are looked up when all lines have been read.
  struct Link {
    int line;
    std::vector<std::string> names;
    std::vector<Words> phrases;  // that imply the names
  };

  Error error_at(int line, const std::string& what) const {
    return {ErrorKind::InvalidArgument, name_ + ", line " + std::to_string(line) + ": " + what};
  }

  Result<void> add_entry(const std::string& line) {
    const std::string entry = trim(line);
    if (entry.empty())
      return {};
    return entry.find('>') == std::string::npos ? add_group(entry) : add_phrases(entry);
  }

  Result<void> add_group(const std::string& line) {
    const bool measured = line.front() != '~';
    const std::vector<std::string> sides = split(measured ? line : line.substr(1), '<');
    if (sides.size() > 2)
      return error_at(line_, "there is more than one '<'; separate broader groups by commas.");
    const int group = things_.groups();
    things_.broader_.emplace_back();
    things_.measured_.push_back(measured);
    links_.push_back({line_, {}, {}});
    if (sides.size() == 2)
      links_.back().names = split(sides[1], ',');
    for (const std::string& noun : split(sides[0], ',')) {
      const auto added = add_noun(noun, group);
      if (!added.ok())
        return added;
    }
    return {};
  }

  Result<void> add_noun(const std::string& text, int group) {
    std::vector<std::string> forms = split(text, '|');
    std::string name = forms.front();
    if (name.size() > 2 && name.front() == '(' && name.back() == ')') {
      name = trim(name.substr(1, name.size() - 2));
      forms.erase(forms.begin());
      if (forms.empty())
        return error_at(line_, "'" + name + "' is not looked for and has no other form; add one.");
    }
    const int noun = things_.nouns();
    if (!things_.names_.emplace(name, noun).second)
      return error_at(line_, "the noun '" + name + "' stands in the file twice; remove one.");
    things_.nouns_.push_back({name, group});
    for (const std::string& form : forms) {
      const auto added = add_form(form, noun);
      if (!added.ok())
        return added;
    }
    return {};
  }

  Result<void> add_form(const std::string& form, int noun) {
    if (form.find_first_of("()") != std::string::npos)
      return error_at(line_,
                      "'" + form + "' has a parenthesis; only the first form may be in two.");
    const Words parts = parts_of(form);
    if (parts.empty())
      return nothing_between();
    if (!known_.insert(parts).second)
      return error_at(line_, "'" + form + "' stands in the file twice; remove one.");
    things_.forms_[parts.front()].push_back({parts, noun, {}});
    return {};
  }

  Result<void> add_phrases(const std::string& line) {
    const std::vector<std::string> sides = split(line, '>');
    if (sides.size() > 2 || line.find('<') != std::string::npos)
      return error_at(line_, "there may be one '>' or one '<'; write a line for each.");
    phrases_.push_back({line_, {}, {}});
    if (!sides[1].empty())
      phrases_.back().names = split(sides[1], ',');
    for (const std::string& phrase : split(sides[0], '|')) {
      phrases_.back().phrases.push_back(parts_of(phrase));
      if (phrases_.back().phrases.back().empty())
        return nothing_between();
    }
    return {};
  }

  Error nothing_between() const {
    return error_at(line_, "there is nothing between two separators; remove one of them.");
  }

  Result<void> link_broader() {
    std::vector<std::vector<int>> direct;
    for (const Link& link : links_) {
      direct.emplace_back();
      for (const std::string& name : link.names) {
        const int noun = things_.find_noun(name);
        if (noun < 0 || !begins_group(noun))
          return error_at(link.line, "no group begins with the noun '" + name + "'; add one, or " +
                                         "remove it behind the '<'.");
        direct.back().push_back(things_.group_of(noun));
      }
    }
    for (size_t group = 0; group < direct.size(); ++group) {
      std::set<int> reached;
      std::vector<int> open = direct[group];
      while (!open.empty()) {
        const int next = open.back();
        open.pop_back();
        if (!reached.insert(next).second)
          continue;
        const auto& further = direct[static_cast<size_t>(next)];
        open.insert(open.end(), further.begin(), further.end());
      }
      if (reached.count(static_cast<int>(group)) > 0)
        return error_at(links_[group].line, "the group is broader than itself; remove a '<'.");
      things_.broader_[group].assign(reached.begin(), reached.end());
    }
    return {};
  }

  Result<void> link_phrases() {
    for (const Link& link : phrases_) {
      std::vector<int> implied;
      for (const std::string& name : link.names) {
        implied.push_back(things_.find_noun(name));
        if (implied.back() < 0)
          return error_at(link.line, "there is no noun '" + name + "'; add one, or remove it " +
                                         "behind the '>'.");
      }
      for (const Words& phrase : link.phrases)
        form_of(phrase).implied = implied;
    }
    return {};
  }

  // The form with these parts; a new one that names no noun where there is none.
  Form& form_of(const Words& parts) {
    auto& forms = things_.forms_[parts.front()];
    auto found = std::find_if(forms.begin(), forms.end(),
                              [&](const Form& form) { return form.parts == parts; });
    if (found == forms.end())
      found = forms.insert(forms.end(), {parts, -1, {}});
    return *found;
  }

  bool begins_group(int noun) const {
    return noun == 0 || things_.group_of(noun) != things_.group_of(noun - 1);
  }

  std::string name_;
  int line_ = 1;  // where what is being read begins
  Things things_;
  std::vector<Link> links_;    // to broader groups, one a group
  std::vector<Link> phrases_;  // from phrases to what they imply
  std::set<Words> known_;      // forms
};

Result<Things> Things::read(std::istream& stream, const std::string& name) {
  return Reader(name).read(stream);
}

const Things& Things::standard() {
  static const Things things = [] {
    std::istringstream stream(kThingsText);
    auto read = Things::read(stream, "things.txt");
    assert(read.ok());  // a test reads it
    return std::move(read.value());
  }();
  return things;
}

}  // namespace jetsoncaption
