// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads the lists, describes picture after picture, and adds up the scores.
#include "tools/evaluation.h"

#include <utility>

#include "text/caption_formats.h"
#include "text/name_list.h"
#include "text/things.h"
#include "text/tokenizer.h"
#include "text/truth.h"
#include "tools/messages.h"
#include "tools/pictures.h"

namespace jetsoncaption {
namespace {

// A picture whose sentences have no words is kept, so that it is reported and not just missing.
References tokenized(const CaptionList& captions) {
  References references;
  for (const CaptionedPicture& picture : captions.pictures) {
    std::vector<Words>& sentences = references[picture.name];
    for (const std::string& sentence : picture.sentences) {
      Words words = tokenize(sentence);
      if (!words.empty())
        sentences.push_back(std::move(words));
    }
  }
  return references;
}

Result<std::vector<std::string>> names_of(const std::string& list, const References& references) {
  if (!list.empty())
    return load_names(list);
  std::vector<std::string> names;
  for (const auto& entry : references)
    names.push_back(entry.first);
  return names;
}

// Describes one picture and keeps its words for the scores.
Result<void> describe_one(Captioner& captioner, const EvaluationPictures& pictures,
                          const std::string& name, const DescribeOptions& search,
                          std::vector<CaptionPair>& pairs, Evaluation& evaluation) {
  const auto reference = pictures.references.find(name);
  if (reference == pictures.references.end() || reference->second.empty()) {
    return Error{ErrorKind::InvalidArgument, name + " has no sentence with words in " +
                                                 pictures.set.captions + "; it cannot be scored."};
  }
  auto image = read_picture(pictures.set.images + "/" + name, captioner.info().input_size());
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

Result<EvaluationPictures> read_evaluation_set(const EvaluationSet& set) {
  const auto captions = load_captions(set.captions);
  if (!captions.ok())
    return captions.error();
  References references = tokenized(captions.value());
  auto names = names_of(set.list, references);
  if (!names.ok())
    return names.error();
  if (captions.value().bad_lines.count > 0)
    print_warning(captions.value().told_bad_lines(set.captions));
  return EvaluationPictures{set, std::move(names.value()), std::move(references)};
}

Result<Evaluation> evaluate_captioner(Captioner& captioner, const EvaluationPictures& pictures,
                                      const DescribeOptions& search,
                                      const std::function<void(const std::string&)>& failure,
                                      const std::function<void(int, int)>& progress) {
  Evaluation evaluation;
  std::vector<CaptionPair> pairs;
  const int total = static_cast<int>(pictures.names.size());
  int done = 0;
  for (const std::string& name : pictures.names) {
    const auto described = describe_one(captioner, pictures, name, search, pairs, evaluation);
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
