// SPDX-License-Identifier: LGPL-2.1-or-later
// How sentences of a model are searched: with its tokens and its length penalty.
#include "captioner/search_setup.h"

#include <initializer_list>
#include <vector>

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
  const auto ids = [&vocabulary](std::initializer_list<const char*> words) {
    std::vector<int> found;
    for (const char* word : words) {
      const int id = vocabulary.find(word);
      if (id >= 0)
        found.push_back(id);
    }
    return found;
  };
  options.may_stammer = false;
  options.joining_words = ids({"and", "or"});
  options.articles = ids({"a", "an", "the"});
  options.unfinished_words = ids({"a", "an", "the", "of", "with", "and", "or", "at", "to", "by",
                                  "from", "into", "its", "his", "their", "is", "are"});
}

}  // namespace jetsoncaption
