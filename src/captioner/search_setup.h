// SPDX-License-Identifier: LGPL-2.1-or-later
// How sentences of a model are searched: with its tokens and its length penalty.
#pragma once

#include "bundle/config.h"
#include "search/search.h"
#include "text/vocabulary.h"

namespace jetsoncaption {

// Greedy, 20 words at most, until the caller asks for something else.
SearchOptions make_search_options(const ModelConfig& config);

// No word follows itself, nor itself and an "and"; no sentence ends with "a", "of", "on a red" or
// the like, or goes on with "a of" or "a red sitting". English; words of other languages are left
// alone.
void forbid_stammer(const Vocabulary& vocabulary, SearchOptions& options);

}  // namespace jetsoncaption
