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
  // No noun is among them: "orange" and "top" are things too.
  options.adjectives =
      ids({"red",   "white", "black",     "brown",  "green",    "blue",     "yellow", "gray",
           "grey",  "pink",  "purple",    "tan",    "beige",    "dark",     "bright", "wooden",
           "metal", "large", "small",     "little", "big",      "huge",     "tiny",   "young",
           "old",   "older", "elderly",   "tall",   "long",     "short",    "narrow", "wide",
           "round", "flat",  "blond",     "blonde", "snowy",    "sandy",    "grassy", "rocky",
           "muddy", "dirty", "busy",      "empty",  "colorful", "fluffy",   "furry",  "shaggy",
           "wet",   "dry",   "beautiful", "pretty", "new",      "shirtless"});
  const auto prepositions =
      ids({"in",   "on",    "near",  "over",   "under",   "behind",  "through", "beside",
           "next", "onto",  "along", "across", "around",  "against", "between", "down",
           "up",   "off",   "out",   "for",    "towards", "toward",  "like",    "inside",
           "that", "which", "who",   "while",  "as"});
  options.words_after_things = options.words_before_things = prepositions;
  const auto add = [](const std::vector<int>& words, std::vector<int>& to) {
    to.insert(to.end(), words.begin(), words.end());
  };
  add(ids({"sitting", "standing", "walking",   "running", "lying",   "laying",   "perched",
           "riding",  "playing",  "holding",   "jumping", "looking", "eating",   "wearing",
           "sits",    "stands",   "walks",     "runs",    "lies",    "rides",    "plays",
           "holds",   "jumps",    "looks",     "flying",  "hanging", "floating", "lit",
           "covered", "filled",   "surrounded"}),
      options.words_after_things);
  add(ids({"wearing", "holding", "carrying", "using", "has", "have", "wears", "holds", "top",
           "front"}),
      options.words_before_things);
  options.unfinished_words = ids({"a", "an", "the", "of", "with", "and", "or", "at", "to", "by",
                                  "from", "into", "its", "his", "their", "is", "are"});
}

}  // namespace jetsoncaption
