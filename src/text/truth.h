// SPDX-License-Identifier: LGPL-2.1-or-later
// Whether captions name what is there, in the manner of CHAIR (Rohrbach et al. 2018): the things
// that a caption names against those that people name who saw the picture. Only the groups that
// Things::is_measured() count, but for repetitions.
#pragma once

#include <vector>

#include "text/metrics.h"

namespace jetsoncaption {

class Things;

// What the references of one picture say that there is, ready to be compared with many candidates.
class ThingsSeen {
 public:
  ThingsSeen(const Things& things, const std::vector<Words>& references);

  // True when a reference names the group, or one that the group is broader than.
  bool has(int group) const { return seen_[static_cast<size_t>(group)]; }
  // The groups that two or more references name.
  const std::vector<int>& plain() const { return plain_; }

 private:
  std::vector<bool> seen_;
  std::vector<int> plain_;
};

// What one candidate names.
struct ThingCounts {
  int untrue = 0;         // groups that no reference names
  int named = 0;          // groups of ThingsSeen::plain()
  bool repeated = false;  // the same noun twice, as "a sink and a sink"
};
ThingCounts count_things(const Things& things, const Words& candidate, const ThingsSeen& seen);

// Shares, 0 to 1.
struct TruthScores {
  double untrue = 0;    // of the captions: those that name a group that no reference names
  double named = 0;     // of the groups that two or more references of a picture name: those that
                        // its caption names
  double repeated = 0;  // of the captions: those that name the same noun twice
};
TruthScores truth_scores(const std::vector<CaptionPair>& pairs, const Things& things);

// For each pair whether its caption names nothing that no reference names.
std::vector<bool> true_captions(const std::vector<CaptionPair>& pairs, const Things& things);

}  // namespace jetsoncaption
