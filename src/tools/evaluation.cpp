// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads the lists, describes picture after picture, and adds up the scores.
#include "tools/evaluation.h"

#include "text/captions_file.h"
#include "text/things.h"
#include "text/tokenizer.h"
#include "text/truth.h"
#include "tools/pictures.h"

namespace jetsoncaption {
namespace {

Result<std::vector<std::string>> names_of(const std::string& list, const References& references) {
  if (!list.empty())
    return load_names(list);
  std::vector<std::string> names;
  for (const auto& entry : references)
    names.push_back(entry.first);
  return names;
}

// Describes one picture and keeps its words for the scores.
Result<void> describe_one(Captioner& captioner, const EvaluationSet& set, const std::string& name,
                          const References& references, const DescribeOptions& search,
                          std::vector<CaptionPair>& pairs, Evaluation& evaluation) {
  const auto reference = references.find(name);
  if (reference == references.end()) {
    return Error{ErrorKind::InvalidArgument,
                 name + " has no sentence in " + set.captions + "; it cannot be scored."};
  }
  auto image = read_picture(set.images + "/" + name, captioner.info().input_size());
  if (!image.ok())
    return image.error();
  auto caption = captioner.describe(image.value().view(), search);
  if (!caption.ok())
    return caption.error();
  pairs.push_back({tokenize(caption.value().text), reference->second});
  evaluation.names.push_back(name);
  evaluation.sentences.push_back(caption.value().text);
  evaluation.times_ms.push_back(caption.value().inference_ms);
  evaluation.facts.push_back(caption.value().facts);
  evaluation.confidences.push_back(caption.value().confidence);
  return {};
}

}  // namespace

Result<void> check_evaluation_set(const EvaluationSet& set) {
  const auto references = load_references(set.captions);
  if (!references.ok())
    return references.error();
  const auto names = names_of(set.list, references.value());
  return names.ok() ? Result<void>() : names.error();
}

Result<Evaluation> evaluate_captioner(Captioner& captioner, const EvaluationSet& set,
                                      const DescribeOptions& search,
                                      const std::function<void(const std::string&)>& failure,
                                      const std::function<void(int, int)>& progress) {
  auto references = load_references(set.captions);
  if (!references.ok())
    return references.error();
  auto names = names_of(set.list, references.value());
  if (!names.ok())
    return names.error();

  Evaluation evaluation;
  std::vector<CaptionPair> pairs;
  const int total = static_cast<int>(names.value().size());
  int done = 0;
  for (const std::string& name : names.value()) {
    const auto described =
        describe_one(captioner, set, name, references.value(), search, pairs, evaluation);
    if (!described.ok()) {
      failure(described.error().message);
      ++evaluation.failed;
    }
    progress(++done, total);
  }
  if (pairs.empty()) {
    return Error{ErrorKind::InvalidArgument,
                 "No picture could be described, so there is no score."};
  }
  evaluation.scores = evaluate_captions(pairs);
  evaluation.is_true = true_captions(pairs, Things::standard());
  return evaluation;
}

}  // namespace jetsoncaption
