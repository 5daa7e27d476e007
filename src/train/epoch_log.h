// SPDX-License-Identifier: LGPL-2.1-or-later
// Says how each epoch went: one JSON object a line, in a file and to whoever waits for it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "text/metrics.h"
#include "train/stage.h"

namespace jetsoncaption {

class EpochLog {
 public:
  using Report = std::function<void(const std::string& json)>;

  // The file is work/log.jsonl; lines are added to it.
  EpochLog(const std::string& work, Report report);

  // Removes the lines of an earlier run.
  void begin_anew() const;

  // `scores` of each dev set.
  void add(Stage stage, int epoch, double loss, const std::vector<CaptionScores>& scores,
           double seconds) const;

 private:
  const std::string path_;
  const Report report_;
};

}  // namespace jetsoncaption
