// SPDX-License-Identifier: LGPL-2.1-or-later
// How sentences of a model are searched: with its tokens and its length penalty.
#include "model/search_setup.h"

namespace jetsoncaption {

SearchOptions make_search_options(const ModelConfig& config) {
  SearchOptions options;
  options.start_token = config.tokens.start;
  options.end_token = config.tokens.end;
  options.banned_tokens = {config.tokens.padding, config.tokens.start, config.tokens.unknown};
  options.length_penalty = config.length_penalty;
  return options;
}

void forbid_stammer(const Vocabulary& vocabulary, SearchOptions& options) {
  options.may_stammer = false;
  for (const char* word : {"and", "or"}) {
    const int id = vocabulary.find(word);
    if (id >= 0)
      options.joining_words.push_back(id);
  }
}

}  // namespace jetsoncaption
