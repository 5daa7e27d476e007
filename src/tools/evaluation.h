// SPDX-License-Identifier: LGPL-2.1-or-later
// Describes a list of pictures and scores the captions against sentences by people.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "captioner/captioner.h"
#include "text/metrics.h"

namespace jetsoncaption {

// What to describe: `list` names pictures of the folder `images`, a name a line; empty: all that
// have sentences in `captions`, lines of NAME<TAB>sentence.
struct EvaluationSet {
  std::string images;
  std::string captions;
  std::string list;
};

struct Evaluation {
  std::vector<std::string> names;      // of the pictures that were described
  std::vector<std::string> sentences;  // what the model said about them
  std::vector<double> times_ms;        // one a picture
  std::vector<ConfidenceFacts> facts;  // one a picture
  std::vector<double> confidences;     // one a picture
  std::vector<bool> is_true;           // one a picture: names nothing that is not there
  CaptionScores scores;
  int failed = 0;
};

// Whether there are sentences and names: before anything else is done. NotFound, InvalidArgument.
Result<void> check_evaluation_set(const EvaluationSet& set);

// A picture that cannot be read or described is counted, and reported to `failure` with a sentence.
// `progress` gets the number of pictures done and of all. NotFound, InvalidArgument (also when no
// picture at all could be described).
Result<Evaluation> evaluate_captioner(Captioner& captioner, const EvaluationSet& set,
                                      const DescribeOptions& search,
                                      const std::function<void(const std::string&)>& failure,
                                      const std::function<void(int, int)>& progress);

}  // namespace jetsoncaption
