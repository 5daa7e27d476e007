// SPDX-License-Identifier: LGPL-2.1-or-later
// How likely it is that a caption names nothing that is not there.
#pragma once

#include "bundle/config.h"
#include "captioner/tag_evidence.h"
#include "search/search.h"

namespace jetsoncaption {

// What is known of a caption when it has been written; evidence.look_at() has seen its picture.
ConfidenceFacts gather_facts(const SearchResult& found, const TagEvidence& evidence);

// Logistic regression of the facts (ConfidenceConfig), 0 to 1. Not calibrated: the geometric mean
// of the words' probabilities. 0 without a word.
double confidence_of(const SearchResult& found, const ConfidenceFacts& facts,
                     const ConfidenceConfig& config);

}  // namespace jetsoncaption
