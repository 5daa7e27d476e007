// SPDX-License-Identifier: LGPL-2.1-or-later
// From captions and lists to data sets.
#include "train/source_reading.h"

#include <algorithm>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/log.h"
#include "text/caption_formats.h"
#include "text/caption_split.h"
#include "text/name_list.h"

namespace jetsoncaption {
namespace {

void warn(const std::string& what, const LeftOut& left_out) {
  if (left_out.count > 0)
    log_message(LogLevel::Warning, left_out.told(what));
}

Result<std::vector<std::string>> names_in(const std::string& list) {
  return list.empty() ? Result<std::vector<std::string>>(std::vector<std::string>())
                      : load_names(list);
}

// The sentences as words; a picture whose sentences have none keeps an empty list.
std::vector<std::vector<Words>> tokenized(const CaptionList& captions, Tokenizer& tokenizer) {
  std::vector<std::vector<Words>> references;
  LeftOut wordless;
  for (const CaptionedPicture& picture : captions.pictures) {
    references.emplace_back();
    for (const std::string& sentence : picture.sentences) {
      Words words = tokenizer.words(sentence);
      if (!words.empty())
        references.back().push_back(std::move(words));
    }
    if (references.back().empty())
      wordless.add(picture.name);
  }
  warn("pictures have no sentence with a word in it and are left out", wordless);
  return references;
}

Result<CaptionSplit> split(const DataSource& source, const CaptionList& captions, bool needs_dev) {
  auto train = names_in(source.train_list);
  if (!train.ok())
    return train.error();
  auto dev = names_in(source.dev_list);
  if (!dev.ok())
    return dev.error();
  SplitLists lists{std::move(train.value()), std::move(dev.value())};
  lists.train_alone = !needs_dev;
  return split_pictures(captions.pictures, lists);
}

// Which pictures can be used, and where they are.
struct Stored {
  std::shared_ptr<const ShardStore> store;
  std::unordered_map<size_t, size_t> records;          // by the place in the captions
  std::unordered_map<size_t, std::string> unreadable;  // why, by the same
};

// Reads those that any part needs, each once.
Result<Stored> store_pictures(const DataSource& source, const SourceReading& reading,
                              const CaptionList& captions, const std::vector<size_t>& places,
                              const PictureReader& read, const ProgressReport& progress) {
  PictureSource pictures{source.images, {}, reading.width, reading.height, reading.threads};
  std::vector<size_t> unique;
  std::unordered_set<size_t> seen;
  for (const size_t place : places) {
    if (!seen.insert(place).second)
      continue;
    unique.push_back(place);
    pictures.names.push_back(captions.pictures[place].name);
  }
  ShardPlan plan;
  plan.path = reading.store;
  plan.key = pictures_key(pictures);
  plan.record_bytes = pictures.record_bytes();
  plan.records = unique.size();
  std::shared_ptr<ShardStore> store = ShardStore::open(plan);
  const bool is_new = store == nullptr;
  if (is_new) {
    auto created = ShardStore::create(plan);
    if (!created.ok())
      return created.error();
    store = std::move(created.value());
  }
  auto checked = check_pictures(pictures, read, *store, progress);
  if (!checked.ok())
    return checked.error();
  LeftOut unreadable;
  Stored stored;
  for (const auto& [record, why] : checked.value().unreadable) {
    unreadable.add(why);
    stored.unreadable.emplace(unique[record], why);
  }
  warn("pictures cannot be read and are left out", unreadable);
  if (is_new && !checked.value().usable.empty()) {
    auto finished = store->finish();
    if (!finished.ok())
      return finished.error();
  }
  stored.store = store;
  for (const size_t record : checked.value().usable)
    stored.records.emplace(unique[record], record);
  return stored;
}

Dataset make_dataset(const CaptionList& captions, const std::vector<std::vector<Words>>& references,
                     const Stored& stored, const std::vector<size_t>& places,
                     const SourceReading& reading) {
  Dataset dataset;
  std::vector<size_t> records;
  std::unordered_set<size_t> known;  // a list may name a picture twice
  for (const size_t place : places) {
    const auto record = stored.records.find(place);
    if (record == stored.records.end() || !known.insert(place).second)
      continue;
    dataset.ids.push_back(captions.pictures[place].name);
    dataset.references.push_back(references[place]);
    records.push_back(record->second);
  }
  dataset.pictures = Pictures(stored.store, records, reading.width, reading.height);
  return dataset;
}

std::string lines_of(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names)
    text += name + "\n";
  return text;
}

// `why` is of the first picture of the part.
Error nothing_left(const DataSource& source, bool is_dev, const std::string& why) {
  return {ErrorKind::InvalidArgument, "Of " + source.captions + " no picture remains to " +
                                          (is_dev ? "measure on: " : "learn from: ") + why};
}

}  // namespace

Result<SourceSets> read_source(const DataSource& source, const SourceReading& reading,
                               const PictureReader& read, const ProgressReport& progress) {
  auto loaded = load_captions(source.captions);
  if (!loaded.ok())
    return loaded.error();
  CaptionList& captions = loaded.value();
  if (captions.bad_lines.count > 0)
    log_message(LogLevel::Warning, captions.told_bad_lines(source.captions));
  auto references = tokenized(captions, *reading.tokenizer);
  auto parts = split(source, captions, reading.needs_dev);
  if (!parts.ok())
    return Error{parts.error().kind, source.captions + ": " + parts.error().message};
  warn("pictures of the lists are left out", parts.value().left_out);

  std::vector<size_t> places;
  for (std::vector<size_t>* part : {&parts.value().train, &parts.value().dev}) {
    std::vector<size_t> with_words;
    for (const size_t place : *part) {
      if (!references[place].empty())
        with_words.push_back(place);
    }
    if (with_words.empty() && !part->empty()) {
      return nothing_left(
          source, part == &parts.value().dev,
          captions.pictures[part->front()].name + " has no sentence with a word in it");
    }
    *part = std::move(with_words);
    places.insert(places.end(), part->begin(), part->end());
  }
  auto stored = store_pictures(source, reading, captions, places, read, progress);
  if (!stored.ok())
    return stored.error();
  for (const std::vector<size_t>* part : {&parts.value().train, &parts.value().dev}) {
    const bool is_left = std::any_of(part->begin(), part->end(), [&](size_t place) {
      return stored.value().records.count(place) > 0;
    });
    if (!is_left && !part->empty()) {
      return nothing_left(source, part == &parts.value().dev,
                          stored.value().unreadable.at(part->front()));
    }
  }
  SourceSets sets;
  sets.train = make_dataset(captions, references, stored.value(), parts.value().train, reading);
  sets.dev = make_dataset(captions, references, stored.value(), parts.value().dev, reading);
  if (source.train_list.empty())
    sets.split.train = lines_of(sets.train.ids);
  if (source.dev_list.empty())
    sets.split.dev = lines_of(sets.dev.ids);
  return sets;
}

}  // namespace jetsoncaption
