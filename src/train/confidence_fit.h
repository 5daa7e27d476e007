// SPDX-License-Identifier: LGPL-2.1-or-later
// Finds what the facts about a caption say of its truth.
#pragma once

#include <vector>

#include "bundle/confidence_facts.h"

namespace jetsoncaption {

// Logistic regression by Newton's method with a small penalty on the weights, so that facts which
// say the same share them. `facts` and `is_true` have the same length, and there are captions of
// both kinds. A weight that says that better facts make a caption less true is taken for chance and
// becomes 0. `counts` says how much each caption counts; empty: all as much. May throw what
// LibTorch throws.
ConfidenceConfig fit_confidence(const std::vector<ConfidenceFacts>& facts,
                                const std::vector<bool>& is_true,
                                const std::vector<double>& counts = {});

}  // namespace jetsoncaption
