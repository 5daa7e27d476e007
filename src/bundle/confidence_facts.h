// SPDX-License-Identifier: LGPL-2.1-or-later
// What the confidence of a caption is made from.
#pragma once

namespace jetsoncaption {

// What is known of a caption that has been written. Log-probabilities are natural ones and at least
// ln 1/1000; those of things are 0 where the caption names none. Things are those whose absence
// would make it untrue.
struct ConfidenceFacts {
  double words = 0;          // mean log-probability of its words, the end included
  double weakest_thing = 0;  // lowest log-probability of a word that names a thing
  double weakest_tag = 0;    // lowest log-probability that the tags give a thing which it names
  double tags = 0;           // sum of those
  double things = 0;         // how many words name one
};

struct ConfidenceTerm {
  const char* name;  // in config.json
  double ConfidenceFacts::*fact;
};
constexpr ConfidenceTerm kConfidenceTerms[] = {
    {"words", &ConfidenceFacts::words},
    {"weakest_thing", &ConfidenceFacts::weakest_thing},
    {"weakest_tag", &ConfidenceFacts::weakest_tag},
    {"tags", &ConfidenceFacts::tags},
    {"things", &ConfidenceFacts::things},
};

// Logistic regression: the log-odds of a caption are bias + the sum of weight * fact.
struct ConfidenceConfig {
  bool calibrated = false;
  double bias = 0;
  ConfidenceFacts weights;
};

}  // namespace jetsoncaption
