// SPDX-License-Identifier: LGPL-2.1-or-later
// Sentences to words and back, in the language they are in.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace jetsoncaption {

// Splits the sentences of one language. One thread at a time.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;
  // Words in lower case, without punctuation.
  virtual std::vector<std::string> words(const std::string& sentence) = 0;
};

// For a language tag (BCP 47): "en", "de", "zh-Hans", "pt-BR". English sentences are split by
// tokenize(), which the scores of captions are defined by; all others as Unicode says (UAX 29),
// with dictionaries for Chinese, Japanese, Thai, Lao, Khmer and Burmese. InvalidArgument: no such
// language. Unsupported: another language than English, and this build has no ICU.
Result<std::unique_ptr<Tokenizer>> make_tokenizer(const std::string& language);

}  // namespace jetsoncaption
