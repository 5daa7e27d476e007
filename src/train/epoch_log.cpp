// SPDX-License-Identifier: LGPL-2.1-or-later
// Writes log.jsonl.
#include "train/epoch_log.h"

#include <cstdio>
#include <fstream>
#include <utility>

#include <nlohmann/json.hpp>

namespace jetsoncaption {

EpochLog::EpochLog(const std::string& work, Report report)
    : path_(work + "/log.jsonl"), report_(std::move(report)) {}

void EpochLog::begin_anew() const {
  std::remove(path_.c_str());
}

void EpochLog::add(Stage stage, int epoch, double loss, const std::vector<CaptionScores>& scores,
                   double seconds) const {
  nlohmann::json dev = nlohmann::json::array();
  for (const CaptionScores& set : scores) {
    dev.push_back({{"bleu", set.bleu},
                   {"rouge_l", set.rouge_l},
                   {"cider_d", set.cider_d},
                   {"untrue", set.untrue},
                   {"named", set.named},
                   {"repeated", set.repeated}});
  }
  const nlohmann::json line = {{"stage", stage_name(stage)},
                               {"epoch", epoch},
                               {"loss", loss},
                               {"dev", dev},
                               {"seconds", seconds}};
  std::ofstream(path_, std::ios::app) << line.dump() << '\n';
  report_(line.dump());
}

}  // namespace jetsoncaption
