// SPDX-License-Identifier: LGPL-2.1-or-later
// Sentences to words and back.
#pragma once

#include <string>
#include <vector>

namespace jetsoncaption {

// Lower case, punctuation removed, split at blanks: what the COCO caption evaluation does to
// English sentences, for captions and references alike. "A dog's ball ." becomes {"a", "dog", "'s",
// "ball"} as the PTB tokenizer splits clitics.
std::vector<std::string> tokenize(const std::string& sentence);

// Words joined by blanks, clitics joined to the word before ("dog", "'s" -> "dog's").
std::string detokenize(const std::vector<std::string>& words);

// "pt" of "pt-BR": a language tag (BCP 47) without all that follows, in lower case.
std::string primary_language(const std::string& language);

// The same for a language tag. Chinese, Japanese, Thai, Lao,
// Khmer and Burmese are written without blanks, but for words of other scripts ("USB").
std::string detokenize(const std::vector<std::string>& words, const std::string& language);

}  // namespace jetsoncaption
