// SPDX-License-Identifier: LGPL-2.1-or-later
// Describes a list of pictures and scores the captions against sentences by people.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "captioner/captioner.h"
#include "text/metrics.h"

namespace jetsoncaption {

// What --help says of a file of captions.
constexpr char kCaptionsHelp[] =
    "What people wrote: TSV, Flickr's token file, CSV, COCO JSON, Karpathy JSON or JSON lines";

// What to describe: `list` names pictures of the folder `images`, a name a line; empty: all that
// have sentences in `captions`, a file in any format of text/caption_formats.h.
struct EvaluationSet {
  std::string images;
  std::string captions;
  std::string list;
};

// Sentences of each picture, as words, by the name of the picture.
using References = std::map<std::string, std::vector<Words>>;

// What the files of a set say.
struct EvaluationPictures {
  EvaluationSet set;
  std::vector<std::string> names;
  References references;  // a picture whose sentences have no words keeps an empty list
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

// Reads each file once, for it may be a pipe; lines that cannot be used are left out, with a
// warning. Before anything else is done. NotFound, InvalidArgument.
Result<EvaluationPictures> read_evaluation_set(const EvaluationSet& set);

// A picture that cannot be read or described is counted, and reported to `failure` with a sentence.
// `progress` gets the number of pictures done and of all. InvalidArgument when no picture at all
// could be described.
Result<Evaluation> evaluate_captioner(Captioner& captioner, const EvaluationPictures& pictures,
                                      const DescribeOptions& search,
                                      const std::function<void(const std::string&)>& failure,
                                      const std::function<void(int, int)>& progress);

}  // namespace jetsoncaption
