// SPDX-License-Identifier: LGPL-2.1-or-later
// Splits by lists, by what the file says, or by hashes.
#include "text/caption_split.h"

#include <algorithm>
#include <cstdint>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/hash.h"

namespace jetsoncaption {
namespace {

constexpr size_t kOneOf = 10;  // pictures is kept aside
constexpr size_t kMostDev = 1000;

// With the end of MurmurHash3, so that names that differ in their last digit scatter.
uint64_t hash_of(const std::string& name) {
  uint64_t hash = hash_text(name);
  hash = (hash ^ (hash >> 33)) * 0xFF51AFD7ED558CCDU;
  hash = (hash ^ (hash >> 33)) * 0xC4CEB9FE1A85EC53U;
  return hash ^ (hash >> 33);
}

std::vector<size_t> places_of(const std::vector<CaptionedPicture>& pictures,
                              const std::vector<std::string>& names, LeftOut& left_out) {
  std::unordered_map<std::string, size_t> index;
  for (size_t i = 0; i < pictures.size(); ++i)
    index.emplace(pictures[i].name, i);
  std::vector<size_t> places;
  for (const std::string& name : names) {
    const auto found = index.find(name);
    if (found == index.end())
      left_out.add(name + " has no sentence");
    else
      places.push_back(found->second);
  }
  return places;
}

// Without those that the file calls test pictures.
std::vector<size_t> all_but(const std::vector<CaptionedPicture>& pictures,
                            const std::vector<size_t>& taken) {
  const std::unordered_set<size_t> known(taken.begin(), taken.end());
  std::vector<size_t> rest;
  for (size_t i = 0; i < pictures.size(); ++i) {
    if (known.count(i) == 0 && pictures[i].part != Part::Test)
      rest.push_back(i);
  }
  return rest;
}

// Moves a tenth of the training pictures to the dev pictures.
void keep_some_aside(const std::vector<CaptionedPicture>& pictures, CaptionSplit& split) {
  std::vector<std::pair<uint64_t, size_t>> hashed;
  for (const size_t place : split.train)
    hashed.emplace_back(hash_of(pictures[place].name), place);
  std::sort(hashed.begin(), hashed.end());
  const uint64_t limit = UINT64_MAX / kOneOf;
  size_t count = 0;
  while (count < hashed.size() && count < kMostDev && hashed[count].first < limit)
    ++count;
  // Of a handful of pictures chance may choose none.
  count = std::max<size_t>(count, hashed.size() >= 2 ? 1 : 0);
  std::unordered_set<size_t> chosen;
  for (size_t i = 0; i < count; ++i)
    chosen.insert(hashed[i].second);
  std::vector<size_t> rest;
  for (const size_t place : split.train)
    (chosen.count(place) > 0 ? split.dev : rest).push_back(place);
  split.train = std::move(rest);
}

void split_by_file(const std::vector<CaptionedPicture>& pictures, CaptionSplit& split) {
  const bool says = std::any_of(pictures.begin(), pictures.end(),
                                [](const auto& picture) { return picture.part == Part::Train; });
  for (size_t i = 0; i < pictures.size(); ++i) {
    const Part part = pictures[i].part;
    if (part == Part::Dev)
      split.dev.push_back(i);
    else if (part == Part::Train || (part == Part::Unsaid && !says))
      split.train.push_back(i);
  }
}

Error empty_part(const std::string& part) {
  return {ErrorKind::InvalidArgument, "There is no picture with a sentence " + part +
                                          "; check the lists, or the names in the captions"};
}

}  // namespace

Result<CaptionSplit> split_pictures(const std::vector<CaptionedPicture>& pictures,
                                    const SplitLists& lists) {
  CaptionSplit split;
  split.train = places_of(pictures, lists.train, split.left_out);
  split.dev = places_of(pictures, lists.dev, split.left_out);
  if (lists.train.empty() && lists.dev.empty())
    split_by_file(pictures, split);
  else if (lists.train.empty())
    split.train = all_but(pictures, split.dev);
  // Dev pictures that are also learnt from would flatter every epoch, but who lists them, means it.
  const bool alone = lists.train_alone && !lists.train.empty() && lists.dev.empty();
  if (split.dev.empty() && lists.dev.empty() && !alone)
    keep_some_aside(pictures, split);
  if (split.train.empty())
    return empty_part("to learn from");
  if (split.dev.empty() && !alone)
    return empty_part("to measure on");
  return split;
}

}  // namespace jetsoncaption
