// SPDX-License-Identifier: LGPL-2.1-or-later
// Counts the things that captions and references name.
#include "text/truth.h"

#include <algorithm>
#include <set>

#include "text/things.h"

namespace jetsoncaption {
namespace {

constexpr int kPlainReferences = 2;

std::set<int> named_groups(const Things& things, const Words& sentence) {
  std::set<int> groups;
  for (const auto& mention : things.find(sentence)) {
    const int group = things.group_of(mention.noun);
    if (things.is_measured(group))
      groups.insert(group);
  }
  return groups;
}

std::set<int> with_broader(const Things& things, const std::set<int>& groups) {
  std::set<int> all = groups;
  for (const int group : groups)
    all.insert(things.broader(group).begin(), things.broader(group).end());
  return all;
}

bool repeats_a_noun(const Things& things, const Words& sentence) {
  std::set<int> nouns;
  for (const auto& mention : things.find(sentence)) {
    // "A skateboarder on a skateboard" says it once.
    if (!mention.implied && !nouns.insert(mention.noun).second)
      return true;
  }
  return false;
}

double share(int part, int whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / whole;
}

}  // namespace

ThingsSeen::ThingsSeen(const Things& things, const std::vector<Words>& references)
    : seen_(static_cast<size_t>(things.groups()), false) {
  std::vector<int> references_of(seen_.size(), 0);
  for (const auto& reference : references) {
    const auto groups = named_groups(things, reference);
    for (const int group : groups)
      ++references_of[static_cast<size_t>(group)];
    for (const int group : with_broader(things, groups))
      seen_[static_cast<size_t>(group)] = true;
  }
  for (int group = 0; group < things.groups(); ++group) {
    if (references_of[static_cast<size_t>(group)] >= kPlainReferences)
      plain_.push_back(group);
  }
}

ThingCounts count_things(const Things& things, const Words& candidate, const ThingsSeen& seen) {
  const auto groups = named_groups(things, candidate);
  const auto said = with_broader(things, groups);
  ThingCounts counts;
  counts.untrue = static_cast<int>(
      std::count_if(groups.begin(), groups.end(), [&](int group) { return !seen.has(group); }));
  counts.named = static_cast<int>(std::count_if(seen.plain().begin(), seen.plain().end(),
                                                [&](int group) { return said.count(group) > 0; }));
  counts.repeated = repeats_a_noun(things, candidate);
  return counts;
}

TruthScores truth_scores(const std::vector<CaptionPair>& pairs, const Things& things) {
  int untrue = 0;
  int repeated = 0;
  int named = 0;
  int plain = 0;
  for (const auto& pair : pairs) {
    const ThingsSeen seen(things, pair.references);
    const ThingCounts counts = count_things(things, pair.candidate, seen);
    untrue += counts.untrue > 0 ? 1 : 0;
    repeated += counts.repeated ? 1 : 0;
    named += counts.named;
    plain += static_cast<int>(seen.plain().size());
  }
  const int captions = static_cast<int>(pairs.size());
  return {share(untrue, captions), share(named, plain), share(repeated, captions)};
}

std::vector<bool> true_captions(const std::vector<CaptionPair>& pairs, const Things& things) {
  std::vector<bool> flags;
  for (const CaptionPair& pair : pairs) {
    const ThingsSeen seen(things, pair.references);
    flags.push_back(count_things(things, pair.candidate, seen).untrue == 0);
  }
  return flags;
}

}  // namespace jetsoncaption
