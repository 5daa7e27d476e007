// SPDX-License-Identifier: LGPL-2.1-or-later
// Cleans names and sentences, and refuses those that nothing can be done with.
#include "text/caption_collector.h"

#include <utility>

#include "base/text.h"
#include "text/clean_text.h"

namespace jetsoncaption {
namespace {

constexpr size_t kMaxNameBytes = 1024;
constexpr size_t kMaxSentenceBytes = 4096;
constexpr size_t kShownBytes = 60;

// What is wrong with them, or nullptr.
const char* fault(const std::string& name, const std::string& sentence) {
  if (name.empty())
    return "there is no name of a picture";
  if (name.size() > kMaxNameBytes)
    return "the name of the picture is longer than 1024 bytes";
  if (sentence.empty())
    return "there is no sentence";
  if (sentence.size() > kMaxSentenceBytes)
    return "the sentence is longer than 4096 bytes";
  return nullptr;
}

}  // namespace

void CaptionCollector::add(const CaptionPlace& place, const std::string& raw_name,
                           const std::string& raw_sentence, Part part) {
  auto clean = clean_name(raw_name);
  auto sentence = clean.ok() ? clean_sentence(raw_sentence) : clean;
  if (!sentence.ok())
    return leave_out(place, sentence.error().message);
  std::string& name = clean.value();
  if (starts_with(name, "./"))
    name.erase(0, 2);
  if (const char* why = fault(name, sentence.value()))
    return leave_out(place, why);
  const auto [found, is_new] = index_.emplace(name, list_.pictures.size());
  if (is_new)
    list_.pictures.push_back({std::move(name), part, {}});
  list_.pictures[found->second].sentences.push_back(std::move(sentence.value()));
}

void CaptionCollector::leave_out(const CaptionPlace& place, const std::string& why) {
  list_.bad_lines.add(std::string(place.what) + " " + std::to_string(place.number) + ": " + why);
}

Result<CaptionList> CaptionCollector::finish(CaptionFormat format, const std::string& file) {
  list_.format = format;
  if (!list_.pictures.empty())
    return std::move(list_);
  const std::string taken_as =
      file + " has no captions in it; it was read as " + caption_format_name(format);
  if (list_.bad_lines.count == 0)
    return Error{ErrorKind::InvalidArgument, taken_as};
  return Error{ErrorKind::InvalidArgument,
               taken_as + ", and all of it is wrong: " + list_.bad_lines.named.front()};
}

Part part_of_name(const std::string& name) {
  if (name == "train" || name == "restval" || name == "training")
    return Part::Train;
  if (name == "val" || name == "dev" || name == "valid" || name == "validation")
    return Part::Dev;
  return name == "test" ? Part::Test : Part::Unsaid;
}

std::string excerpt(const std::string& text) {
  if (text.size() <= kShownBytes)
    return text;
  size_t end = kShownBytes;
  // Not in the middle of a character.
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
    --end;
  return text.substr(0, end) + "...";
}

}  // namespace jetsoncaption
